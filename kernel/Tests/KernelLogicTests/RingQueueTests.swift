import KernelLogic
import Testing

// A queue cannot be copied, so `#expect` is given comparisons, which take no copy of it.
struct RingQueueTests {
  @Test func bytesComeOutInTheOrderTheyWentIn() {
    let queue = RingQueue<3>()
    // More rounds than slots, so that every slot is used again.
    for round in 0..<10 as Range<UInt8> {
      #expect(queue.push(round) == true)
      #expect(queue.push(round + 100) == true)
      #expect(queue.pop() == round)
      #expect(queue.pop() == round + 100)
      #expect(queue.pop() == nil)
    }
  }

  @Test func aFullQueueRefusesTheNewest() {
    let queue = RingQueue<2>()
    #expect(queue.isEmpty == true)
    #expect(queue.push(1) == true)
    #expect(queue.push(2) == true)
    #expect(queue.push(3) == false)
    #expect(queue.pop() == 1)
    #expect(queue.push(4) == true)
    #expect(queue.pop() == 2)
    #expect(queue.pop() == 4)
    #expect(queue.isEmpty == true)
  }
}
