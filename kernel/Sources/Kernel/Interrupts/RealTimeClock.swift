import Intrinsics
import Synchronization

/// The periodic interrupt of the real-time clock, on line 8, the first of the second controller
/// (Motorola MC146818 data sheet, "Periodic Interrupt Selection", "Register B", "Register C").
package enum RealTimeClock {
  static let line: UInt8 = 8
  private static let index: UInt16 = 0x70
  private static let data: UInt16 = 0x71

  private static let registerB: UInt8 = 0x0b
  private static let registerC: UInt8 = 0x0c
  private static let periodicInterruptEnable: UInt8 = 0x40

  private static let tickCount = Atomic<UInt64>(0)

  package static var ticks: UInt64 { tickCount.load(ordering: .relaxed) }

  /// 1,024 ticks a second, as firmware leaves the rate.
  package static func start() {
    withoutInterrupts {
      write(registerB, read(registerB) | periodicInterruptEnable)
      InterruptController.unmask(line: line)
      // A flag that was set before keeps the line up, and an edge is what the controller waits for.
      _ = read(registerC)
    }
  }

  package static func stop() {
    withoutInterrupts {
      write(registerB, read(registerB) & ~periodicInterruptEnable)
      InterruptController.mask(line: line)
    }
  }

  static func handleInterrupt() {
    // Reading register C clears the flags, and so lets the line down.
    _ = read(registerC)
    tickCount.add(1, ordering: .relaxed)
  }

  private static func read(_ register: UInt8) -> UInt8 {
    out8(index, register)
    return in8(data)
  }

  private static func write(_ register: UInt8, _ value: UInt8) {
    out8(index, register)
    out8(data, value)
  }
}
