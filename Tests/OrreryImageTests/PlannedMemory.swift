import OrreryBase
import OrreryImage

/// Memory as a boot plan leaves it, for what lies below a few megabytes; bytes that the plan does not name are 0xCC.
struct PlannedMemory {
  private(set) var bytes: [UInt8]

  init(_ plan: BootPlan, size: Int = 2 << 20) {
    bytes = [UInt8](repeating: 0xCC, count: size)
    for range in plan.zeroed {
      let start = Int(range.address.rawValue)
      for address in start..<start + Int(range.size) { bytes[address] = 0 }
    }
    for write in plan.writes {
      let start = Int(write.address.rawValue)
      bytes.replaceSubrange(start..<start + write.bytes.count, with: write.bytes)
    }
  }

  subscript(range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

  func byte(_ address: UInt32) -> UInt8 { bytes[Int(address)] }
  func word(_ address: UInt32) -> UInt32 { value(address) }
  func long(_ address: UInt32) -> UInt64 { value(address) }

  /// The bytes up to the zero.
  func text(_ address: UInt32) -> String {
    String(decoding: bytes[Int(address)...].prefix { $0 != 0 }, as: UTF8.self)
  }

  private func value<Value: FixedWidthInteger>(_ address: UInt32) -> Value {
    var value: Value = 0
    for index in 0..<MemoryLayout<Value>.size { value |= Value(bytes[Int(address) + index]) << Value(8 * index) }
    return value
  }
}
