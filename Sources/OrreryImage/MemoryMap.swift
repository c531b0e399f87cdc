internal import OrreryBase

/// The memory of a PC as its firmware tells it (E820), in ascending order and without gaps.
struct MemoryMap {
  /// Where a PC keeps its first kilobyte of firmware data, video memory and firmware; the map calls all of it reserved.
  static let firmwareArea: Range<UInt64> = 0x9_FC00..<0x10_0000

  struct Entry {
    /// The types of E820, which all boot protocols took over.
    enum Kind: UInt32 {
      case usable = 1
      case reserved = 2
    }

    let range: Range<UInt64>
    let kind: Kind
  }

  let entries: [Entry]

  /// - Precondition: `memorySize` is one of `KernelImage.memorySizes`.
  init(memorySize: UInt64) {
    entries = [
      Entry(range: 0..<Self.firmwareArea.lowerBound, kind: .usable),
      Entry(range: Self.firmwareArea, kind: .reserved),
      Entry(range: Self.firmwareArea.upperBound..<memorySize, kind: .usable),
    ]
  }

  /// Usable memory from address 0, and from 1 MiB, in units of 1,024 bytes: what Multiboot calls lower and upper memory.
  var lowerKibibytes: UInt32 { kibibytes(from: 0) }
  var upperKibibytes: UInt32 { kibibytes(from: Self.firmwareArea.upperBound) }

  private func kibibytes(from address: UInt64) -> UInt32 {
    let entry = entries.first { $0.kind == .usable && $0.range.lowerBound == address }
    return UInt32(clamping: (entry?.range.count ?? 0) >> 10)
  }
}
