/// A number of bytes, with the unit it was written in.
public struct ByteSize: Hashable, Sendable {
  public enum Unit: String, CaseIterable, Hashable, Sendable {
    case bytes
    case kibibytes = "KiB"
    case mebibytes = "MiB"
    case gibibytes = "GiB"

    /// The bytes in one unit.
    public var byteCount: UInt64 {
      switch self {
      case .bytes: 1
      case .kibibytes: 1 << 10
      case .mebibytes: 1 << 20
      case .gibibytes: 1 << 30
      }
    }
  }

  public var amount: Number
  public var unit: Unit

  public init(_ amount: Number, _ unit: Unit) {
    self.amount = amount
    self.unit = unit
  }

  public static func bytes(_ amount: Number) -> ByteSize { ByteSize(amount, .bytes) }
  public static func kibibytes(_ amount: Number) -> ByteSize { ByteSize(amount, .kibibytes) }
  public static func mebibytes(_ amount: Number) -> ByteSize { ByteSize(amount, .mebibytes) }
  public static func gibibytes(_ amount: Number) -> ByteSize { ByteSize(amount, .gibibytes) }
}
