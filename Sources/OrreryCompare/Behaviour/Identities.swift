/// Names for things whose address means nothing: numbers in the order of first appearance.
struct Identities {
  /// The numbers by address. It is only looked up, never gone through.
  private var numbers: [UInt64: UInt64] = [:]
  private(set) var count: UInt64 = 0
  let prefix: String

  init(prefix: String) { self.prefix = prefix }

  /// The number of the thing at `address`, a new one if there is none.
  mutating func number(_ address: UInt64) -> UInt64 {
    if let known = numbers[address] { return known }
    count += 1
    numbers[address] = count
    return count
  }

  func line(_ number: UInt64) -> BehaviourLine {
    BehaviourLine(text: "#\(prefix)\(number)", relative: "#\(prefix)-\(count - number)")
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

  /// Names the block of `size` bytes that was just handed out at `address`.
  mutating func allocate(_ address: UInt64, size: UInt64, in context: BehaviourContext) -> BehaviourLine {
    let number = counts[context, default: 0] + 1
    counts[context] = number
    let block = Block(context: context, number: number, size: size)
    blocks[address] = block
    return line(block)
  }

  /// The name and size of the block at `address`, which is taken back.
  mutating func free(_ address: UInt64) -> (name: BehaviourLine, size: UInt64?) {
    guard let block = blocks[address] else { return (BehaviourLine("an address that is no block"), nil) }
    blocks[address]?.isLive = false
    return (block.isLive ? line(block) : line(block) + " again", block.size)
  }

  /// The name of the block at `address`, which stays as it is.
  func name(_ address: UInt64) -> BehaviourLine {
    blocks[address].map(line) ?? BehaviourLine("an address that is no block")
  }

  private func line(_ block: Block) -> BehaviourLine {
    let since = counts[block.context, default: 0] - block.number
    return BehaviourLine(
      text: "#\(block.context.prefix)\(block.number)", relative: "#\(block.context.prefix)-\(since)")
  }
}
