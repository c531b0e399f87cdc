internal import OrreryBase

/// The information structure of Multiboot 1 (Multiboot Specification 0.6.96, 3.3), with all that it points to behind it.
struct MultibootInformation {
  /// What eax holds at entry.
  static let magic: UInt32 = 0x2BAD_B002
  static let loaderName = Array("Orrery".utf8)

  private enum Flag {
    static let memory: UInt32 = 1 << 0
    static let commandLine: UInt32 = 1 << 2
    static let modules: UInt32 = 1 << 3
    static let sections: UInt32 = 1 << 5
    static let memoryMap: UInt32 = 1 << 6
    static let loaderName: UInt32 = 1 << 9
    static let framebuffer: UInt32 = 1 << 12
  }

  /// The size of the structure up to the end of what is said about the frame buffer.
  private static let size = 116
  private static let moduleSize = 16

  private let request: BootRequest
  private let places: [Range<UInt64>]
  /// The section headers of the kernel, with where each section is.
  var sections: (headers: [UInt8], of: ELFSections)?

  /// - Parameter places: where the modules are.
  init(_ request: BootRequest, places: [Range<UInt64>]) {
    self.request = request
    self.places = places
  }

  /// The bytes for a structure that lies at `address`.
  func encoded(at address: UInt64) -> [UInt8] {
    let start = UInt32(truncatingIfNeeded: address)
    let map = Self.encoded(MemoryMap(memorySize: request.memorySize))
    // Behind the structure: modules, memory map, section headers, texts.
    let modulesAddress = start + UInt32(Self.size)
    let mapAddress = modulesAddress + UInt32(Self.moduleSize * places.count)
    let sectionsAddress = (mapAddress + UInt32(map.count) + 7) & ~7
    let textsAddress = sectionsAddress + UInt32(sections?.headers.count ?? 0)
    var texts: [UInt8] = []
    func addText(_ bytes: [UInt8]) -> UInt32 {
      defer { texts += bytes + [0] }
      return textsAddress + UInt32(texts.count)
    }

    var modules = ByteWriter()
    for (module, place) in zip(request.modules, places) {
      modules.append(fixed: UInt32(truncatingIfNeeded: place.lowerBound))  // mod_start
      modules.append(fixed: UInt32(truncatingIfNeeded: place.upperBound))  // mod_end
      modules.append(fixed: addText(module.string))
      modules.append(fixed: 0 as UInt32)  // reserved
    }
    let commandLine = addText(request.commandLine)
    let name = addText(Self.loaderName)

    var writer = header(
      commandLine: commandLine, modules: modulesAddress, map: mapAddress, mapSize: UInt32(map.count),
      sections: sectionsAddress, loaderName: name)
    writer.bytes += modules.bytes
    writer.bytes += map
    while start + UInt32(writer.bytes.count) < sectionsAddress { writer.append(0 as UInt8) }
    writer.bytes += sections?.headers ?? []
    return writer.bytes + texts
  }

  private func header(
    commandLine: UInt32, modules: UInt32, map: UInt32, mapSize: UInt32, sections sectionsAddress: UInt32,
    loaderName: UInt32
  ) -> ByteWriter {
    let memory = MemoryMap(memorySize: request.memorySize)
    var writer = ByteWriter()
    writer.append(
      fixed: Flag.memory | Flag.commandLine | Flag.modules | (sections == nil ? 0 : Flag.sections) | Flag.memoryMap
        | Flag.loaderName | Flag.framebuffer)
    writer.append(fixed: memory.lowerKibibytes)
    writer.append(fixed: memory.upperKibibytes)
    writer.append(fixed: 0 as UInt32)  // boot_device: the kernel comes from no disk of the BIOS
    writer.append(fixed: commandLine)
    writer.append(fixed: UInt32(places.count))
    writer.append(fixed: modules)
    writer.append(fixed: UInt32(sections?.of.count ?? 0))
    writer.append(fixed: UInt32(sections?.of.entrySize ?? 0))
    writer.append(fixed: sections == nil ? 0 : sectionsAddress)
    writer.append(fixed: UInt32(sections?.of.namesIndex ?? 0))
    writer.append(fixed: mapSize)
    writer.append(fixed: map)
    writer.append(fixed: 0 as UInt64)  // drives
    writer.append(fixed: 0 as UInt32)  // config_table
    writer.append(fixed: loaderName)
    writer.append(fixed: 0 as UInt32)  // apm_table
    writer.append(fixed: 0 as UInt64)  // vbe_control_info, vbe_mode_info
    writer.append(fixed: 0 as UInt64)  // vbe_mode and its interface
    writer.append(fixed: TextFramebuffer.address)
    writer.append(fixed: TextFramebuffer.pitch)
    writer.append(fixed: TextFramebuffer.columns)
    writer.append(fixed: TextFramebuffer.rows)
    writer.append(TextFramebuffer.bitsPerCell)
    writer.append(TextFramebuffer.textType)
    writer.bytes += [UInt8](repeating: 0, count: 6)  // color_info
    return writer
  }

  /// Entries of the memory map, each behind its size without the field that says it.
  private static func encoded(_ map: MemoryMap) -> [UInt8] {
    var writer = ByteWriter()
    for entry in map.entries {
      writer.append(fixed: 20 as UInt32)
      writer.append(fixed: entry.range.lowerBound)
      writer.append(fixed: UInt64(entry.range.count))
      writer.append(fixed: entry.kind.rawValue)
    }
    return writer.bytes
  }
}

/// The display as both versions of Multiboot describe it: text mode 3.
enum TextFramebuffer {
  static let address: UInt64 = 0xB_8000
  /// Bytes of a row.
  static let pitch: UInt32 = 160
  static let columns: UInt32 = 80
  static let rows: UInt32 = 25
  /// A character and its attribute.
  static let bitsPerCell: UInt8 = 16
  /// The value of `framebuffer_type` for EGA text.
  static let textType: UInt8 = 2
}
