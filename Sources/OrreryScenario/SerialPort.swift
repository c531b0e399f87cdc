/// A serial port of the machine, by its PC name.
public enum SerialPort: UInt8, CaseIterable, Hashable, Sendable {
  case com1, com2, com3, com4

  /// The name in a scenario, `COM1` to `COM4`.
  public var name: String { "COM\(rawValue + 1)" }
}
