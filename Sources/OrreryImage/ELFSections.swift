internal import OrreryBase

/// The section headers of an ELF image, for kernels that look for their own symbols in them.
struct ELFSections {
  private let headers: [SectionHeader]
  let entrySize: Int
  /// The number of the section with the names of sections.
  let namesIndex: UInt16

  var count: Int { headers.count }

  /// nil when the image has none.
  init?(_ header: ELFHeader) {
    guard !header.sectionHeaders.isEmpty else { return nil }
    headers = header.sectionHeaders
    entrySize = header.elfClass.sectionHeaderSize
    namesIndex = header.sectionNames
  }

  /// The headers as a kernel gets them: sections that no segment loads (symbols, names, debugging information) are placed behind the kernel, and their
  /// headers say where.
  ///
  /// nil, with `plan` as it was, when memory has no room for them or the file does not have what they claim: a kernel can do without.
  func placed(in plan: inout BootPlan, _ reader: ImageReader) -> [UInt8]? {
    var plannedWith = plan
    var table: [UInt8] = []
    for header in headers {
      var entry = Array(reader.bytes[header.range])
      if header.address == 0, header.size > 0, header.type != SectionHeader.none, header.type != SectionHeader.noBits {
        let alignment = header.alignment
        guard alignment & (alignment &- 1) == 0, alignment <= 4096,
          let range = try? reader.range(
            at: header.fileOffset, count: header.size, claimedAt: header.fileOffsetField, "a section"),
          let place = plannedWith.place(reader.bytes[range], alignment: max(1, alignment))
        else { return nil }
        let field = header.addressField - header.range.lowerBound
        for index in 0..<4 { entry[field + index] = UInt8(truncatingIfNeeded: place.lowerBound >> UInt64(8 * index)) }
      }
      table += entry
    }
    plan = plannedWith
    return table
  }

  /// Whether there is a section of this name.
  func contains(_ name: String, _ reader: ImageReader) -> Bool {
    guard Int(namesIndex) < headers.count, headers[Int(namesIndex)].type == SectionHeader.stringTable else {
      return false
    }
    let names = headers[Int(namesIndex)]
    let wanted = Array(name.utf8) + [0]
    return headers.contains { header in
      let (start, overflow) = names.fileOffset.addingReportingOverflow(
        UInt64(reader.field(UInt32.self, at: header.range.lowerBound)))
      guard !overflow, start < reader.size, UInt64(wanted.count) <= reader.size - start else { return false }
      return reader.bytes[Int(start)..<Int(start) + wanted.count].elementsEqual(wanted)
    }
  }
}

extension KernelImage {
  /// Whether the image says which line of its source its code comes from (DWARF's line table).
  public var hasSourceLines: Bool {
    guard let sections else { return false }
    let reader = ImageReader(bytes: bytes)
    return [".debug_line", ".zdebug_line"].contains { sections.contains($0, reader) }
  }
}
