internal import OrreryBase

/// The Multiboot 2 boot protocol (Multiboot2 Specification 2.0, 3.3 and 3.6), for the PC with its firmware's tables and without EFI.
extension KernelImage {
  func multiboot2Plan(_ request: BootRequest) throws(ImageError) -> BootPlan {
    guard let multiboot2 else {
      throw ImageError(
        offset: 0, problem: "the image has no Multiboot2 header in its first 32,768 bytes",
        remedy: "put the header's section first in the linker script, at a multiple of eight")
    }
    try request.check()
    let (segments, eip) = try loaded(by: multiboot2.load, at: multiboot2.entry, header: multiboot2.offset)
    let shift =
      try multiboot2.relocation.map { relocation throws(ImageError) in try relocation.shift(of: segments) } ?? 0
    var plan = try BootPlan(
      loading: segments, of: self, request,
      entry: MultibootEntry.entry(eip: eip &+ UInt32(truncatingIfNeeded: shift), eax: Multiboot2Information.magic),
      shift: shift)
    var information = Multiboot2Information(request, places: try plan.place(request.modules))
    if multiboot2.relocation != nil {
      information.loadBase = UInt32(truncatingIfNeeded: segments[0].physicalAddress.rawValue &+ shift)
    }
    if let sections, let headers = sections.placed(in: &plan, ImageReader(bytes: bytes)) {
      information.sections = (headers, sections)
    }
    try MultibootEntry.finish(&plan) { _ in information.encoded() }
    return plan
  }
}

extension Multiboot2Header.Relocation {
  /// How far to move `segments`: not at all where they are linked to a place that is allowed and free, otherwise to the lowest such place.
  fileprivate func shift(of segments: [Segment]) throws(ImageError) -> UInt64 {
    let area = MemoryMap.firmwareArea
    let start = segments.map(\.physicalAddress.rawValue).min() ?? 0
    // Segments were checked not to run past 2^64.
    let last = segments.map { $0.physicalAddress.rawValue + ($0.memorySize - 1) }.max() ?? 0
    if start >= lowest, last <= highest, start % alignment == 0, start >= area.upperBound || last < area.lowerBound {
      return 0
    }
    let target = (max(lowest, area.upperBound) + alignment - 1) & ~(alignment - 1)
    guard target <= highest, last - start <= highest - target else {
      throw ImageError(
        offset: field,
        problem:
          "\(last - start + 1) bytes do not fit from \(hexadecimal(target)) to \(hexadecimal(highest)), where the kernel wants to be loaded",
        remedy: "let the relocatable tag allow for more memory above 1 MiB")
    }
    return target &- start
  }
}
