/// A key of the PC keyboard, by its position: the set-1 make code, with 0xE0 in the high byte for an extended key.
///
/// The keyboard model turns it into the bytes of whichever scan-code set the guest selected.
@frozen
public struct Key: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt16

  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Whether the key's codes carry the prefix 0xE0.
  @inlinable
  public var isExtended: Bool { rawValue >> 8 == 0xE0 }

  /// The set-1 make code without prefix.
  @inlinable
  public var makeCode: UInt8 { UInt8(truncatingIfNeeded: rawValue) & 0x7F }
}
