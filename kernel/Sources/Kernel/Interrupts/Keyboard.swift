import Intrinsics
import KernelLogic

/// The keyboard behind the 8042 controller (IBM PS/2 technical reference, "Keyboard and Auxiliary Device Controller"):
/// the interrupt handler queues scan codes, the shell decodes them.
package enum Keyboard {
  static let line: UInt8 = 1
  private static let data: UInt16 = 0x60
  private static let status: UInt16 = 0x64
  private static let outputBufferFull: UInt8 = 0x01

  private static let queue = RingQueue<128>()

  static func start() {
    // Reading a queue makes it, now, rather than in the interrupt handler.
    guard queue.isEmpty else { return }
    // A code that was there before the line was let through will not raise it again.
    while read() != nil {}
    InterruptController.unmask(line: line)
  }

  static func handleInterrupt() {
    // When 128 codes wait, the newest is lost, as in the controller's own queue.
    while let code = read() { _ = queue.push(code) }
    Interrupts.signals.post(.keyboard)
  }

  private static func read() -> UInt8? {
    in8(status) & outputBufferFull == 0 ? nil : in8(data)
  }

  package static var hasScanCode: Bool { !queue.isEmpty }
  package static func nextScanCode() -> UInt8? { queue.pop() }

  /// Sleeps until there is one.
  package static func waitForScanCode() -> UInt8 {
    while true {
      if let code = queue.pop() { return code }
      // A code that arrives between the look and the sleep ends the sleep: interrupts are off until `hlt`.
      disableInterrupts()
      if queue.isEmpty { enableInterruptsAndHalt() } else { enableInterrupts() }
    }
  }
}
