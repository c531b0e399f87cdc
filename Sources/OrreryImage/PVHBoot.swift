internal import OrreryBase

/// The PVH boot protocol (Xen public headers, `arch-x86/hvm/start_info.h`), as QEMU's `-kernel` follows it.
extension KernelImage {
  /// Memory sizes a plan can be made for, in bytes: a page past 1 MiB up to where a PC's 32-bit PCI window begins.
  public static let memorySizes: ClosedRange<UInt64> = 0x10_1000...0xC000_0000

  /// The longest command line, in bytes.
  public static let commandLineLimit = 4095

  /// Where a PC keeps its first kilobyte of firmware data, video memory and firmware; the memory map calls all of it reserved.
  static let firmwareArea: Range<UInt64> = 0x9_FC00..<0x10_0000

  /// Where the boot structures lie: in the firmware area, as QEMU's do, so that a kernel that hands out every usable frame does not lose them.
  static let startInfoAddress: UInt64 = 0xF_0000
  static let memoryMapAddress: UInt64 = 0xF_0040
  static let commandLineAddress: UInt64 = 0xF_1000

  /// One line of the memory map.
  struct MemoryMapEntry {
    /// The values of `XEN_HVM_MEMMAP_TYPE`, which are those of E820.
    enum Kind: UInt32 {
      case usable = 1
      case reserved = 2
    }

    let range: Range<UInt64>
    let kind: Kind
  }

  static func memoryMap(memorySize: UInt64) -> [MemoryMapEntry] {
    [
      MemoryMapEntry(range: 0..<firmwareArea.lowerBound, kind: .usable),
      MemoryMapEntry(range: firmwareArea, kind: .reserved),
      MemoryMapEntry(range: firmwareArea.upperBound..<memorySize, kind: .usable),
    ]
  }

  /// The plan to enter the image by its PVH note in a machine of `memorySize` bytes.
  ///
  /// - Throws: `ImageError` when there is no such note, or memory has no room for the image.
  public func pvhPlan(memorySize: UInt64, commandLine: [UInt8]) throws(ImageError) -> BootPlan {
    guard let pvhEntry else {
      throw ImageError(
        offset: 0,
        problem:
          "the image has no PVH note (type \(PVHNote.type), name Xen), so no known way to enter it",
        remedy:
          "add the note that names the 32-bit entry, and keep its section in a PT_NOTE segment")
    }
    guard Self.memorySizes.contains(memorySize), memorySize % 4096 == 0 else {
      throw ImageError(
        offset: 0, problem: "a memory of \(memorySize) bytes cannot be laid out as a PC's",
        remedy:
          "choose a multiple of 4096 from \(Self.memorySizes.lowerBound) to \(Self.memorySizes.upperBound) bytes"
      )
    }
    guard commandLine.count <= Self.commandLineLimit, !commandLine.contains(0) else {
      throw ImageError(
        offset: 0, problem: "the command line has \(commandLine.count) bytes or a zero byte in it",
        remedy: "pass at most \(Self.commandLineLimit) bytes, none of them zero")
    }
    try checkPlacement(memorySize: memorySize)
    guard
      segments.contains(where: {
        UInt64(pvhEntry) >= $0.physicalAddress.rawValue
          && UInt64(pvhEntry) - $0.physicalAddress.rawValue < UInt64($0.fileRange.count)
      })
    else {
      throw ImageError(
        offset: 0,
        problem: "the PVH entry \(hexadecimal(pvhEntry)) is in no loaded part of a segment",
        remedy: "let the note name the entry's physical address, and check the load addresses")
    }

    var plan = BootPlan(
      writes: [], zeroed: [], entry: .protected32(eip: pvhEntry, ebx: UInt32(Self.startInfoAddress))
    )
    for segment in segments {
      let loaded = UInt64(segment.fileRange.count)
      if loaded > 0 {
        plan.writes.append(.init(address: segment.physicalAddress, bytes: bytes[segment.fileRange]))
      }
      if segment.memorySize > loaded {
        plan.zeroed.append(
          .init(
            address: PhysicalAddress(segment.physicalAddress.rawValue + loaded),
            size: segment.memorySize - loaded))
      }
    }
    let map = Self.memoryMap(memorySize: memorySize)
    plan.writes.append(
      .init(
        address: PhysicalAddress(Self.startInfoAddress),
        bytes: Self.startInfo(memoryMapCount: map.count)[...]))
    plan.writes.append(
      .init(address: PhysicalAddress(Self.memoryMapAddress), bytes: Self.encoded(map)[...]))
    plan.writes.append(
      .init(address: PhysicalAddress(Self.commandLineAddress), bytes: (commandLine + [0])[...]))
    return plan
  }

  private func checkPlacement(memorySize: UInt64) throws(ImageError) {
    for segment in segments {
      let start = segment.physicalAddress.rawValue
      // Segments were checked not to run past 2^64.
      let last = start + (segment.memorySize - 1)
      guard last < memorySize else {
        throw ImageError(
          offset: segment.headerOffset + 24,
          problem:
            "a segment of \(segment.memorySize) bytes at \(hexadecimal(start)) leaves the memory of \(memorySize) bytes",
          remedy: "give the machine more memory, or lower the load address in the linker script")
      }
      guard last < Self.firmwareArea.lowerBound || start >= Self.firmwareArea.upperBound else {
        throw ImageError(
          offset: segment.headerOffset + 24,
          problem:
            "a segment of \(segment.memorySize) bytes at \(hexadecimal(start)) covers the PC's video and firmware area, "
            + "\(hexadecimal(Self.firmwareArea.lowerBound)) to \(hexadecimal(Self.firmwareArea.upperBound))",
          remedy: "load the kernel at 1 MiB (0x100000) or above")
      }
    }
  }

  /// `struct hvm_start_info`, version 1: no modules, no ACPI tables.
  private static func startInfo(memoryMapCount: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(fixed: 0x336E_C578 as UInt32)  // magic: "xEn3" with bit 7 of the E set
    writer.append(fixed: 1 as UInt32)  // version
    writer.append(fixed: 0 as UInt32)  // flags
    writer.append(fixed: 0 as UInt32)  // nr_modules
    writer.append(fixed: 0 as UInt64)  // modlist_paddr
    writer.append(fixed: commandLineAddress)
    writer.append(fixed: 0 as UInt64)  // rsdp_paddr
    writer.append(fixed: memoryMapAddress)
    writer.append(fixed: UInt32(memoryMapCount))
    writer.append(fixed: 0 as UInt32)  // reserved
    return writer.bytes
  }

  /// An array of `struct hvm_memmap_table_entry`.
  private static func encoded(_ map: [MemoryMapEntry]) -> [UInt8] {
    var writer = ByteWriter()
    for entry in map {
      writer.append(fixed: entry.range.lowerBound)
      writer.append(fixed: UInt64(entry.range.count))
      writer.append(fixed: entry.kind.rawValue)
      writer.append(fixed: 0 as UInt32)  // reserved
    }
    return writer.bytes
  }
}
