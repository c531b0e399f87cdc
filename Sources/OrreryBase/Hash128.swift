import CXXHash

/// A 128-bit XXH3 hash.
@frozen
public struct Hash128: Hashable, Sendable {
  public var high: UInt64
  public var low: UInt64

  public static let zero = Hash128(high: 0, low: 0)

  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The hash of `bytes` with seed 0.
  public init(of bytes: UnsafeRawBufferPointer) {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    self.init(high: hash.high64, low: hash.low64)
  }

  /// The hash of `bytes` with seed 0.
  public init(of bytes: [UInt8]) {
    self = bytes.withUnsafeBytes { Hash128(of: $0) }
  }
}

extension Hash128: CustomStringConvertible {
  /// 32 hexadecimal digits, the most significant first, as `xxhsum -H128` prints it.
  public var description: String {
    String(hexadecimal(high, digits: 16).dropFirst(2) + hexadecimal(low, digits: 16).dropFirst(2))
  }
}

/// An XXH3-128 computation over bytes that arrive in pieces.
public struct StreamingHash128: ~Copyable {
  private let state: OpaquePointer

  public init() {
    guard let state = XXH3_createState() else { fatalError("out of memory for a hash state") }
    self.state = state
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  public mutating func update(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { update($0) }
  }

  public mutating func update(_ hash: Hash128) {
    update(hash.high)
    update(hash.low)
  }

  /// The hash of all bytes given so far.
  public func finalize() -> Hash128 {
    let hash = XXH3_128bits_digest(state)
    return Hash128(high: hash.high64, low: hash.low64)
  }
}
