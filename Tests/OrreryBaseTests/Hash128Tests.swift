import OrreryBase
import Testing

@Suite struct Hash128Tests {
  /// XXH3-128 of no bytes with seed 0, from the specification's published test vectors.
  @Test func emptyInputHasThePublishedHash() {
    #expect(Hash128(of: [UInt8]()).description == "99aa06d3014798d86001c324468d497f")
  }

  @Test func streamingEqualsOneShotAtEveryCut() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for cut in stride(from: 0, through: bytes.count, by: 37) {
      var streaming = StreamingHash128()
      bytes.withUnsafeBytes {
        streaming.update(UnsafeRawBufferPointer(rebasing: $0[..<cut]))
        streaming.update(UnsafeRawBufferPointer(rebasing: $0[cut...]))
      }
      #expect(streaming.finalize() == Hash128(of: bytes))
    }
  }
}
