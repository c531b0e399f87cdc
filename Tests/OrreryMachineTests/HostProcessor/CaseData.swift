import OrreryBase

/// The memory that a case begins with: a window of one large pool, with a few bytes of its own laid over the first ones.
struct CaseData {
  /// Of the bytes that a case may lay over the window's.
  static let ownSize = 256

  /// Where the window begins in the pool, below `poolSize`.
  var window = 0
  /// In bytes.
  var count: Int
  private var own: InlineArray<256, UInt8>
  private let ownCount: Int

  init(window: Int) {
    self.window = window
    count = HostProcessor.dataSize
    own = .init(repeating: 0)
    ownCount = 0
  }

  /// `ownSize` bytes that are all equal.
  init(repeating byte: UInt8) {
    count = Self.ownSize
    own = .init(repeating: byte)
    ownCount = Self.ownSize
  }

  /// Lays the low `size` bytes of `value` over what is at `place`.
  mutating func write(_ value: UInt64, size: Int, at place: Int) {
    for index in 0..<size { own[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  func copy(to target: UnsafeMutableRawPointer) {
    if ownCount < count {
      Self.pool.withUnsafeBytes { pool in
        target.copyMemory(from: pool.baseAddress! + window, byteCount: count)
      }
    }
    for index in 0..<ownCount { target.storeBytes(of: own[index], toByteOffset: index, as: UInt8.self) }
  }

  // MARK: The pool

  /// Windows begin below this.
  static let poolSize = 1 << 20

  /// Stretches of equal bytes, of numbers near the edges and of random numbers, mixed in various ratios: so comparisons and scans go on for a while, and
  /// every window has something of each.
  private static let pool: [UInt8] = {
    var random = SeededGenerator(seed: 0x0DA7A)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(poolSize + HostProcessor.dataSize + 4096)
    while bytes.count < poolSize + HostProcessor.dataSize {
      let filler = UInt8.random(in: 0...255, using: &random)
      // Of four words so many are numbers; none makes a long run.
      let numbers = UInt64.random(in: 0...4, using: &random)
      for _ in 0..<Int.random(in: 8...512, using: &random) {
        let value = random.next() & 3 < numbers ? random.edgeOrAny() : UInt64(filler) &* 0x0101_0101_0101_0101
        for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))) }
      }
    }
    return bytes
  }()
}

extension SeededGenerator {
  /// Numbers near the edges are as likely as a third of all.
  mutating func edgeOrAny() -> UInt64 {
    let any = next()
    guard any % 3 == 0 else { return next() }
    // 1, 7, 8, 16, 31, 32 or 64 bits, by a byte of how far to shift for each: all of them, the highest one, all below it, or a single one.
    let shift = (0x3921_0000_2030_383F as UInt64) >> ((any >> 8 & 7) * 8) & 0x3F
    let ones = UInt64.max >> shift
    switch any >> 16 & 3 {
    case 0: return ones
    case 1: return ones >> 1
    case 2: return ones ^ ones >> 1
    default: return any >> 24 & 1
    }
  }
}
