public import OrreryBase

/// The symbols of an image, found by name or by address.
///
///     image.symbols.find("Heap.allocate")          // by linkage name, or as the source calls it
///     image.symbols.symbol(containing: rip)        // with the offset into it
///
/// By address a search is logarithmic; by name it looks at every symbol once, which takes longer for a source name (0.3 us each). An index of names
/// would take longer to make than a run has use for it.
public struct SymbolTable: Sendable {
  /// All symbols in ascending order of address, then of name.
  public let symbols: [Symbol]
  /// Indices into `symbols` of those that can contain an instruction, one an address.
  private let containers: [Int]

  /// What a name stands for.
  public enum Match: Hashable, Sendable {
    case found(Symbol)
    /// Several symbols at different addresses answer to the name equally well, in ascending order of address.
    case ambiguous([Symbol])
    case missing
  }

  /// A table of given symbols.
  public init(_ symbols: [Symbol]) {
    let sorted = symbols.sorted { ($0.address, $0.name) < ($1.address, $1.name) }
    self.symbols = sorted
    var containers: [Int] = []
    for index in sorted.indices {
      guard let previous = containers.last, sorted[previous].address == sorted[index].address else {
        containers.append(index)
        continue
      }
      // Of several names for one place the function is what a reader knows, then the one that has an extent; a tie goes to the first by name.
      func rank(_ symbol: Symbol) -> Int { (symbol.isFunction ? 2 : 0) + (symbol.size > 0 ? 1 : 0) }
      if rank(sorted[index]) > rank(sorted[previous]) { containers[containers.count - 1] = index }
    }
    self.containers = containers
  }

  public var isEmpty: Bool { symbols.isEmpty }

  /// The symbol whose linkage name is exactly `name`; the one of the lowest address if local symbols share it.
  public func symbol(named name: String) -> Symbol? {
    symbols.first { $0.name == name }
  }

  /// The symbol whose extent has `address` in it, and how far into it that is, in bytes.
  ///
  /// A symbol without a size (assembly, linker script) extends to the next one.
  public func symbol(containing address: LinearAddress) -> (symbol: Symbol, offset: UInt64)? {
    let position = containers.partitioningIndex { symbols[$0].address > address }
    guard position > 0 else { return nil }
    let symbol = symbols[containers[position - 1]]
    let offset = address.rawValue - symbol.address.rawValue
    guard offset < symbol.size || symbol.size == 0 else { return nil }
    return (symbol, offset)
  }

  /// What `name` stands for: a linkage name, or a name as the source has it: `kernelMain`, `Heap.allocate`, `Heap.allocate(size:)`, `alloc::heap::grow`.
  ///
  /// A source name fits every symbol whose path of modules, types and function ends in it. Function bodies are preferred to copies
  /// that a compiler specialised or merged; `SourceName` says what is read of a mangled name.
  public func find(_ name: String) -> Match {
    if let symbol = symbol(named: name) { return .found(symbol) }
    guard let wanted = SourceName(written: name) else { return .missing }
    let literal = wanted.literalPart
    var best: [Symbol] = []
    var bestRank = Int.max
    for symbol in symbols {
      // Reading a mangled name costs a hundred times what a look for a part of it does.
      guard symbol.name.utf8.hasSubsequence(literal) else { continue }
      guard let candidate = SourceName(mangled: symbol.name), candidate.ends(in: wanted) else {
        continue
      }
      let rank = candidate.isCopy ? 1 : 0
      if rank < bestRank { (best, bestRank) = ([], rank) }
      if rank == bestRank, best.last?.address != symbol.address { best.append(symbol) }
    }
    switch best.count {
    case 0: return .missing
    case 1: return .found(best[0])
    default: return .ambiguous(best)
    }
  }

  /// The address that `name` stands for by `find`, when it is one.
  public func address(of name: String) -> LinearAddress? {
    if case .found(let symbol) = find(name) { symbol.address } else { nil }
  }
}

extension SymbolTable {
  /// The longest name and the most bytes of names in all: many symbols may share one long name, and each is copied.
  private static let nameLimit = 65_535
  private static let allNamesLimit = 64 << 20

  /// Reads the symbol table among `sections`; empty when there is none.
  init(sections: [SectionHeader], _ reader: ImageReader) throws(ImageError) {
    guard let table = sections.first(where: { $0.type == SectionHeader.symbolTable }) else {
      self.init([])
      return
    }
    let elfClass = table.elfClass
    let entrySize = elfClass.symbolSize
    guard table.entrySize == entrySize, table.size % UInt64(entrySize) == 0 else {
      throw ImageError(
        offset: table.entrySizeField,
        problem:
          "the symbol table has \(table.size) bytes in entries of \(table.entrySize), expected \(entrySize) each",
        remedy: "build the image again, or strip it to run without symbols")
    }
    let range = try reader.range(
      at: table.fileOffset, count: table.size, claimedAt: table.fileOffsetField, "the symbol table")
    let names = try SymbolNames(of: table, among: sections, reader)
    var symbols: [Symbol] = []
    var nameByteCount = 0
    // Entry 0 is reserved.
    for entry in stride(from: range.lowerBound + entrySize, to: range.upperBound, by: entrySize) {
      let (sectionField, sizeField) = (entry + elfClass.field(14, 6), entry + elfClass.field(8, 16))
      let info = reader.field(UInt8.self, at: entry + elfClass.field(12, 4))
      let section = reader.field(UInt16.self, at: sectionField)
      let (address, size) = (elfClass.word(reader, in: entry, 4, 8), elfClass.word(reader, at: sizeField))
      // Indices from SHN_LORESERVE (0xFF00) are not sections: absolute and common symbols.
      guard section < 0xFF00 ? Int(section) < sections.count : true else {
        throw ImageError(
          offset: UInt64(sectionField),
          problem: "a symbol is in section \(section) of \(sections.count)",
          remedy: "build the image again, or strip it to run without symbols")
      }
      let name = try names.name(at: reader.field(at: entry), claimedAt: entry)
      // STT_NOTYPE 0, STT_OBJECT 1, STT_FUNC 2; sections and files are no places a reader asks for. SHN_UNDEF is 0.
      guard info & 0xF <= 2, section != 0, !name.isEmpty else { continue }
      guard size == 0 || !address.addingReportingOverflow(size - 1).overflow else {
        throw ImageError(
          offset: UInt64(sizeField),
          problem: "a symbol of \(size) bytes at \(hexadecimal(address)) runs past 2^64",
          remedy: "build the image again, or strip it to run without symbols")
      }
      nameByteCount += name.count
      guard name.count <= Self.nameLimit, nameByteCount <= Self.allNamesLimit else {
        throw ImageError(
          offset: UInt64(entry),
          problem:
            "symbol names exceed \(Self.nameLimit) bytes each or \(Self.allNamesLimit) in all",
          remedy: "strip the image to run without symbols")
      }
      symbols.append(
        Symbol(
          name: String(decoding: name, as: UTF8.self), address: LinearAddress(address), size: size,
          isFunction: info & 0xF == 2))
    }
    self.init(symbols)
  }
}

/// The string table that a symbol table's names are in.
private struct SymbolNames {
  let bytes: ArraySlice<UInt8>
  /// The offsets of the zeros, ascending, so that no name is searched for its end.
  let ends: [Int]

  init(of table: SectionHeader, among sections: [SectionHeader], _ reader: ImageReader)
    throws(ImageError)
  {
    guard table.link < sections.count, sections[Int(table.link)].type == SectionHeader.stringTable
    else {
      throw ImageError(
        offset: table.linkField,
        problem: "section \(table.link), for the symbols' names, is no string table",
        remedy: "build the image again, or strip it to run without symbols")
    }
    let strings = sections[Int(table.link)]
    let range = try reader.range(
      at: strings.fileOffset, count: strings.size, claimedAt: strings.fileOffsetField,
      "the symbols' string table")
    bytes = reader.bytes[range]
    ends = bytes.indices.filter { reader.bytes[$0] == 0 }
  }

  func name(at offset: UInt32, claimedAt field: Int) throws(ImageError) -> ArraySlice<UInt8> {
    // Offset 0 is the empty name even of an empty table.
    if offset == 0 { return [] }
    let start = bytes.startIndex + Int(offset)
    let position = ends.partitioningIndex { $0 >= start }
    guard start < bytes.endIndex, position < ends.count else {
      throw ImageError(
        offset: UInt64(field),
        problem:
          "a symbol's name at \(offset) of \(bytes.count) bytes of names is outside or has no end",
        remedy: "build the image again, or strip it to run without symbols")
    }
    return bytes[start..<ends[position]]
  }
}

extension String.UTF8View {
  /// Whether the bytes of `part` stand together in the text.
  fileprivate func hasSubsequence(_ part: [UInt8]) -> Bool {
    guard let first = part.first else { return true }
    let found = withContiguousStorageIfAvailable { bytes in
      guard bytes.count >= part.count else { return false }
      for start in 0...(bytes.count - part.count) where bytes[start] == first {
        if bytes[start..<start + part.count].elementsEqual(part) { return true }
      }
      return false
    }
    // A text without contiguous storage is read in full instead.
    return found ?? true
  }
}
