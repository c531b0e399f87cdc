import Intrinsics
import KernelLogic
import Synchronization

/// Channel 0 of the 8254 interval timer, which raises line 0 at a steady rate
/// (Intel 8254 data sheet, "Control Word Format", "Mode 2: Rate Generator").
package enum Timer {
  package static let line: UInt8 = 0

  private static let inputFrequency: UInt32 = 1_193_182
  private static let channel0: UInt16 = 0x40
  private static let control: UInt16 = 0x43
  /// Channel 0, low byte then high byte, mode 2, binary.
  private static let rateGenerator: UInt8 = 0x34

  private static let tickCount = Atomic<UInt64>(0)

  /// The divisor has 16 bits, so the slowest rate is 19 Hz.
  package static func start(frequency: UInt32) {
    let divisor = UInt16(truncatingIfNeeded: (inputFrequency + frequency / 2) / frequency)
    out8(control, rateGenerator)
    out8(channel0, UInt8(truncatingIfNeeded: divisor))
    out8(channel0, UInt8(truncatingIfNeeded: divisor >> 8))
    InterruptController.unmask(line: line)
  }

  /// No ticks any more: what sleeps until then sleeps on.
  package static func stop() { InterruptController.mask(line: line) }

  /// Called in the interrupt handler, at each tick, when it is set.
  nonisolated(unsafe) package static var onTick: (@Sendable () -> Void)?

  static func handleInterrupt() {
    tickCount.add(1, ordering: .relaxed)
    Interrupts.signals.post(.timer)
    onTick?()
  }

  package static var ticks: UInt64 { tickCount.load(ordering: .relaxed) }

  /// Sleeps until `count` more ticks have come.
  package static func wait(ticks count: UInt64) {
    let end = ticks &+ count
    disableInterrupts()
    while ticks < end {
      enableInterruptsAndHalt()
      disableInterrupts()
    }
    enableInterrupts()
  }
}
