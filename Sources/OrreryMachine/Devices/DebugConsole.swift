internal import OrreryBase

/// The debug console of emulators: a byte written to port 0xE9 is printed; a read gives 0xE9, which is how a guest finds it. It has no state.
struct DebugConsole: Device {
  static let port: UInt16 = 0xE9

  func read() -> UInt8 { UInt8(Self.port) }

  func write(_ value: UInt8, wires: inout Wires) { wires.record(.debugConsole, in: .output, UInt64(value)) }

  func checkpoint(into writer: inout ByteWriter) {}
  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {}
}
