import OrreryBase
import OrreryTrace

/// Names for things whose address means nothing: numbers in the order of first appearance.
struct Identities {
  /// The numbers by address. It is only looked up, never gone through.
  private var numbers: [UInt64: UInt64] = [:]
  private(set) var count: UInt64 = 0
  /// The number named last.
  private var last: UInt64 = 0
  let prefix: String

  init(prefix: String) { self.prefix = prefix }

  /// The number of the thing at `address`, a new one if there is none.
  mutating func number(_ address: UInt64) -> UInt64 {
    if let known = numbers[address] { return known }
    count += 1
    numbers[address] = count
    return count
  }

  mutating func line(_ number: UInt64) -> BehaviourLine {
    defer { last = number }
    return line(number, after: last)
  }

  /// The same for a section of its own, in which `last` was named before.
  func line(_ number: UInt64, after last: UInt64) -> BehaviourLine {
    BehaviourLine(prefix: prefix, number: number, count: count, last: last)
  }
}

/// The blocks of the heap, each named by the context that allocated it and its number there.
struct BlockIdentities {
  private struct Block {
    var context: BehaviourContext
    var number: UInt64
    var size: UInt64
    var isLive = true
  }

  /// The last block at each address. It is only looked up, never gone through.
  private var blocks: [UInt64: Block] = [:]
  private var counts: [BehaviourContext: UInt64] = [:]
  /// The number named last, by the context that allocated.
  private var last: [BehaviourContext: UInt64] = [:]
  private var liveCount: UInt64 = 0
  private var liveSize: UInt64 = 0

  /// What was never taken back, in words; nil when no block was ever handed out.
  var left: String? {
    if counts.isEmpty { return nil }
    if liveCount == 0 { return "every block was freed" }
    let blocks = liveCount == 1 ? "1 block" : "\(Words.number(liveCount)) blocks"
    return "\(blocks) of \(Words.size(liveSize)) never freed"
  }

  /// Names the block of `size` bytes that was just handed out at `address`.
  mutating func allocate(_ address: UInt64, size: UInt64, in context: BehaviourContext) -> BehaviourLine {
    let number = counts[context, default: 0] + 1
    counts[context] = number
    let block = Block(context: context, number: number, size: size)
    forget(address)
    blocks[address] = block
    liveCount += 1
    liveSize = liveSize.addingSaturating(size)
    return line(block)
  }

  /// The name and size of the block at `address`, which is taken back.
  mutating func free(_ address: UInt64) -> (name: BehaviourLine, size: UInt64?) {
    guard let block = blocks[address] else { return (BehaviourLine("an address that is no block"), nil) }
    forget(address)
    return (block.isLive ? line(block) : line(block) + " again", block.size)
  }

  /// The block at `address`, if there is one, is there no longer.
  private mutating func forget(_ address: UInt64) {
    guard let block = blocks[address], block.isLive else { return }
    blocks[address]?.isLive = false
    liveCount -= 1
    liveSize -= min(liveSize, block.size)
  }

  /// The name of the block at `address`, which stays as it is.
  mutating func name(_ address: UInt64) -> BehaviourLine {
    guard let block = blocks[address] else { return BehaviourLine("an address that is no block") }
    return line(block)
  }

  private mutating func line(_ block: Block) -> BehaviourLine {
    let before = last[block.context] ?? 0
    last[block.context] = block.number
    return BehaviourLine(
      prefix: block.context.prefix, number: block.number, count: counts[block.context] ?? block.number, last: before)
  }
}
