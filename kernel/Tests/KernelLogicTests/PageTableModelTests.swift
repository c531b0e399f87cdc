import KernelLogic
import Testing

/// Random calls of a mapper beside a model that knows nothing of tables: a dictionary from page to what it is mapped to.
struct PageTableModelTests {
  private struct Mapping: Equatable {
    var target: PhysicalAddress
    var size: PageSize
    var isWritable: Bool
  }

  /// Two neighbouring regions of 1 GiB in each half of the address space, in which pages of every size meet.
  private static let regions: [UInt64] = [0x4000_0000_0000, 0x4000_4000_0000, 0xffff_8000_0000_0000]

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func translationsAreThoseOfTheModel(_ seed: UInt64) throws {
    var random = RandomNumbers(seed: seed)
    let mapper = Mapper(root: Frame(number: 0), memory: SimulatedPageTables())
    var frames = CountedFrames()
    var model: [UInt64: Mapping] = [:]

    func page(_ size: PageSize) -> UInt64 {
      let region = Self.regions[random.next(below: Self.regions.count)]
      // Few places, so that they are met again.
      return region + UInt64(random.next(below: size == .huge ? 1 : 4)) * size.byteCount
    }
    /// What the model has at an address, and where that begins.
    func found(_ address: UInt64) -> (start: UInt64, mapping: Mapping)? {
      for size in [PageSize.small, .large, .huge] {
        let start = address & ~(size.byteCount - 1)
        if let mapping = model[start], mapping.size == size { return (start, mapping) }
      }
      return nil
    }

    for step in 0..<3_000 {
      let size = [PageSize.small, .small, .large, .large, .huge][random.next(below: 5)]
      let start = page(size)
      let target = PhysicalAddress(UInt64(random.next(below: 1 << 10)) * PageSize.huge.byteCount)
      let flags: PageTableEntry.Flags = random.next(below: 2) == 0 ? .writable : .noExecute
      switch random.next(below: 4) {
      case 0, 1:
        do throws(PagingError) {
          try mapper.map(LinearAddress(start), to: target, size: size, flags, frames: &frames)
          #expect(found(start) == nil, "step \(step)")
          model[start] = Mapping(target: target, size: size, isWritable: flags.contains(.writable))
        } catch {
          // A page, or tables that once led to smaller pages, are there already.
          #expect(error == .alreadyMapped || error == .insideLargePage, "step \(step)")
        }
      case 2:
        let before = found(start)
        let unmapped = try? mapper.unmap(LinearAddress(start))
        #expect(unmapped == (before?.start == start ? before?.mapping.target : nil), "step \(step)")
        if unmapped != nil { model[start] = nil }
      default:
        let before = found(start)
        let isChanged = (try? mapper.updateFlags(LinearAddress(start), flags)) != nil
        #expect(isChanged == (before?.start == start), "step \(step)")
        if isChanged { model[start]?.isWritable = flags.contains(.writable) }
      }
      let offset = UInt64(random.next(below: 1 << 30))
      let address = start + offset % (PageSize.huge.byteCount - start % PageSize.huge.byteCount)
      let seen = mapper.translate(LinearAddress(address))
      let expected = found(address)
      #expect(seen?.address == expected.map { $0.mapping.target + (address - $0.start) }, "step \(step)")
      #expect(seen?.pageSize == expected?.mapping.size)
      #expect(seen?.flags.contains(.writable) == expected?.mapping.isWritable)
    }
    #expect(!model.isEmpty)
  }

  /// Frames come and go beside a set of numbers: each is handed out once at a time, the lowest first.
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func framesAreThoseOfTheModel(_ seed: UInt64) {
    var random = RandomNumbers(seed: seed)
    let storage = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: FrameAllocator.wordCount(frameCount: 300))
    defer { storage.deallocate() }
    var allocator = FrameAllocator(storage: storage)
    allocator.release(10..<300)
    allocator.reserve(100..<130)
    var free = Set(10..<100 as Range<UInt64>).union(130..<300)
    for _ in 0..<5_000 {
      if random.next(below: 2) == 0 {
        let frame = allocator.allocate()
        #expect(frame?.number == free.min())
        if let frame { free.remove(frame.number) }
      } else {
        let number = UInt64(random.next(below: 300))
        #expect(allocator.deallocate(Frame(number: number)) == free.insert(number).inserted)
      }
    }
    #expect(allocator.deallocate(Frame(number: 1 << 40)) == false)
  }
}
