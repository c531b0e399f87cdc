/// A linked list in shuffled order, a hash table, recursion, and calls through pointers.
func pointerRounds(_ count: UInt64, _ buffer: UnsafeMutableRawPointer) -> UInt64 {
  let nodes = buffer.bindMemory(to: Node.self, capacity: nodeCount)
  linkNodes(nodes)
  let slots = (buffer + 0x8_0000).bindMemory(to: UInt64.self, capacity: slotCount)
  var sum: UInt64 = 0
  for round in 0..<count {
    sum = sum &+ walk(nodes)
    sum = sum &+ fillTable(slots, round)
    sum = sum &+ fibonacci(14)
    sum = sum &+ callThroughPointers(sum)
  }
  return sum
}

private let nodeCount = 2048
private let slotCount = 4096

private struct Node {
  var next: UnsafeMutablePointer<Node>?
  var value: UInt64
  var padding: (UInt64, UInt64)
}

@inline(never)
private func linkNodes(_ nodes: UnsafeMutablePointer<Node>) {
  // 1,237 and 2,048 have no common divisor: stepping by it visits each node once.
  var index = 0
  for step in 0..<nodeCount {
    let following = (index + 1237) % nodeCount
    let next: UnsafeMutablePointer<Node>? = step == nodeCount - 1 ? nil : nodes + following
    (nodes + index).initialize(to: Node(next: next, value: UInt64(step), padding: (0, 0)))
    index = following
  }
}

@inline(never)
private func walk(_ first: UnsafeMutablePointer<Node>) -> UInt64 {
  var sum: UInt64 = 0
  var node: UnsafeMutablePointer<Node>? = first
  while let current = node {
    current.pointee.value = current.pointee.value &* 3 &+ 1
    sum = sum &+ current.pointee.value
    node = current.pointee.next
  }
  return sum
}

/// Open addressing: half full when done, then each key is looked up.
@inline(never)
private func fillTable(_ slots: UnsafeMutablePointer<UInt64>, _ round: UInt64) -> UInt64 {
  for index in 0..<slotCount { slots[index] = 0 }
  for index in 1...UInt64(slotCount / 2) { slots[find(slots, index &* 7 &+ round)] = index &* 7 &+ round }
  var sum: UInt64 = 0
  for index in 1...UInt64(slotCount / 2) { sum = sum &+ UInt64(find(slots, index &* 7 &+ round)) }
  return sum
}

@inline(never)
private func find(_ slots: UnsafeMutablePointer<UInt64>, _ key: UInt64) -> Int {
  var slot = Int((key &* 0x9e37_79b9_7f4a_7c15) >> 52)
  while slots[slot] != 0, slots[slot] != key { slot = (slot &+ 1) & (slotCount &- 1) }
  return slot
}

@inline(never)
private func fibonacci(_ number: UInt64) -> UInt64 {
  number < 2 ? number : fibonacci(number &- 1) &+ fibonacci(number &- 2)
}

@inline(never)
private func callThroughPointers(_ seed: UInt64) -> UInt64 {
  var value = seed
  for index in 0..<2000 as Range<UInt64> {
    let operation: @convention(c) (UInt64) -> UInt64 =
      switch (value ^ index) & 3 {
      case 0: { $0 &+ 0x1234_5678_9abc_def1 }
      case 1: { $0 &* 0x5851_f42d_4c95_7f2d }
      case 2: { $0 ^ $0 >> 29 }
      default: { $0 << 7 | $0 >> 57 }
      }
    value = operation(value)
  }
  return value
}
