/// A run of decoded instructions that are entered only at the first, at most `Block.maximumInstructions`; its operations follow it in memory, and
/// `BlockDescription`, which execution does not need, comes before it.
///
/// Blocks live in the cache's arena and are freed only all at once, so a pointer to an invalidated block stays good until then: its
/// first operation finds the code anew.
///
/// A block begins on a cache line, and its first operation ends with that line: entering one costs a single miss.
///
/// It goes on after one direct jump, so its code may lie in two places: what comes after the jump is its second part.
struct Block {
  static let maximumInstructions = 64
  /// One instruction may need this many operations at most.
  static let maximumOperationsPerInstruction = 8
  static let alignment = 64

  /// How many instructions it has; 0 once invalidated.
  var count: UInt16
  /// Whether all arithmetic flags are overwritten before anything in it could look at them or stop.
  var killsFlags: Bool
  /// What the code depends on beside its bytes and address; see `BlockMode`.
  var mode: UInt8
  /// From the first instruction to what follows the last, in bytes.
  var distance: Int32
  /// The block that a branch at the end leads to when not taken, and when taken: nil until it was gone through once.
  var notTaken: UnsafeMutablePointer<Block>?
  var taken: UnsafeMutablePointer<Block>?
  /// The offset in CS of the first instruction.
  var rip: UInt64
  /// What the jump cache knows it by: `BlockMode.tag` of its address and mode, or `deadTag` once invalidated.
  var tag: UInt64

  /// No address has this tag: it is not canonical in any mode.
  static let deadTag: UInt64 = 0x00FF_0000_0000_0000

  /// The offset in CS of the instruction after the last, in 64-bit mode.
  @inline(__always)
  var nextRIP: UInt64 { rip &+ UInt64(bitPattern: Int64(distance)) }
}

/// What the cache must know of a block.
struct BlockDescription {
  var linear: UInt64
  /// CS base and limit; in 64-bit mode 0 and 0.
  var codeSegmentBase: UInt64
  var codeSegmentLimit: UInt32
  /// Number of the physical page of the first byte, and of the last if it is another.
  var frame: UInt64
  var secondFrame: UInt64
  /// The offset in CS of the second part; nil when there is none.
  var secondRIP: UInt64?
  /// The 64-byte granules of each page the code touches, one bit each.
  var granules: UInt64
  var secondGranules: UInt64
  var nextInBucket: UnsafeMutablePointer<Block>?
  var nextInFrame: UnsafeMutablePointer<Block>?
  var nextInSecondFrame: UnsafeMutablePointer<Block>?
}

extension UnsafeMutablePointer<Block> {
  /// The first operation, where execution starts.
  @inline(__always)
  var operations: UnsafeMutablePointer<Operation> {
    (UnsafeMutableRawPointer(self) + MemoryLayout<Block>.stride).assumingMemoryBound(to: Operation.self)
  }

  var description: UnsafeMutablePointer<BlockDescription> {
    (UnsafeMutableRawPointer(self) - MemoryLayout<BlockDescription>.stride)
      .assumingMemoryBound(to: BlockDescription.self)
  }

  /// The offset in CS of the instruction of `operation`.
  @inline(__always)
  func rip(of operation: UnsafeMutablePointer<Operation>) -> UInt64 {
    let offset = operation.pointee.offset
    guard offset >= Operation.secondPart, let second = description.pointee.secondRIP else {
      return pointee.rip &+ UInt64(offset)
    }
    return second &+ UInt64(offset &- Operation.secondPart)
  }

  /// The block that the branch at the end leads to, chosen without a branch of the host: guest branches are hard enough to predict once.
  @inline(__always)
  func link(taken: Bool) -> UnsafeMutablePointer<Block>? { linkSlot(taken: taken).pointee }

  @inline(__always)
  func linkSlot(taken: Bool) -> UnsafeMutablePointer<UnsafeMutablePointer<Block>?> {
    guard let offset = MemoryLayout<Block>.offset(of: \.notTaken) else {
      preconditionFailure("a stored property has an offset")
    }
    return (UnsafeMutableRawPointer(self) + offset).assumingMemoryBound(to: UnsafeMutablePointer<Block>?.self)
      + (taken ? 1 : 0)
  }
}
