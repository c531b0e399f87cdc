internal import OrreryBase

/// The PVH boot protocol (Xen public headers, `arch-x86/hvm/start_info.h`), as QEMU's `-kernel` follows it.
extension KernelImage {
  /// Where the boot structures lie: in the firmware area, as QEMU's do, so that a kernel that hands out every usable frame does not lose them.
  private enum Place {
    static let startInfo: UInt64 = 0xF_0000
    static let memoryMap: UInt64 = 0xF_0040
    static let commandLine: UInt64 = 0xF_1000
    /// `struct hvm_modlist_entry` of each module, then their strings.
    static let modules: UInt64 = 0xF_2000
    static let end: UInt64 = 0x10_0000
  }

  func pvhPlan(_ request: BootRequest) throws(ImageError) -> BootPlan {
    guard let pvhEntry else {
      throw ImageError(
        offset: 0,
        problem:
          "the image has no PVH note (type \(PVHNote.type), name Xen), so no known way to enter it",
        remedy:
          "add the note that names the 32-bit entry, and keep its section in a PT_NOTE segment")
    }
    try request.check()
    var plan = try BootPlan(
      loading: segments, of: self, request, entry: .init(eip: pvhEntry, ebx: UInt32(Place.startInfo)))
    guard segments.contains(where: { $0.holdsLoaded(UInt64(pvhEntry)) }) else {
      throw ImageError(
        offset: 0,
        problem: "the PVH entry \(hexadecimal(pvhEntry)) is in no loaded part of a segment",
        remedy: "let the note name the entry's physical address, and check the load addresses")
    }
    let places = try plan.place(request.modules)
    let map = MemoryMap(memorySize: request.memorySize)
    plan.add(
      Self.startInfo(memoryMapCount: map.entries.count, moduleCount: places.count), at: Place.startInfo)
    plan.add(Self.encoded(map), at: Place.memoryMap)
    plan.add(request.commandLine + [0], at: Place.commandLine)
    if !places.isEmpty { plan.add(try Self.moduleList(request.modules, at: places), at: Place.modules) }
    return plan
  }

  /// `struct hvm_start_info`, version 1: no ACPI tables.
  private static func startInfo(memoryMapCount: Int, moduleCount: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(fixed: 0x336E_C578 as UInt32)  // magic: "xEn3" with bit 7 of the E set
    writer.append(fixed: 1 as UInt32)  // version
    writer.append(fixed: 0 as UInt32)  // flags
    writer.append(fixed: UInt32(moduleCount))  // nr_modules
    writer.append(fixed: moduleCount == 0 ? 0 : Place.modules)  // modlist_paddr
    writer.append(fixed: Place.commandLine)
    writer.append(fixed: 0 as UInt64)  // rsdp_paddr
    writer.append(fixed: Place.memoryMap)
    writer.append(fixed: UInt32(memoryMapCount))
    writer.append(fixed: 0 as UInt32)  // reserved
    return writer.bytes
  }

  /// An array of `struct hvm_memmap_table_entry`.
  private static func encoded(_ map: MemoryMap) -> [UInt8] {
    var writer = ByteWriter()
    for entry in map.entries {
      writer.append(fixed: entry.range.lowerBound)
      writer.append(fixed: UInt64(entry.range.count))
      writer.append(fixed: entry.kind.rawValue)
      writer.append(fixed: 0 as UInt32)  // reserved
    }
    return writer.bytes
  }

  /// An array of `struct hvm_modlist_entry`, and behind it the strings.
  private static func moduleList(_ modules: [BootModule], at places: [Range<UInt64>]) throws(ImageError) -> [UInt8] {
    var writer = ByteWriter()
    var strings: [UInt8] = []
    let stringsStart = Place.modules + UInt64(32 * modules.count)
    for (module, place) in zip(modules, places) {
      writer.append(fixed: place.lowerBound)
      writer.append(fixed: UInt64(place.count))
      writer.append(fixed: stringsStart + UInt64(strings.count))
      writer.append(fixed: 0 as UInt64)  // reserved
      strings += module.string + [0]
    }
    guard UInt64(strings.count) <= Place.end - stringsStart else {
      throw ImageError(
        offset: 0, problem: "the strings of \(modules.count) modules have \(strings.count) bytes in all",
        remedy: "pass at most \(Place.end - stringsStart) bytes")
    }
    return writer.bytes + strings
  }
}
