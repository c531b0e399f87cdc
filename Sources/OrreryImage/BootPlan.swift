public import OrreryBase

/// What to put where before the first step, and how the processor starts.
public struct BootPlan: Sendable {
  /// Bytes for one place in memory.
  public struct Write: Sendable {
    public var address: PhysicalAddress
    public var bytes: ArraySlice<UInt8>
  }

  /// A range of memory that is zero at entry.
  public struct ZeroedRange: Hashable, Sendable {
    public var address: PhysicalAddress
    /// In bytes.
    public var size: UInt64

    public init(address: PhysicalAddress, size: UInt64) {
      self.address = address
      self.size = size
    }
  }

  /// How the processor enters the kernel: in 32-bit protected mode, paging off, flat segments, interrupts off.
  public struct Entry: Hashable, Sendable {
    public var eip: UInt32
    public var eax: UInt32 = 0
    public var ebx: UInt32
    public var esp: UInt32 = 0
    /// The table of descriptors that the processor was left with; nil for none.
    public var descriptorTable: DescriptorTable?
  }

  public struct DescriptorTable: Hashable, Sendable {
    public var address: PhysicalAddress
    /// The offset of its last byte.
    public var limit: UInt16
  }

  /// Ranges that do not overlap each other or `zeroed`, all inside memory.
  public internal(set) var writes: [Write] = []
  public internal(set) var zeroed: [ZeroedRange] = []
  public internal(set) var entry: Entry

  /// In bytes.
  private let memorySize: UInt64
  /// Where segments, modules and what else is placed behind the kernel end.
  private(set) var end: UInt64 = MemoryMap.firmwareArea.upperBound
  private var occupied: [Range<UInt64>] = []

  /// A plan that loads `segments` of `image`.
  ///
  /// - Parameter shift: how far the segments are moved from their addresses.
  init(loading segments: [Segment], of image: KernelImage, _ request: BootRequest, entry: Entry, shift: UInt64 = 0)
    throws(ImageError)
  {
    memorySize = request.memorySize
    self.entry = entry
    for segment in segments {
      let start = segment.physicalAddress.rawValue &+ shift
      try Self.checkPlacement(segment, at: start, memorySize: memorySize)
      let loaded = UInt64(segment.fileRange.count)
      if loaded > 0 { add(image.bytes[segment.fileRange], at: start) }
      if segment.memorySize > loaded {
        zeroed.append(.init(address: PhysicalAddress(start + loaded), size: segment.memorySize - loaded))
      }
      occupied.append(start..<start + segment.memorySize)
      end = max(end, start + segment.memorySize)
    }
  }

  private static func checkPlacement(_ segment: Segment, at start: UInt64, memorySize: UInt64) throws(ImageError) {
    // A segment that was moved below its own end would wrap.
    let (last, overflow) = start.addingReportingOverflow(segment.memorySize - 1)
    guard !overflow, last < memorySize else {
      throw ImageError(
        offset: segment.addressField,
        problem:
          "a segment of \(segment.memorySize) bytes at \(hexadecimal(start)) leaves the memory of \(memorySize) bytes",
        remedy: "give the machine more memory, or lower the load address in the linker script")
    }
    let area = MemoryMap.firmwareArea
    guard last < area.lowerBound || start >= area.upperBound else {
      throw ImageError(
        offset: segment.addressField,
        problem:
          "a segment of \(segment.memorySize) bytes at \(hexadecimal(start)) covers the PC's video and firmware area, "
          + "\(hexadecimal(area.lowerBound)) to \(hexadecimal(area.upperBound))",
        remedy: "load the kernel at 1 MiB (0x100000) or above")
    }
  }

  mutating func add(_ bytes: some Sequence<UInt8>, at address: UInt64) {
    writes.append(.init(address: PhysicalAddress(address), bytes: ArraySlice(bytes)))
  }

  /// Puts `bytes` behind what was placed so far; nil, and nothing is done, when memory has no room. No bytes take no room, and have an address all the same.
  mutating func place(_ bytes: some Collection<UInt8>, alignment: UInt64 = 4096) -> Range<UInt64>? {
    let start = (end + alignment - 1) & ~(alignment - 1)
    guard start <= memorySize, UInt64(bytes.count) <= memorySize - start else { return nil }
    if !bytes.isEmpty { add(bytes, at: start) }
    end = start + UInt64(bytes.count)
    occupied.append(start..<end)
    return start..<end
  }

  /// Puts each module on pages of its own behind the kernel.
  mutating func place(_ modules: [BootModule]) throws(ImageError) -> [Range<UInt64>] {
    var places: [Range<UInt64>] = []
    for (index, module) in modules.enumerated() {
      guard let place = place(module.bytes) else {
        throw ImageError(
          offset: 0,
          problem:
            "module \(index + 1) of \(module.bytes.count) bytes does not fit behind what is loaded up to \(hexadecimal(end))",
          remedy: "give the machine more memory than \(memorySize) bytes")
      }
      places.append(place)
    }
    return places
  }

  /// Whether nothing was placed in `range` so far.
  func isFree(_ range: Range<UInt64>) -> Bool { !occupied.contains { $0.overlaps(range) } }
}
