extension KernelImage {
  /// An ELF image as far as its segments and symbols go: its headers, notes, symbols and names are read, and all else of it is zero. It names code
  /// addresses as the whole image does, and cannot be booted.
  ///
  /// nil when the file is none, or when that would be most of it.
  ///
  /// - Parameters:
  ///   - size: of the file, in bytes.
  ///   - read: gives bytes of the file; nil when it cannot.
  public init?(symbolsOf size: Int, read: @escaping (Range<Int>) -> [UInt8]?) {
    guard size > 0, UInt64(size) <= Self.byteLimit else { return nil }
    var parts = Parts(size: size, read: read)
    guard parts.add(0, UInt64(ELFClass.bits64.headerSize)), ELFHeader.isELF(parts.bytes),
      let elfClass = ELFClass(rawValue: parts.bytes[4])
    else { return nil }
    let tables = [
      (place: (28, 32), count: (44, 56), size: elfClass.programHeaderSize),
      (place: (32, 40), count: (48, 60), size: elfClass.sectionHeaderSize),
    ]
    for table in tables {
      let reader = ImageReader(bytes: parts.bytes)
      let count = reader.field(UInt16.self, at: elfClass.field(table.count.0, table.count.1))
      let place = elfClass.word(reader, at: elfClass.field(table.place.0, table.place.1))
      guard parts.add(place, UInt64(count) * UInt64(table.size)) else { return nil }
    }
    guard let header = try? ELFHeader(ImageReader(bytes: parts.bytes)) else { return nil }
    for note in header.programHeaders where note.type == .note {
      guard parts.add(note.fileOffset, note.fileSize) else { return nil }
    }
    for section in header.sectionHeaders
    where section.type == SectionHeader.symbolTable || section.type == SectionHeader.stringTable {
      guard parts.add(section.fileOffset, section.size) else { return nil }
    }
    guard let image = try? KernelImage(bytes: parts.bytes) else { return nil }
    self = image
  }

  /// A file of which some parts are there.
  private struct Parts {
    let read: (Range<Int>) -> [UInt8]?
    private(set) var bytes: [UInt8]
    /// How many bytes may still be read: half of the file in all.
    private var allowance: Int

    init(size: Int, read: @escaping (Range<Int>) -> [UInt8]?) {
      self.read = read
      bytes = [UInt8](repeating: 0, count: size)
      allowance = size / 2
    }

    /// Reads `count` bytes from `offset` on; false when they are not there, or too many.
    mutating func add(_ offset: UInt64, _ count: UInt64) -> Bool {
      guard count <= UInt64(allowance), offset <= UInt64(bytes.count), count <= UInt64(bytes.count) - offset else {
        return false
      }
      let range = Int(offset)..<Int(offset + count)
      guard !range.isEmpty else { return true }
      guard let part = read(range), part.count == range.count else { return false }
      bytes.replaceSubrange(range, with: part)
      allowance -= range.count
      return true
    }
  }
}
