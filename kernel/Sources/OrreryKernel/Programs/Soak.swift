import Intrinsics
import Kernel
import KernelLogic
import _Concurrency

/// Does checksummed work again and again while interrupts come. Each round must give what the work gave while none could: whatever an
/// interrupt changes in the midst of it (a register, a flag, a word of memory or stack) shows.
///
/// Every line that has a handler is let through, so a scenario may raise 0, 1, 4 and 8, and what is spurious on either controller.
@Sendable func soak() {
  // Once, unheard: what is made at its first use is then there.
  _ = checksum()
  let expected = withoutInterrupts { checksum() }
  RealTimeClock.start()
  println("working")
  for _ in 0..<roundCount { expect(checksum() == expected) }
  RealTimeClock.stop()
  expect(!InterruptController.isServing)
  println("worked, the same each time")
}

private let roundCount = 60

/// A sum into which everything goes, in order (FNV-1a, 64 bits, by words).
private struct Checksum {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
  mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01b3 }
}

private func checksum() -> UInt64 {
  var sum = Checksum()
  sum.add(integers())
  sum.add(vectors())
  sum.add(strings())
  sum.add(objects())
  sum.add(copies())
  sum.add(tasks())
  return sum.value
}

/// Multiplication, division and shifts, each of which leaves flags for what comes next.
private func integers() -> UInt64 {
  var sum = Checksum()
  var number: UInt64 = 0x9e37_79b9_7f4a_7c15
  for round in 1...300 as ClosedRange<UInt64> {
    number = number &* 0x5851_f42d_4c95_7f2d &+ round
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: number >> 40 | 1)
    sum.add(quotient ^ remainder << (round & 31))
  }
  return sum.value
}

private func vectors() -> UInt64 {
  var block = (0..<32).map { UInt64($0) &* 0x0101_0101_0101_0101 }
  block.withUnsafeMutableBytes { mixInVectorRegisters($0.baseAddress!, 40) }
  var sum = Checksum()
  sum.add(keepsRedZone(200) ? 1 : 0)
  for word in block { sum.add(word) }
  return sum.value
}

private func strings() -> UInt64 {
  var text = ""
  for number in 0..<40 { text += number % 3 == 0 ? "ö" : "a piece of text, " }
  var sum = Checksum()
  for byte in text.utf8 { sum.add(UInt64(byte)) }
  return sum.value
}

private final class Node {
  let value: UInt64
  var next: Node?
  init(_ value: UInt64, _ next: Node?) {
    self.value = value
    self.next = next
  }
}

/// Objects of the heap that are made, linked, reversed and freed; and blocks of many sizes and alignments.
private func objects() -> UInt64 {
  var list: Node?
  for value in 0..<40 as Range<UInt64> { list = Node(value &* value, list) }
  var reversed: Node?
  while let node = list {
    list = node.next
    node.next = reversed
    reversed = node
  }
  var sum = Checksum()
  while let node = reversed {
    sum.add(node.value)
    reversed = node.next
  }
  var blocks: [UnsafeMutableRawPointer?] = []
  for size in 1...24 {
    let block = kmalloc(size * 7, 1 << (size % 8))
    sum.add(UInt64(UInt(bitPattern: block) & (1 << (size % 8) - 1)))
    blocks.append(block)
    if size % 3 == 0 { kfree(blocks.remove(at: blocks.count / 2)) }
  }
  for block in blocks { kfree(block) }
  return sum.value
}

/// Copies that an interrupt can come into the middle of: forwards, and backwards over themselves.
private func copies() -> UInt64 {
  var source = (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  var target = [UInt8](repeating: 0, count: 512)
  target.withUnsafeMutableBytes { target in
    source.withUnsafeBytes { repeatMove(target.baseAddress!, $0.baseAddress!, 509) }
  }
  source.withUnsafeMutableBytes { bytes in
    repeatMoveBackwards(bytes.baseAddress! + 5, bytes.baseAddress!, 300)
  }
  var sum = Checksum()
  for index in 0..<512 { sum.add(UInt64(source[index]) << 8 | UInt64(target[index])) }
  return sum.value
}

/// Tasks of Swift's, whose library keeps what it is doing in vector registers.
private func tasks() -> UInt64 {
  runTask {
    var sum = Checksum()
    let workers = (1...4).map { number in
      spawn {
        var sum = Checksum()
        for round in 0..<3 as Range<UInt64> {
          sum.add(round &* UInt64(number))
          await Task.yield()
        }
        return sum.value
      }
    }
    for worker in workers { sum.add(await worker.value) }
    return sum.value
  }
}
