internal import OrreryBase

/// The information of Multiboot 2 (Multiboot2 Specification 2.0, 3.6): a size, then tags, each at a multiple of eight.
struct Multiboot2Information {
  /// What eax holds at entry.
  static let magic: UInt32 = 0x36D7_6289

  private enum Tag {
    static let end: UInt32 = 0
    static let commandLine: UInt32 = 1
    static let loaderName: UInt32 = 2
    static let module: UInt32 = 3
    static let memory: UInt32 = 4
    static let memoryMap: UInt32 = 6
    static let framebuffer: UInt32 = 8
    static let sections: UInt32 = 9
    static let loadBase: UInt32 = 21
  }

  private let request: BootRequest
  private let places: [Range<UInt64>]
  /// The section headers of the kernel, with where each section is.
  var sections: (headers: [UInt8], of: ELFSections)?
  /// Where the kernel was loaded, for one that can be loaded elsewhere.
  var loadBase: UInt32?

  /// - Parameter places: where the modules are.
  init(_ request: BootRequest, places: [Range<UInt64>]) {
    self.request = request
    self.places = places
  }

  func encoded() -> [UInt8] {
    let map = MemoryMap(memorySize: request.memorySize)
    var tags = ByteWriter()
    Self.append(Tag.commandLine, to: &tags) { $0.bytes += request.commandLine + [0] }
    Self.append(Tag.loaderName, to: &tags) { $0.bytes += MultibootInformation.loaderName + [0] }
    for (module, place) in zip(request.modules, places) {
      Self.append(Tag.module, to: &tags) {
        $0.append(fixed: UInt32(truncatingIfNeeded: place.lowerBound))
        $0.append(fixed: UInt32(truncatingIfNeeded: place.upperBound))
        $0.bytes += module.string + [0]
      }
    }
    Self.append(Tag.memory, to: &tags) {
      $0.append(fixed: map.lowerKibibytes)
      $0.append(fixed: map.upperKibibytes)
    }
    Self.append(Tag.memoryMap, to: &tags) {
      $0.append(fixed: 24 as UInt32)  // entry_size
      $0.append(fixed: 0 as UInt32)  // entry_version
      for entry in map.entries {
        $0.append(fixed: entry.range.lowerBound)
        $0.append(fixed: UInt64(entry.range.count))
        $0.append(fixed: entry.kind.rawValue)
        $0.append(fixed: 0 as UInt32)  // reserved
      }
    }
    Self.append(Tag.framebuffer, to: &tags) {
      $0.append(fixed: TextFramebuffer.address)
      $0.append(fixed: TextFramebuffer.pitch)
      $0.append(fixed: TextFramebuffer.columns)
      $0.append(fixed: TextFramebuffer.rows)
      $0.append(TextFramebuffer.bitsPerCell)
      $0.append(TextFramebuffer.textType)
      $0.append(fixed: 0 as UInt16)  // reserved
    }
    if let sections {
      Self.append(Tag.sections, to: &tags) {
        $0.append(fixed: UInt32(sections.of.count))
        $0.append(fixed: UInt32(sections.of.entrySize))
        $0.append(fixed: UInt32(sections.of.namesIndex))
        $0.bytes += sections.headers
      }
    }
    if let loadBase { Self.append(Tag.loadBase, to: &tags) { $0.append(fixed: loadBase) } }
    Self.append(Tag.end, to: &tags) { _ in }

    var writer = ByteWriter()
    writer.append(fixed: UInt32(8 + tags.bytes.count))
    writer.append(fixed: 0 as UInt32)  // reserved
    return writer.bytes + tags.bytes
  }

  /// Appends a tag with what `body` writes, padded to a multiple of eight; its size does not count the padding.
  private static func append(_ type: UInt32, to tags: inout ByteWriter, _ body: (inout ByteWriter) -> Void) {
    var content = ByteWriter()
    body(&content)
    tags.append(fixed: type)
    tags.append(fixed: UInt32(8 + content.bytes.count))
    tags.bytes += content.bytes
    while tags.bytes.count % 8 != 0 { tags.append(0 as UInt8) }
  }
}
