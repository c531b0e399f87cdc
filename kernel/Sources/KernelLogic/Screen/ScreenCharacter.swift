/// One cell of the text screen: a code page 437 character and its colours, 16 bits in video memory
/// (IBM VGA technical reference, "Attribute Byte").
package struct ScreenCharacter: Equatable {
  package var code: UInt8
  package var color: ColorCode

  package init(code: UInt8, color: ColorCode) {
    self.code = code
    self.color = color
  }
  package init(rawValue: UInt16) {
    code = UInt8(truncatingIfNeeded: rawValue)
    color = ColorCode(rawValue: UInt8(truncatingIfNeeded: rawValue >> 8))
  }
  package var rawValue: UInt16 { UInt16(color.rawValue) << 8 | UInt16(code) }
}
