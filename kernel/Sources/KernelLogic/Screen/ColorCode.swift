/// The 16 colours of VGA text mode (IBM VGA technical reference, "Attribute Byte").
package enum Color: UInt8, CaseIterable {
  case black, blue, green, cyan, red, magenta, brown, lightGray
  case darkGray, lightBlue, lightGreen, lightCyan, lightRed, pink, yellow, white
}

/// The attribute byte of a character: background in the high half, foreground in the low one.
package struct ColorCode: Equatable {
  package var rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package init(foreground: Color, background: Color) {
    rawValue = background.rawValue << 4 | foreground.rawValue
  }
}
