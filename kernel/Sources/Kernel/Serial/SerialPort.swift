import Intrinsics

/// The first serial port, a 16550 UART at 0x3f8 (National Semiconductor PC16550D, table "Summary of Registers").
package enum SerialPort {
  private static let base: UInt16 = 0x3f8
  private static let data = base
  private static let interruptEnable = base + 1
  private static let fifoControl = base + 2
  private static let lineControl = base + 3
  private static let modemControl = base + 4
  private static let lineStatus = base + 5

  private static let divisorLatchAccess: UInt8 = 0x80
  private static let eightBitsNoParity: UInt8 = 0x03
  private static let fifoEnableAndReset: UInt8 = 0x07
  /// DTR, RTS and OUT2; OUT2 connects the interrupt line on a PC.
  private static let modemReady: UInt8 = 0x0b
  private static let dataReady: UInt8 = 0x01
  private static let transmitterHoldingEmpty: UInt8 = 0x20

  package static func start() {
    out8(interruptEnable, 0)
    out8(lineControl, divisorLatchAccess)
    out8(data, 1)  // divisor 1: 115,200 baud
    out8(interruptEnable, 0)
    out8(lineControl, eightBitsNoParity)
    out8(fifoControl, fifoEnableAndReset)
    out8(modemControl, modemReady)
  }

  /// From now on each byte received raises IRQ 4.
  static func enableReceiveInterrupt() { out8(interruptEnable, 0x01) }

  package static func write(_ byte: UInt8) {
    while in8(lineStatus) & transmitterHoldingEmpty == 0 {}
    out8(data, byte)
  }

  static func read() -> UInt8? {
    in8(lineStatus) & dataReady == 0 ? nil : in8(data)
  }
}
