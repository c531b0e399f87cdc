import OrreryBase
import Testing

@Suite struct InputActionTests {
  @Test(
    arguments: [
      .key(Key(rawValue: 0x1E), isPressed: true), .key(Key(rawValue: 0xE048), isPressed: false),
      .serial(port: 1, byte: 255), .interruptLine(15), .vector(255), .nonMaskableInterrupt,
      .flip(.register(.rip, bit: 31)), .flip(.register(.rflags, bit: 0)),
      .flip(.memory(PhysicalAddress(0xF_FFFF_FFFF_FFFF), bit: 7)), .flip(.memory(PhysicalAddress(0), bit: 0)),
    ] as [InputAction])
  func encodingReadsBack(action: InputAction) {
    #expect(InputAction(encoded: action.encoded) == action)
  }

  @Test(
    arguments: [
      0x2_0000, 1 << 56 | 0x1_0000, 2 << 56 | 16, 3 << 56 | 256, 4 << 56 | 1, 5 << 56 | 16 << 8 | 32, 5 << 56 | 19 << 8,
      6 << 56 | 1 << 55, 7 << 56,
    ] as [UInt64])
  func unknownEncodingsAreRefused(encoded: UInt64) {
    #expect(InputAction(encoded: encoded) == nil)
  }

  @Test func everyRegisterHasItsName() {
    let registers = (UInt8.min...UInt8.max).compactMap { FlippableRegister(rawValue: $0) }
    // 16 general and 16 vector registers, rip, rflags and cr2.
    #expect(registers.count == 35)
    for register in registers { #expect(FlippableRegister(name: register.name) == register) }
    #expect(FlippableRegister(name: "xmm16") == nil && FlippableRegister(name: "eax") == nil)
  }

  /// CF 0, PF 2, AF 4, ZF 6, SF 7, TF 8, IF 9, DF 10, OF 11 (Intel SDM volume 1, figure 3-8).
  @Test func onlyFlagsThatExistCanTurnOver() {
    #expect((0..<64).filter { FlippableRegister.rflags.has(bit: $0) } == [0, 2, 4, 6, 7, 8, 9, 10, 11])
  }
}
