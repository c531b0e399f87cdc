import OrreryBase
public import OrreryImage
import OrreryScenario
public import OrreryTrace
import Synchronization

/// Names code addresses by the symbols of a kernel image.
///
/// A function has the name its source gives it, as far as its linkage name can be read (`SourceName`), otherwise its linkage name.
public struct ImageSymbolizer: Symbolizer {
  private let symbols: SymbolTable
  private let ranges: [Range<UInt64>]
  private let segments: [Segment]
  private let lines: Lines?
  private let names = ReadNames()

  /// Gives the source lines of a linear address of the image.
  public typealias Lines = @Sendable (UInt64) -> [String]

  /// - Parameter lines: from the image's debugging information, which is read above.
  public init(_ image: KernelImage, lines: Lines? = nil) {
    self.lines = lines
    segments = image.segments
    symbols = image.symbols
    // Before paging, and where memory is mapped one to one, code runs at its physical addresses.
    ranges = image.segments.flatMap { segment in
      [segment.linearAddress.rawValue, segment.physicalAddress.rawValue].map { start in
        start..<max(
          start, start.addingReportingOverflow(segment.memorySize).overflow ? .max : start + segment.memorySize)
      }
    }
  }

  public func function(containing address: UInt64) -> SymbolizedAddress? {
    guard isImage(address), let (symbol, offset) = symbols.symbol(containing: LinearAddress(address)) else {
      return nil
    }
    return SymbolizedAddress(name: names.name(of: symbol), offset: offset)
  }

  public var functionNames: [String]? { symbols.isEmpty ? nil : symbols.symbols.map(Self.name) }

  /// The name that its source gives a function, or its linkage name.
  public static func name(of symbol: Symbol) -> String {
    SourceName(mangled: symbol.name)?.path.joined(separator: ".") ?? symbol.name
  }

  public func isImage(_ address: UInt64) -> Bool { ranges.contains { $0.contains(address) } }

  public func sourceLines(of address: UInt64) -> [String] {
    guard let lines, isImage(address) else { return [] }
    func offset(_ start: UInt64, _ segment: Segment) -> UInt64? {
      address >= start && address - start < segment.memorySize ? address - start : nil
    }
    if segments.contains(where: { offset($0.linearAddress.rawValue, $0) != nil }) { return lines(address) }
    for segment in segments {
      guard let offset = offset(segment.physicalAddress.rawValue, segment) else { continue }
      return lines(segment.linearAddress.rawValue &+ offset)
    }
    return []
  }
}

extension TraceReader {
  /// The symbols of the trace's own image; none when the image has none or is damaged.
  ///
  /// - Parameters:
  ///   - sparingly: whether no more of the image is to be read than its symbols, which are then not compared with the image's hash; there are no lines then.
  ///   - lines: gives the lines of a kernel's source, if there are any.
  public func symbolizer(
    sparingly: Bool = false, lines: (KernelImage) -> ImageSymbolizer.Lines? = { _ in nil }
  ) -> any Symbolizer {
    if sparingly, let size = imageSize.flatMap(Int.init(exactly:)),
      let kernel = KernelImage(symbolsOf: size, read: { self.imageBytes($0) })
    {
      return ImageSymbolizer(kernel)
    }
    guard let header = try? header(), let image = try? RunImage(bytes: header.image) else { return NoSymbols() }
    return ImageSymbolizer(image.kernel, lines: lines(image.kernel))
  }
}

extension EventRendering {
  /// Words for the events of `reader`: functions by the symbols of its own image, keys by their names in scenarios.
  public init(
    of reader: TraceReader, sparingly: Bool = false, lines: (KernelImage) -> ImageSymbolizer.Lines? = { _ in nil }
  ) {
    self.init(symbolizer: reader.symbolizer(sparingly: sparingly, lines: lines), keyName: { KeyNames.name(of: $0) })
  }
}

/// The names that were read already: events come from few functions, and reading a linkage name takes longer than all the rest of a line.
///
/// It is shared by the copies of a symbolizer, whichever thread has them, and changes nothing that they say.
private final class ReadNames: Sendable {
  /// By address, only looked up.
  private let names = Mutex<[LinearAddress: String]>([:])

  func name(of symbol: Symbol) -> String {
    names.withLock { names in
      if let name = names[symbol.address] { return name }
      let name = ImageSymbolizer.name(of: symbol)
      names[symbol.address] = name
      return name
    }
  }
}
