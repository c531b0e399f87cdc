public import OrreryBase

/// A kernel image, checked: an ELF file for x86-64 or the 80386, or bytes that a Multiboot header says where to load.
///
///     let image = try KernelImage(bytes: bytes)
///     let plan = try image.plan(for: image.preferredProtocol(), memorySize: 64 << 20, commandLine: Array("test=heap".utf8))
///
/// Every length and offset is checked before use; reading costs time and memory in proportion to the file.
public struct KernelImage: Sendable {
  /// Memory sizes a plan can be made for, in bytes: a page past 1 MiB up to where a PC's 32-bit PCI window begins.
  public static let memorySizes: ClosedRange<UInt64> = 0x10_1000...0xC000_0000
  /// The largest file that is read, an image or a module, in bytes.
  public static let byteLimit: UInt64 = 1 << 30
  /// The longest command line, in bytes.
  public static let commandLineLimit = 4095

  /// The file.
  public let bytes: [UInt8]
  /// In ascending order of physical address; they do not overlap, and none is empty. Those of the ELF file if it is one, whatever a Multiboot
  /// header says of its own.
  public let segments: [Segment]
  /// The entry point of the ELF header (`e_entry`), or of the Multiboot header.
  public let entry: LinearAddress
  /// The physical address of the 32-bit entry that a PVH note names; nil when there is no such note.
  public let pvhEntry: UInt32?
  /// Empty when the image was stripped.
  public let symbols: SymbolTable
  /// The Multiboot headers that are in the image.
  let multiboot: MultibootHeader?
  let multiboot2: Multiboot2Header?
  /// The sections of the ELF file, as its header lists them.
  let sections: ELFSections?

  /// - Throws: `ImageError` naming the first field that is wrong.
  public init(bytes: [UInt8]) throws(ImageError) {
    let reader = ImageReader(bytes: bytes)
    guard !bytes.isEmpty else {
      throw ImageError(
        offset: 0, problem: "the file is empty",
        remedy: "give a kernel built as an ELF executable, or one with a Multiboot header")
    }
    self.bytes = bytes
    multiboot = try MultibootHeader(reader)
    multiboot2 = try Multiboot2Header(reader)
    guard ELFHeader.isELF(bytes) else {
      guard let load = multiboot2?.load ?? multiboot?.load else { throw Self.notAnImage(reader) }
      segments = [load.segment]
      entry = LinearAddress(UInt64(multiboot2?.entry?.address ?? multiboot?.entry?.address ?? 0))
      pvhEntry = nil
      symbols = SymbolTable([])
      sections = nil
      return
    }
    let header = try ELFHeader(reader)
    segments = try header.segments(reader)
    entry = LinearAddress(header.entry)
    pvhEntry = try PVHNote.entry(header.programHeaders, reader)
    symbols = try SymbolTable(sections: header.sectionHeaders, reader)
    sections = ELFSections(header)
  }

  /// Why bytes that are no ELF file, and do not say where to load them, cannot be booted.
  private static func notAnImage(_ reader: ImageReader) -> ImageError {
    let firstWrong = zip(reader.bytes, ELFHeader.magic).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
    let problem = "this is not an ELF file: its first bytes are not 7f 45 4c 46"
    if let offset = MultibootHeader.offset(in: reader) ?? Multiboot2Header.offset(in: reader) {
      return ImageError(
        offset: UInt64(firstWrong),
        problem: problem + ", and its Multiboot header at \(hexadecimal(offset)) does not say where to load it",
        remedy: "link it as an ELF executable, or give the header its address fields")
    }
    return ImageError(
      offset: UInt64(firstWrong), problem: problem + ", and it has no Multiboot header",
      remedy: "give the linked kernel itself, not a disk image, archive or compressed file")
  }
}
