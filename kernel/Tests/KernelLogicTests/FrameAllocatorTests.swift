import KernelLogic
import Testing

struct FrameAllocatorTests {
  /// An allocator of 128 frames of which 3 ..< 100 are free, and its storage.
  private func withAllocator(_ body: (inout FrameAllocator) -> Void) {
    let storage = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: FrameAllocator.wordCount(frameCount: 128))
    defer { storage.deallocate() }
    var allocator = FrameAllocator(storage: storage)
    allocator.release(3..<100)
    body(&allocator)
  }

  @Test func framesComeLowestFirstUntilNoneIsLeft() {
    withAllocator { allocator in
      var numbers: [UInt64] = []
      while let frame = allocator.allocate() { numbers.append(frame.number) }
      #expect(numbers == Array(3..<100))
    }
  }

  @Test func aFrameGivenBackComesAgain() {
    withAllocator { allocator in
      while allocator.allocate() != nil {}
      #expect(allocator.deallocate(Frame(number: 42)) == true)
      #expect(allocator.allocate() == Frame(number: 42))
      #expect(allocator.allocate() == nil)
    }
  }

  @Test func givingBackTwiceIsNoticed() {
    withAllocator { allocator in
      let frame = allocator.allocate()!
      #expect(allocator.deallocate(frame) == true)
      #expect(allocator.deallocate(frame) == false)
      #expect(allocator.deallocate(Frame(number: 128)) == false)
      #expect(allocator.deallocate(Frame(number: UInt64.max / 4096)) == false)
    }
  }

  @Test func reservedFramesAreNotHandedOut() {
    withAllocator { allocator in
      allocator.reserve(3..<70)
      #expect(allocator.allocate() == Frame(number: 70))
    }
  }
}
