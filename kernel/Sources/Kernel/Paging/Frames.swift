import Intrinsics
import KernelLogic

/// The machine's free physical memory, by the memory map of the PVH boot protocol (Xen public/arch-x86/hvm/start_info.h).
package enum Frames {
  /// Below 1 MiB lie the loader's data and video memory.
  private static let firstFrame: UInt64 = 0x10_0000 / Frame.byteCount
  /// The allocator's own bits must lie in the gibibyte that `Entry.S` maps.
  private static let bootMappedFrames: UInt64 = 0x4000_0000 / Frame.byteCount
  /// More memory than 64 GiB is left unused: its bits would take 2 MiB.
  private static let frameLimit: UInt64 = 64 << 30 / Frame.byteCount

  nonisolated(unsafe) private static var allocator = FrameAllocator(storage: .init(start: nil, count: 0))
  /// The number of frames up to the end of usable memory, holes included.
  nonisolated(unsafe) package private(set) static var frameCount: UInt64 = 0
  /// The frames that hold the allocator's own bits.
  nonisolated(unsafe) private(set) static var storage: Range<UInt64> = 0..<0

  static func start(_ boot: BootInformation) {
    for index in 0..<boot.memoryRegionCount {
      let region = boot.memoryRegion(index)
      if region.isUsable { frameCount = max(frameCount, min(region.wholeFrames.upperBound, frameLimit)) }
    }
    let kernelEnd = kernelDataEndAddress() / Frame.byteCount
    let wordCount = FrameAllocator.wordCount(frameCount: frameCount)
    let storageFrames = (UInt64(wordCount) * 8 + Frame.byteCount - 1) / Frame.byteCount
    let storageStart = placeStorage(boot, after: kernelEnd, storageFrames)
    storage = storageStart..<storageStart + storageFrames
    let words = PhysicalMemory.pointer(to: Frame(number: storageStart).start)
      .bindMemory(to: UInt64.self, capacity: wordCount)
    allocator = FrameAllocator(storage: UnsafeMutableBufferPointer(start: words, count: wordCount))
    for index in 0..<boot.memoryRegionCount {
      let region = boot.memoryRegion(index)
      if region.isUsable { allocator.release(region.wholeFrames.clamped(to: firstFrame..<frameCount)) }
    }
    allocator.reserve(firstFrame..<kernelEnd)
    boot.forEachRangeInUse { allocator.reserve($0) }
    allocator.reserve(storage)
  }

  /// From now on the allocator's bits are seen there.
  static func moveStorage(to address: LinearAddress) {
    guard let start = UnsafeMutablePointer<UInt64>(bitPattern: UInt(address.rawValue)) else { return }
    allocator.moveStorage(to: start)
  }

  package static func allocate() -> Frame? {
    let address = frameAllocate()
    return address == 0 ? nil : Frame(containing: PhysicalAddress(address))
  }

  package static func deallocate(_ frame: Frame) { frameDeallocate(frame.start.rawValue) }

  fileprivate static func take() -> Frame? { allocator.allocate() }
  fileprivate static func giveBack(_ frame: Frame) -> Bool { allocator.deallocate(frame) }

  private static func placeStorage(_ boot: BootInformation, after kernelEnd: UInt64, _ count: UInt64) -> UInt64 {
    for index in 0..<boot.memoryRegionCount {
      let region = boot.memoryRegion(index)
      let free = region.wholeFrames.clamped(to: kernelEnd..<bootMappedFrames)
      if region.isUsable, free.upperBound - free.lowerBound >= count { return free.lowerBound }
    }
    panic("the memory map has no room for the kernel's own tables")
  }
}

/// A `FrameSource` for `Mapper`, which wants a value to change.
package struct KernelFrames: FrameSource {
  package init() {}
  package mutating func allocate() -> Frame? { Frames.allocate() }
}

// The two functions by which a testbed sees frames come and go: physical addresses; 0 is none.

@c(frame_allocate) @inline(never)
package func frameAllocate() -> UInt64 {
  withoutInterrupts { Frames.take()?.start.rawValue ?? 0 }
}

@c(frame_deallocate) @inline(never)
package func frameDeallocate(_ address: UInt64) {
  let wasTaken = withoutInterrupts { Frames.giveBack(Frame(containing: PhysicalAddress(address))) }
  if !wasTaken { panic("a frame was given back that was not taken: \(hex: address)") }
}
