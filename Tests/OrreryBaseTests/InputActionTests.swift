import OrreryBase
import Testing

@Suite struct InputActionTests {
  @Test(
    arguments: [
      .key(Key(rawValue: 0x1E), isPressed: true), .key(Key(rawValue: 0xE048), isPressed: false),
      .serial(port: 1, byte: 255), .interruptLine(15), .vector(255), .nonMaskableInterrupt,
    ] as [InputAction])
  func encodingReadsBack(action: InputAction) {
    #expect(InputAction(encoded: action.encoded) == action)
  }

  @Test(arguments: [0x2_0000, 1 << 32 | 0x1_0000, 2 << 32 | 16, 3 << 32 | 256, 4 << 32 | 1, 5 << 32] as [UInt64])
  func unknownEncodingsAreRefused(encoded: UInt64) {
    #expect(InputAction(encoded: encoded) == nil)
  }
}
