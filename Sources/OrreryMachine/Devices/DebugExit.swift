internal import OrreryBase

/// The exit device of emulators (isa-debug-exit) at port 0xF4: a value written, of 1, 2 or 4 bytes, ends the run with it. Reads give 0. It has no state.
struct DebugExit: Device {
  static let port: UInt16 = 0xF4

  func read() -> UInt32 { 0 }

  func write(_ value: UInt32, wires: inout Wires) {
    wires.record(.debugExit, in: .output, UInt64(value))
    wires.stop(.debugExit(value))
  }

  func checkpoint(into writer: inout ByteWriter) {}
  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {}
}
