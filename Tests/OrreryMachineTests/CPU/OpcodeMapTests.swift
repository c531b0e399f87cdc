import OrreryBase
import Testing

@testable import OrreryMachine

/// Every opcode of one and two bytes in each size of code: #UD is raised where the manual's tables (volume 2, appendix A) have nothing, or something that CPUID does
/// not offer, and nowhere else.
struct OpcodeMapTests {
  /// Whether no ModRM byte, with memory or a register and any digit, makes the opcode an instruction.
  private func isBlank(_ opcode: [UInt8], _ mode: CodeMode) -> Bool {
    let operations = UnsafeMutablePointer<Operation>.allocate(capacity: Block.maximumOperationsPerInstruction)
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: Decoder.maximumLength)
    defer {
      operations.deallocate()
      bytes.deallocate()
    }
    return (0..<16 as Range<UInt8>).allSatisfy { variant in
      let modRM = (variant & 7) << 3 | (variant < 8 ? 0 : 0xC0)
      let all = opcode + [modRM] + [UInt8](repeating: 0, count: Decoder.maximumLength)
      for index in 0..<Decoder.maximumLength { bytes[index] = all[index] }
      var decoder = Decoder(mode: mode, vectorsAreEnabled: true, operations: operations, bytes: bytes)
      decoder.available = Decoder.maximumLength
      decoder.decode(rip: 0, offset: 0)
      return decoder.operationCount == 1 && operations[0].code == .system
        && operations[0].detail == SystemOperation.invalidOpcode.rawValue
    }
  }

  private func blanks(_ prefix: [UInt8], _ mode: CodeMode, among opcodes: [UInt8]) -> [UInt8] {
    opcodes.filter { isBlank(prefix + [$0], mode) }
  }

  @Test(arguments: [CodeMode.bits16, .bits32, .bits64]) func opcodesOfOneByteAreAsInTheTable(_ mode: CodeMode) {
    let prefixes: [UInt8] = [0x0F, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3]
    let opcodes = (0...255 as ClosedRange<UInt8>).filter {
      !prefixes.contains($0) && (mode != .bits64 || $0 >> 4 != 4)
    }
    let expected: [UInt8] =
      mode != .bits64
      ? []
      : [
        0x06, 0x07, 0x0E, 0x16, 0x17, 0x1E, 0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x60, 0x61, 0x62, 0x82, 0x9A, 0xC4, 0xC5,
        0xCE, 0xD4, 0xD5, 0xD6, 0xEA,
      ]
    #expect(blanks([], mode, among: opcodes) == expected)
  }

  /// Not offered: 3DNow! (0E, 0F), GETSEC (37), SSSE3 and later (38, 3A), VMX (78, 79), SSE3 (D0, F0 and others with prefixes), RSM outside of its mode (AA).
  @Test(arguments: [CodeMode.bits16, .bits32, .bits64]) func opcodesOfTwoBytesAreAsInTheTable(_ mode: CodeMode) {
    let expected: [UInt8] =
      [0x04, 0x0A, 0x0B, 0x0C, 0x0E, 0x0F, 0x24, 0x25, 0x26, 0x27] + Array(0x36...0x3F)
      + [0x6C, 0x6D, 0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7D, 0xA6, 0xA7, 0xAA, 0xB8, 0xB9, 0xD0, 0xD6, 0xE6, 0xF0, 0xFF]
    #expect(blanks([0x0F], mode, among: Array(0...255)) == expected)
  }

  /// Of the opcodes of MMX, SSE and SSE2: those that exist with a prefix.
  @Test(
    arguments: [
      (
        0x66,
        [
          0x10...0x17, 0x28...0x2F, 0x50...0x51, 0x54...0x76, 0x7E...0x7F, 0xC2...0xC2, 0xC4...0xC6, 0xD1...0xEF,
          0xF1...0xFE,
        ]
      ),
      (
        0xF3,
        [
          0x10...0x11, 0x2A...0x2A, 0x2C...0x2D, 0x51...0x53, 0x58...0x5F, 0x6F...0x70, 0x7E...0x7F, 0xC2...0xC2,
          0xD6...0xD6, 0xE6...0xE6,
        ]
      ),
      (
        0xF2,
        [
          0x10...0x11, 0x2A...0x2A, 0x2C...0x2D, 0x51...0x51, 0x58...0x5A, 0x5C...0x5F, 0x70...0x70, 0xC2...0xC2,
          0xD6...0xD6, 0xE6...0xE6,
        ]
      ),
    ] as [(UInt8, [ClosedRange<UInt8>])]) func vectorOpcodesWithPrefixesAreAsInTheTable(
      _ prefix: UInt8, _ ranges: [ClosedRange<UInt8>]
    )
  {
    let all = ([0x10...0x17, 0x28...0x2F, 0x50...0x7F, 0xC2...0xC2, 0xC4...0xC6, 0xD0...0xFE] as [ClosedRange<UInt8>])
      .flatMap { Array($0) }
    for mode in [CodeMode.bits16, .bits32, .bits64] {
      let present = all.filter { !isBlank([prefix, 0x0F, $0], mode) }
      #expect(present == ranges.flatMap { Array($0) })
    }
  }
}
