import OrreryBase

/// Builds a small ELF64 file field by field, in the order of the System V gABI: header, program headers, segment data, notes, symbols, names, section headers.
struct ELFBuilder {
  struct Load {
    var physicalAddress: UInt64
    var linearAddress: UInt64
    var data: [UInt8]
    var memorySize: UInt64
  }

  struct Sym {
    var name: String
    var address: UInt64
    var size: UInt64 = 0
    /// Binding in the high, type in the low four bits; 0x12 is a global function.
    var info: UInt8 = 0x12
    var section: UInt16 = 1
  }

  var loads = [
    Load(
      physicalAddress: 0x10_0000, linearAddress: 0xFFFF_8000_0010_0000,
      data: [0xFA, 0xF4, 0xEB, 0xFD],
      memorySize: 0x2000)
  ]
  /// The descriptor of the PVH note; nil for no note.
  var entryDescriptor: [UInt8]? = [0x00, 0x00, 0x10, 0x00]
  var noteAlignment: UInt64 = 4
  /// A note before the PVH note, to be skipped.
  var hasOtherNote = true
  var symbols: [Sym]? = [
    Sym(name: "start", address: 0xFFFF_8000_0010_0000, size: 2),
    Sym(name: "halt", address: 0xFFFF_8000_0010_0002),
  ]

  /// Where things came to stand, so that a test can damage one field.
  struct Layout {
    var programHeaders = 64
    var note = 0
    var symbolTable = 0
    var names = 0
    var sectionHeaders = 0
  }

  func build() -> [UInt8] { buildWithLayout().bytes }

  func buildWithLayout() -> (bytes: [UInt8], layout: Layout) {
    var layout = Layout()
    let headerCount = loads.count + (entryDescriptor == nil ? 0 : 1)
    var body = ByteWriter()
    let bodyStart = 64 + 56 * headerCount
    func align(_ boundary: Int) {
      while (bodyStart + body.bytes.count) % boundary != 0 { body.append(0 as UInt8) }
    }
    var offsets: [Int] = []
    for load in loads {
      offsets.append(bodyStart + body.bytes.count)
      body.bytes += load.data
    }
    align(8)
    layout.note = bodyStart + body.bytes.count
    if let entryDescriptor {
      if hasOtherNote {
        appendNote(&body, name: "GNU", type: 5, descriptor: [1, 2, 3], from: layout.note)
      }
      appendNote(&body, name: "Xen", type: 18, descriptor: entryDescriptor, from: layout.note)
    }
    let noteSize = bodyStart + body.bytes.count - layout.note
    align(8)
    layout.symbolTable = bodyStart + body.bytes.count
    var names: [UInt8] = [0]
    if let symbols {
      body.bytes += [UInt8](repeating: 0, count: 24)
      for symbol in symbols {
        body.append(fixed: UInt32(names.count))
        body.append(symbol.info)
        body.append(0 as UInt8)
        body.append(fixed: symbol.section)
        body.append(fixed: symbol.address)
        body.append(fixed: symbol.size)
        names += Array(symbol.name.utf8) + [0]
      }
    }
    let symbolTableSize = bodyStart + body.bytes.count - layout.symbolTable
    layout.names = bodyStart + body.bytes.count
    if symbols != nil { body.bytes += names }
    align(8)
    layout.sectionHeaders = bodyStart + body.bytes.count
    if symbols != nil {
      appendSection(&body, type: 0, offset: 0, size: 0, link: 0, entrySize: 0)
      appendSection(&body, type: 1, offset: offsets.first ?? 0, size: 0, link: 0, entrySize: 0)
      appendSection(
        &body, type: 2, offset: layout.symbolTable, size: symbolTableSize, link: 3, entrySize: 24)
      appendSection(&body, type: 3, offset: layout.names, size: names.count, link: 0, entrySize: 0)
    }

    var file = ByteWriter()
    file.bytes += [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
    file.append(fixed: 2 as UInt16)  // e_type: executable
    file.append(fixed: 62 as UInt16)  // e_machine: x86-64
    file.append(fixed: 1 as UInt32)  // e_version
    file.append(fixed: loads.first?.linearAddress ?? 0)  // e_entry
    file.append(fixed: 64 as UInt64)  // e_phoff
    file.append(fixed: UInt64(symbols == nil ? 0 : layout.sectionHeaders))  // e_shoff
    file.append(fixed: 0 as UInt32)  // e_flags
    file.append(fixed: 64 as UInt16)  // e_ehsize
    file.append(fixed: 56 as UInt16)  // e_phentsize
    file.append(fixed: UInt16(headerCount))  // e_phnum
    file.append(fixed: 64 as UInt16)  // e_shentsize
    file.append(fixed: symbols == nil ? 0 : 4 as UInt16)  // e_shnum
    file.append(fixed: 0 as UInt16)  // e_shstrndx
    for (load, offset) in zip(loads, offsets) {
      appendProgramHeader(
        &file, type: 1, offset: offset, linear: load.linearAddress, physical: load.physicalAddress,
        fileSize: UInt64(load.data.count), memorySize: load.memorySize, alignment: 4096)
    }
    if entryDescriptor != nil {
      appendProgramHeader(
        &file, type: 4, offset: layout.note, linear: 0, physical: 0, fileSize: UInt64(noteSize),
        memorySize: UInt64(noteSize), alignment: noteAlignment)
    }
    return (file.bytes + body.bytes, layout)
  }

  private func appendNote(
    _ writer: inout ByteWriter, name: String, type: UInt32, descriptor: [UInt8], from start: Int
  ) {
    let first = writer.bytes.count
    func pad() {
      while (writer.bytes.count - first) % Int(noteAlignment) != 0 { writer.append(0 as UInt8) }
    }
    writer.append(fixed: UInt32(name.utf8.count + 1))
    writer.append(fixed: UInt32(descriptor.count))
    writer.append(fixed: type)
    writer.bytes += Array(name.utf8) + [0]
    pad()
    writer.bytes += descriptor
    pad()
  }

  private func appendProgramHeader(
    _ writer: inout ByteWriter, type: UInt32, offset: Int, linear: UInt64, physical: UInt64,
    fileSize: UInt64,
    memorySize: UInt64, alignment: UInt64
  ) {
    writer.append(fixed: type)
    writer.append(fixed: 7 as UInt32)  // p_flags
    writer.append(fixed: UInt64(offset))
    writer.append(fixed: linear)
    writer.append(fixed: physical)
    writer.append(fixed: fileSize)
    writer.append(fixed: memorySize)
    writer.append(fixed: alignment)
  }

  private func appendSection(
    _ writer: inout ByteWriter, type: UInt32, offset: Int, size: Int, link: UInt32,
    entrySize: UInt64
  ) {
    writer.append(fixed: 0 as UInt32)  // sh_name
    writer.append(fixed: type)
    writer.append(fixed: 0 as UInt64)  // sh_flags
    writer.append(fixed: 0 as UInt64)  // sh_addr
    writer.append(fixed: UInt64(offset))
    writer.append(fixed: UInt64(size))
    writer.append(fixed: link)
    writer.append(fixed: 0 as UInt32)  // sh_info
    writer.append(fixed: 1 as UInt64)  // sh_addralign
    writer.append(fixed: entrySize)
  }
}

extension [UInt8] {
  /// The bytes with `value` in place of what stood at `offset`, little-endian.
  func replacing(at offset: Int, with value: some FixedWidthInteger) -> [UInt8] {
    var copy = self
    Swift.withUnsafeBytes(of: value.littleEndian) {
      copy.replaceSubrange(offset..<offset + $0.count, with: $0)
    }
    return copy
  }
}
