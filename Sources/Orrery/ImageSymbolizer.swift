import OrreryBase
public import OrreryImage
import OrreryScenario
public import OrreryTrace

/// Names code addresses by the symbols of a kernel image.
///
/// A function has the name its source gives it, as far as its linkage name can be read (`SourceName`), otherwise its linkage name.
public struct ImageSymbolizer: Symbolizer {
  private let symbols: SymbolTable
  private let ranges: [Range<UInt64>]

  public init(_ image: KernelImage) {
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
    let name = SourceName(mangled: symbol.name)?.path.joined(separator: ".") ?? symbol.name
    return SymbolizedAddress(name: name, offset: offset)
  }

  public func isImage(_ address: UInt64) -> Bool { ranges.contains { $0.contains(address) } }
}

extension TraceReader {
  /// The symbols of the trace's own image; none when the image has none or is damaged.
  public func symbolizer() -> any Symbolizer {
    guard let header = try? header(), let image = try? RunImage(bytes: header.image) else { return NoSymbols() }
    return ImageSymbolizer(image.kernel)
  }
}

extension EventRendering {
  /// Words for the events of `reader`: functions by the symbols of its own image, keys by their names in scenarios.
  public init(of reader: TraceReader) {
    self.init(symbolizer: reader.symbolizer(), keyName: { KeyNames.name(of: $0) })
  }
}
