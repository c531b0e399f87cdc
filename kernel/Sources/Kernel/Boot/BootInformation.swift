import Intrinsics
import KernelLogic

/// What the loader tells the kernel: `hvm_start_info` of the PVH boot protocol (Xen public/arch-x86/hvm/start_info.h).
package struct BootInformation {
  // Byte offsets in `hvm_start_info`, version 1.
  private enum Field {
    static let version: UInt64 = 4
    static let commandLine: UInt64 = 24
    static let memoryMap: UInt64 = 40
    static let memoryMapEntryCount: UInt64 = 48
  }
  // Byte offsets in `hvm_memmap_table_entry`, and its length.
  private enum RegionField {
    static let start: UInt64 = 0
    static let byteCount: UInt64 = 8
    static let kind: UInt64 = 16
    static let length: UInt64 = 24
    static let usableKind: UInt32 = 1
  }

  private let startInfo: PhysicalAddress

  /// The first version with a memory map is 1.
  package init(startInfo: PhysicalAddress) {
    self.startInfo = startInfo
    guard field(Field.version, as: UInt32.self) >= 1 else { panic("the boot loader passed no memory map") }
  }

  /// The loader's data that is still to be read: never to be handed out as free memory.
  func forEachRangeInUse(_ body: (Range<UInt64>) -> Void) {
    func report(_ start: UInt64, _ byteCount: UInt64) {
      guard start != 0 else { return }
      body(start / Frame.byteCount..<(start + byteCount) / Frame.byteCount + 1)
    }
    report(startInfo.rawValue, 56)
    report(field(Field.memoryMap, as: UInt64.self), UInt64(memoryRegionCount) * RegionField.length)
    report(field(Field.commandLine, as: UInt64.self), UInt64(BootText.capacity))
  }

  package var memoryRegionCount: Int { Int(field(Field.memoryMapEntryCount, as: UInt32.self)) }

  package func memoryRegion(_ index: Int) -> MemoryRegion {
    let table = PhysicalAddress(field(Field.memoryMap, as: UInt64.self))
    let entry = PhysicalMemory.pointer(to: table + UInt64(index) * RegionField.length)
    return MemoryRegion(
      start: PhysicalAddress(entry.load(fromByteOffset: Int(RegionField.start), as: UInt64.self)),
      byteCount: entry.load(fromByteOffset: Int(RegionField.byteCount), as: UInt64.self),
      isUsable: entry.load(fromByteOffset: Int(RegionField.kind), as: UInt32.self) == RegionField.usableKind)
  }

  /// A copy: the loader's own memory may not be mapped later.
  package var options: BootOptions {
    let address = field(Field.commandLine, as: UInt64.self)
    var line = BootText()
    guard address != 0 else { return BootOptions(line) }
    let text = PhysicalMemory.pointer(to: PhysicalAddress(address)).assumingMemoryBound(to: UInt8.self)
    while line.count < BootText.capacity, text[line.count] != 0 { line.append(text[line.count]) }
    return BootOptions(line)
  }

  private func field<Value: FixedWidthInteger>(_ offset: UInt64, as type: Value.Type) -> Value {
    PhysicalMemory.pointer(to: startInfo + offset).load(as: type)
  }
}
