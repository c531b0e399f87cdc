/// A frequency, with the unit it was written in.
public struct Frequency: Hashable, Sendable {
  public enum Unit: String, CaseIterable, Hashable, Sendable {
    case hertz = "Hz"
    case kilohertz = "kHz"
    case megahertz = "MHz"
    case gigahertz = "GHz"

    /// The hertz in one unit.
    public var hertz: UInt64 {
      switch self {
      case .hertz: 1
      case .kilohertz: 1_000
      case .megahertz: 1_000_000
      case .gigahertz: 1_000_000_000
      }
    }
  }

  public var amount: Number
  public var unit: Unit

  public init(_ amount: Number, _ unit: Unit) {
    self.amount = amount
    self.unit = unit
  }

  public static func megahertz(_ amount: Number) -> Frequency { Frequency(amount, .megahertz) }
  public static func gigahertz(_ amount: Number) -> Frequency { Frequency(amount, .gigahertz) }
}
