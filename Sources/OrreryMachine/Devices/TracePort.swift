internal import OrreryBase

/// The port through which a guest talks to the trace, 0xEA: bytes of text, each line a mark. A read gives 0xFF, as nothing answers; other
/// machines have nothing there either, so the same guest runs on them and says nothing. It has no state.
struct TracePort: Device {
  static let port: UInt16 = 0xEA

  func read() -> UInt8 { 0xFF }

  func write(_ value: UInt8, wires: inout Wires) {
    wires.record(.mark, in: .marks, UInt64(value))
    wires.pauses.insert(.mark)
  }

  func checkpoint(into writer: inout ByteWriter) {}
  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {}
}
