import OrreryImage
import Testing

@Suite struct SymbolsOfImageTests {
  /// An image of some size, whose code is 64 KiB of `nop`.
  private let bytes: [UInt8] = {
    var builder = ELFBuilder()
    builder.loads[0].data = [UInt8](repeating: 0x90, count: 1 << 16)
    builder.loads[0].memorySize = 1 << 16
    return builder.build()
  }()

  @Test func symbolsAndSegmentsAreThoseOfTheWholeImage() throws {
    var count = 0
    let whole = try KernelImage(bytes: bytes)
    let part = try #require(
      withoutActuallyEscaping(
        { (range: Range<Int>) -> [UInt8]? in
          count += range.count
          return Array(bytes[range])
        }, do: { KernelImage(symbolsOf: bytes.count, read: $0) }))
    #expect(!whole.symbols.isEmpty && part.symbols.symbols == whole.symbols.symbols)
    #expect(part.segments.map(\.linearAddress) == whole.segments.map(\.linearAddress))
    #expect(part.segments.map(\.memorySize) == whole.segments.map(\.memorySize))
    #expect(count < bytes.count / 10)
  }

  @Test func whatCannotBeReadGivesNone() {
    #expect(KernelImage(symbolsOf: bytes.count, read: { _ in nil }) == nil)
    #expect(KernelImage(symbolsOf: 0, read: { _ in [] }) == nil)
    #expect(KernelImage(symbolsOf: 100, read: { Array(repeating: 0, count: $0.count) }) == nil)
    // Cut short wherever: tables and symbols are at the end.
    for count in stride(from: 64, to: bytes.count, by: 997) {
      #expect(KernelImage(symbolsOf: count, read: { Array(bytes[$0]) }) == nil)
    }
  }

  /// Every field of the headers with values that lead elsewhere.
  @Test func hostileHeadersNeverTrap() {
    for offset in 0..<64 {
      for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
        var changed = bytes
        changed[offset] = value
        _ = KernelImage(symbolsOf: changed.count, read: { Array(changed[$0]) })
      }
    }
  }
}
