public import OrreryBase

/// A named place of the kernel.
public struct Symbol: Hashable, Sendable {
  /// The linkage name, mangled as the compiler left it.
  public var name: String
  public var address: LinearAddress
  /// In bytes; 0 when the image does not say.
  public var size: UInt64
  /// Whether the symbol table calls it a function (`STT_FUNC`).
  public var isFunction: Bool

  public init(name: String, address: LinearAddress, size: UInt64, isFunction: Bool) {
    self.name = name
    self.address = address
    self.size = size
    self.isFunction = isFunction
  }
}
