internal import OrreryBase

/// The state in which the Multiboot protocols enter a kernel, which is the same for both but for two registers.
enum MultibootEntry {
  /// Global descriptors as QEMU's loader leaves them: flat 32-bit code and data, then code and data of 16 bits. The specifications let kernels count on none.
  private static let descriptors: [UInt64] = [
    0, 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x0000_9F00_0000_FFFF, 0x0000_9300_0000_FFFF,
  ]
  private static let descriptorTableAddress: UInt64 = 0xF_0000

  /// Below where a boot sector would be: a stack that a kernel may have for as long as it has none of its own, though it must not count on it.
  private static let stackPointer: UInt32 = 0x7C00

  /// Where loaders put what they hand over, if the kernel leaves it free.
  static let lowMemory: Range<UInt64> = 0x9000..<MemoryMap.firmwareArea.lowerBound

  static func entry(eip: UInt32, eax: UInt32) -> BootPlan.Entry {
    BootPlan.Entry(
      eip: eip, eax: eax, ebx: 0, esp: stackPointer,
      descriptorTable: .init(
        address: PhysicalAddress(descriptorTableAddress), limit: UInt16(descriptors.count * 8 - 1)))
  }

  /// Adds what every Multiboot kernel finds, and the information that `encode` makes for the address it will have.
  static func finish(_ plan: inout BootPlan, _ encode: (UInt64) -> [UInt8]) throws(ImageError) {
    var table = ByteWriter()
    for descriptor in descriptors { table.append(fixed: descriptor) }
    plan.add(table.bytes, at: descriptorTableAddress)
    if plan.isFree(FirmwareData.range) { plan.add(FirmwareData.bytes, at: FirmwareData.range.lowerBound) }
    plan.add(FirmwareData.extendedBytes, at: FirmwareData.extendedStart)
    let size = UInt64(encode(lowMemory.lowerBound).count)
    let low = lowMemory.lowerBound..<lowMemory.lowerBound + size
    if low.upperBound <= lowMemory.upperBound, plan.isFree(low) {
      plan.add(encode(low.lowerBound), at: low.lowerBound)
      plan.entry.ebx = UInt32(low.lowerBound)
      return
    }
    let start = (plan.end + 4095) & ~4095
    guard let place = plan.place(encode(start)) else {
      throw ImageError(
        offset: 0,
        problem:
          "the \(size) bytes of boot information do not fit behind what is loaded up to \(hexadecimal(plan.end))",
        remedy: "give the machine more memory")
    }
    plan.entry.ebx = UInt32(truncatingIfNeeded: place.lowerBound)
  }
}

extension KernelImage {
  /// What to load, and where to enter it: as the Multiboot header says, or as the ELF header does.
  ///
  /// - Parameter header: where the Multiboot header stands.
  func loaded(
    by load: AddressedLoad?, at entry: NamedEntry?, header: Int
  ) throws(ImageError) -> (segments: [Segment], eip: UInt32) {
    let segments = load.map { [$0.segment] } ?? self.segments
    guard load != nil || ELFHeader.isELF(bytes) else {
      throw ImageError(
        offset: UInt64(header), problem: "the file is not ELF, and this Multiboot header does not say where to load it",
        remedy: "give the header its address fields, or choose the other version of the protocol")
    }
    // Where the entry of the ELF header lies in a segment that is loaded elsewhere than it will be mapped, its physical address counts.
    let wanted =
      entry.map { UInt64($0.address) }
      ?? segments.first {
        $0.linearAddress <= self.entry && self.entry.rawValue - $0.linearAddress.rawValue < $0.memorySize
      }
      .map { $0.physicalAddress.rawValue + (self.entry.rawValue - $0.linearAddress.rawValue) } ?? self.entry.rawValue
    guard segments.contains(where: { $0.holdsLoaded(wanted) }), let eip = UInt32(exactly: wanted) else {
      throw ImageError(
        offset: entry?.field ?? 24, problem: "the entry \(hexadecimal(wanted)) is in nothing that is loaded",
        remedy: "name the address of the first instruction, and check the load addresses")
    }
    return (segments, eip)
  }

  /// The plan to enter the image by Multiboot 1 (Multiboot Specification 0.6.96, 3.2 and 3.3).
  func multibootPlan(_ request: BootRequest) throws(ImageError) -> BootPlan {
    guard let multiboot else {
      throw ImageError(
        offset: 0, problem: "the image has no Multiboot header in its first 8,192 bytes",
        remedy: "put the header's section first in the linker script, at a multiple of four")
    }
    try request.check()
    let (segments, eip) = try loaded(by: multiboot.load, at: multiboot.entry, header: multiboot.offset)
    var plan = try BootPlan(
      loading: segments, of: self, request, entry: MultibootEntry.entry(eip: eip, eax: MultibootInformation.magic))
    var information = MultibootInformation(request, places: try plan.place(request.modules))
    if let sections, let headers = sections.placed(in: &plan, ImageReader(bytes: bytes)) {
      information.sections = (headers, sections)
    }
    try MultibootEntry.finish(&plan, information.encoded)
    return plan
  }
}
