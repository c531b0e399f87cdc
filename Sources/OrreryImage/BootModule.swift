/// A file that a boot loader puts into memory beside the kernel, such as a first file system, with a text that says what it is.
public struct BootModule: Hashable, Sendable {
  public var bytes: [UInt8]
  /// Without its terminating zero; it contains none.
  public var string: [UInt8]

  /// The most modules of one run, and the longest string of one, in bytes.
  public static let countLimit = 64
  public static let stringLimit = 4095

  public init(bytes: [UInt8], string: [UInt8]) {
    self.bytes = bytes
    self.string = string
  }
}
