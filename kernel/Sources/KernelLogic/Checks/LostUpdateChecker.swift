/// Tells when an update is lost: when the main flow loads a word, an interrupt's handler changes it, and the main flow then stores what it made of
/// the old value.
///
/// Of each word that the main flow loaded lately it knows whether a handler has changed it since. What is loaded or stored with interrupts off has
/// nothing in between, and loading the word anew is seeing the change: neither is a mistake. It judges what did happen in a run, not what might.
package struct LostUpdateChecker {
  private struct Load {
    /// 8 bytes, aligned; 0 where nothing is known.
    var word: UInt64 = 0
    /// What was there when the last interrupt came.
    var value: UInt64 = 0
    /// The bits that handlers have changed since the load, and the vector of the last of them.
    var changed: UInt64 = 0
    var vector: UInt8 = 0
  }

  private static let capacity = 64
  private var loads = InlineArray<64, Load>(repeating: Load())

  /// An instruction makes two accesses at most.
  private static let pendingCapacity = 2
  private var pending = InlineArray<2, MemoryAccess>(repeating: MemoryAccess(.load, at: 0, byteCount: 0))
  private var pendingCount = 0
  private var isPendingInterruptible = false

  package init() {}

  private static func slot(of word: UInt64) -> Int { Int((word >> 3 ^ word >> 9) & UInt64(capacity - 1)) }

  /// The main flow is about to make an access. An interrupt may still come before it.
  package mutating func prepare(_ access: MemoryAccess, isInterruptible: Bool) {
    if pendingCount < Self.pendingCapacity {
      pending[pendingCount] = access
      pendingCount += 1
    }
    isPendingInterruptible = isInterruptible
  }

  /// The instruction has run whose accesses were prepared. Returns the vector of the handler whose update it has overwritten.
  package mutating func complete() -> UInt8? {
    var vector: UInt8?
    for index in 0..<pendingCount { vector = vector ?? lostUpdate(by: pending[index]) }
    pendingCount = 0
    return vector
  }

  private mutating func lostUpdate(by access: MemoryAccess) -> UInt8? {
    let word = access.address & ~7
    let slot = Self.slot(of: word)
    if isPendingInterruptible && access.kind == .load {
      loads[slot] = Load(word: word)
      return nil
    }
    guard loads[slot].word == word else { return nil }
    let load = loads[slot]
    loads[slot] = Load()
    // One instruction that loads and stores is not interrupted between the two.
    guard isPendingInterruptible, access.kind == .store else { return nil }
    let bits = access.byteCount >= 8 ? ~0 : (1 << (access.byteCount * 8) - 1) as UInt64
    return load.changed & bits << ((access.address & 7) * 8) != 0 ? load.vector : nil
  }

  /// An interrupt has come; `read` gives the word at an address that was loaded before.
  package mutating func interruptBegins(_ read: (UInt64) -> UInt64) {
    for slot in 0..<Self.capacity where loads[slot].word != 0 { loads[slot].value = read(loads[slot].word) }
  }

  /// Its handler is done.
  package mutating func interruptEnds(vector: UInt8, _ read: (UInt64) -> UInt64) {
    for slot in 0..<Self.capacity where loads[slot].word != 0 {
      let changed = read(loads[slot].word) ^ loads[slot].value
      if changed == 0 { continue }
      // The whole of each byte that is not what it was.
      for byte in 0..<8 as Range<UInt64> where changed >> (byte * 8) & 0xff != 0 {
        loads[slot].changed |= 0xff << (byte * 8)
      }
      loads[slot].vector = vector
    }
  }
}
