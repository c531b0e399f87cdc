/// Stands in the 16 bytes before every block that C-shaped callers hold: `free` is told an address only (ISO C 7.22.3.3),
/// and allocators want the layout too.
package struct BlockHeader {
  /// The size the caller asked for, in bytes.
  private var size: UInt64
  /// The alignment, with a pattern in the high half that tells a block from anything else.
  private var mark: UInt64

  package static let byteCount = 16
  private static let allocatedPattern: UInt64 = 0x6f72_7265 << 32
  private static let freedPattern: UInt64 = 0x6672_6565 << 32
  private static let patternMask: UInt64 = 0xffff_ffff << 32

  package enum Finding: Equatable {
    case block(size: Int, alignment: Int)
    case alreadyFreed
    case notABlock
  }

  /// The layout to ask an allocator for, so that header and block fit: the block starts `prefix` bytes in.
  package static func outerLayout(of inner: BlockLayout) -> (layout: BlockLayout, prefix: Int)? {
    let alignment = max(inner.alignment, byteCount)
    guard let layout = BlockLayout(size: inner.size + alignment, alignment: alignment) else { return nil }
    return (layout, alignment)
  }

  package static func write(before block: UnsafeMutableRawPointer, _ layout: BlockLayout) {
    let header = BlockHeader(size: UInt64(layout.size), mark: allocatedPattern | UInt64(layout.alignment))
    (block - byteCount).storeBytes(of: header, as: BlockHeader.self)
  }

  /// What the header before `block` says; a block that was found is marked as freed when `release` is true.
  package static func inspect(before block: UnsafeMutableRawPointer, release: Bool) -> Finding {
    guard UInt(bitPattern: block) % UInt(byteCount) == 0 else { return .notABlock }
    var header = (block - byteCount).load(as: BlockHeader.self)
    switch header.mark & patternMask {
    case allocatedPattern:
      let alignment = header.mark & ~patternMask
      if release {
        header.mark = freedPattern | alignment
        (block - byteCount).storeBytes(of: header, as: BlockHeader.self)
      }
      return .block(size: Int(header.size), alignment: Int(alignment))
    case freedPattern:
      return .alreadyFreed
    default:
      return .notABlock
    }
  }
}
