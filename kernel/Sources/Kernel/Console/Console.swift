import KernelLogic

/// Where the kernel says things: the screen and the first serial port, both at once, behind one lock.
package enum Console {
  nonisolated(unsafe) private static var lock = InterruptLock()
  nonisolated(unsafe) private static var writer = ScreenWriter(TextModeMemory())

  package static func start() {
    SerialPort.start()
    InterruptLock.withLock(&lock) { writer.clear() }
  }

  package static func write(_ text: ConsoleText) {
    InterruptLock.withLock(&lock) {
      text.forEachByte { writeToBoth($0) }
      writer.showCursor()
    }
  }

  package static func write(_ byte: UInt8) {
    InterruptLock.withLock(&lock) {
      writeToBoth(byte)
      writer.showCursor()
    }
  }

  /// Takes back the last character typed.
  package static func eraseLast() {
    InterruptLock.withLock(&lock) {
      SerialPort.write(0x08)
      SerialPort.write(UInt8(ascii: " "))
      SerialPort.write(0x08)
      writer.write(0x08)
      writer.showCursor()
    }
  }

  package static func clearScreen() { InterruptLock.withLock(&lock) { writer.clear() } }

  package static func setColor(foreground: Color, background: Color) {
    InterruptLock.withLock(&lock) { writer.color = ColorCode(foreground: foreground, background: background) }
  }

  /// For a handler that no lock can hold off. False when it came in the middle of other output, and said nothing.
  static func writeUnlessBusy(_ text: ConsoleText) -> Bool {
    if lock.isHeld { return false }
    write(text)
    return true
  }

  /// For `panic` only: what held the lock will not run again.
  static func breakLock() { lock.breakOpen() }

  private static func writeToBoth(_ byte: UInt8) {
    if byte == UInt8(ascii: "\n") { SerialPort.write(UInt8(ascii: "\r")) }
    SerialPort.write(byte)
    writer.write(byte)
  }
}

package func print(_ text: ConsoleText) { Console.write(text) }

package func println(_ text: ConsoleText = "") { Console.write("\(text)\n") }
