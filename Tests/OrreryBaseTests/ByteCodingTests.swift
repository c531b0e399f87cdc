import OrreryBase
import Testing

@Suite struct ByteCodingTests {
  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, UInt64.max / 2, UInt64.max] as [UInt64])
  func varintsReadBackAsWritten(value: UInt64) throws {
    var writer = ByteWriter()
    writer.append(varint: value)
    writer.append(signedVarint: Int64(bitPattern: value))
    var reader = ByteReader(writer.bytes)
    #expect(try reader.varint() == value)
    #expect(try reader.signedVarint() == Int64(bitPattern: value))
    #expect(reader.isAtEnd)
  }

  @Test func varintHasTheLEB128Bytes() {
    // The example of the DWARF 5 specification, section 7.6: 12857 is 0xB9 0x64.
    var writer = ByteWriter()
    writer.append(varint: 12857)
    #expect(writer.bytes == [0xB9, 0x64])
  }

  @Test(
    arguments: [
      [0x80], [0x80, 0x00], [UInt8](repeating: 0xFF, count: 10), [UInt8](repeating: 0x80, count: 20),
    ] as [[UInt8]])
  func malformedVarintsAreRefusedAtTheirOffset(bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    #expect(throws: ByteCodingError.self) { try reader.varint() }
  }

  @Test func aCountBeyondTheDataIsRefused() {
    var reader = ByteReader([0xFF, 0xFF, 0x03, 1, 2])
    #expect(throws: ByteCodingError(offset: 0, reason: "65535 bytes announced, 2 left")) { try reader.counted() }
  }
}
