/// Hands out the free frames of the memory map, lowest first, and takes them back. One bit per frame: 1 is free
/// (Wilson and others, "Dynamic Storage Allocation: A Survey and Critical Review", 1995, "Bitmapped Fits").
///
/// `allocate` costs one step per 64 frames between the lowest frame that may be free and the one found.
package struct FrameAllocator: FrameSource {
  private var words: UnsafeMutableBufferPointer<UInt64>
  /// No word below this one has a free frame.
  private var firstCandidate = 0

  /// The words of storage that `init` needs for frames 0 ..< frameCount.
  package static func wordCount(frameCount: UInt64) -> Int { Int((frameCount + 63) / 64) }

  /// All frames start as taken; `release` those that exist and are free.
  package init(storage: UnsafeMutableBufferPointer<UInt64>) {
    words = storage
    words.initialize(repeating: 0)
  }

  /// From now on the same storage is seen at another address.
  package mutating func moveStorage(to start: UnsafeMutablePointer<UInt64>) {
    words = UnsafeMutableBufferPointer(start: start, count: words.count)
  }

  package mutating func release(_ numbers: Range<UInt64>) {
    update(numbers) { word, frames in word |= frames }
    if let first = numbers.first { firstCandidate = min(firstCandidate, Int(first / 64)) }
  }

  package mutating func reserve(_ numbers: Range<UInt64>) {
    update(numbers) { word, frames in word &= ~frames }
  }

  /// Changes the bits of those of `numbers` that there are, a word at a time.
  private mutating func update(_ numbers: Range<UInt64>, _ change: (inout UInt64, _ frames: UInt64) -> Void) {
    let end = min(numbers.upperBound, UInt64(words.count) * 64)
    var next = numbers.lowerBound
    while next < end {
      let limit = min(end, (next / 64 + 1) * 64)
      let frames: UInt64 = (.max >> (64 - (limit - next))) << (next % 64)
      change(&words[Int(next / 64)], frames)
      next = limit
    }
  }

  package mutating func allocate() -> Frame? {
    while firstCandidate < words.count {
      let word = words[firstCandidate]
      if word != 0 {
        words[firstCandidate] = word & (word &- 1)
        return Frame(number: UInt64(firstCandidate * 64 + word.trailingZeroBitCount))
      }
      firstCandidate += 1
    }
    return nil
  }

  /// Returns false when the frame is free already or was never there.
  package mutating func deallocate(_ frame: Frame) -> Bool {
    guard frame.number / 64 < UInt64(words.count) else { return false }
    let index = Int(frame.number / 64)
    let bit: UInt64 = 1 << (frame.number % 64)
    guard words[index] & bit == 0 else { return false }
    words[index] |= bit
    firstCandidate = min(firstCandidate, index)
    return true
  }
}
