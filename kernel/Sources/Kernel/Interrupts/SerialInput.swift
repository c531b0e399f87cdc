import KernelLogic

/// Bytes received on the first serial port: line 4 (National Semiconductor PC16550D, "Interrupt Enable Register").
package enum SerialInput {
  static let line: UInt8 = 4

  private static let queue = RingQueue<128>()

  static func start() {
    guard queue.isEmpty else { return }
    SerialPort.enableReceiveInterrupt()
    InterruptController.unmask(line: line)
  }

  static func handleInterrupt() {
    while let byte = SerialPort.read() { _ = queue.push(byte) }
  }

  package static var hasByte: Bool { !queue.isEmpty }
  package static func nextByte() -> UInt8? { queue.pop() }
}
