/// Turns scan codes of set 1 into keys, US layout (IBM Personal System/2 keyboard reference, "Scan Code Set 1";
/// the 8042 translates set 2 to this set).
///
/// A press is one byte, its release the same with bit 7 set; keys added after the XT are led by 0xe0,
/// and Pause by 0xe1 with two bytes following.
package struct ScanCodeDecoder {
  private var isExtended = false
  private var pauseBytesLeft = 0
  private var isLeftShiftDown = false
  private var isRightShiftDown = false
  package private(set) var isCapsLockOn = false
  package private(set) var isControlDown = false

  package init() {}

  /// Feeds one scan code; returns the key when it completes a press that means something.
  package mutating func decode(_ code: UInt8) -> Key? {
    if pauseBytesLeft > 0 {
      pauseBytesLeft -= 1
      return nil
    }
    switch code {
    case 0xe0:
      isExtended = true
      return nil
    case 0xe1:
      pauseBytesLeft = 2
      return nil
    default:
      break
    }
    let wasExtended = isExtended
    isExtended = false
    let isPress = code & 0x80 == 0
    return wasExtended ? decodeExtended(code & 0x7f, isPress: isPress) : decodePlain(code & 0x7f, isPress: isPress)
  }

  private mutating func decodePlain(_ code: UInt8, isPress: Bool) -> Key? {
    switch code {
    case 0x2a: isLeftShiftDown = isPress
    case 0x36: isRightShiftDown = isPress
    case 0x1d: isControlDown = isPress
    case 0x3a: if isPress { isCapsLockOn.toggle() }
    case 0x3b...0x44: return isPress ? .function(Int(code) - 0x3a) : nil
    case 0x57, 0x58: return isPress ? .function(Int(code) - 0x4c) : nil
    default: return isPress ? character(code) : nil
    }
    return nil
  }

  private mutating func decodeExtended(_ code: UInt8, isPress: Bool) -> Key? {
    // 0xe0 0x2a and 0xe0 0x36 are "fake shifts" that surround some extended keys: no key of their own.
    if code == 0x1d { isControlDown = isPress }
    guard isPress else { return nil }
    switch code {
    case 0x1c: return .character(UInt8(ascii: "\n"))
    case 0x35: return .character(UInt8(ascii: "/"))
    case 0x47: return .home
    case 0x48: return .arrowUp
    case 0x49: return .pageUp
    case 0x4b: return .arrowLeft
    case 0x4d: return .arrowRight
    case 0x4f: return .end
    case 0x50: return .arrowDown
    case 0x51: return .pageDown
    case 0x52: return .insert
    case 0x53: return .delete
    default: return nil
    }
  }

  private func character(_ code: UInt8) -> Key? {
    guard Int(code) < Self.plain.utf8CodeUnitCount else { return nil }
    let plain = Self.plain.utf8Start[Int(code)]
    guard plain != 0 else { return nil }
    let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(plain)
    let isShifted = (isLeftShiftDown || isRightShiftDown) != (isLetter && isCapsLockOn)
    return .character(isShifted ? Self.shifted.utf8Start[Int(code)] : plain)
  }

  // Indexed by scan code, 0x00 to 0x39; "\0" where the code has no character.
  private static let plain: StaticString =
    "\0\u{1b}1234567890-=\u{8}\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 "
  private static let shifted: StaticString =
    "\0\u{1b}!@#$%^&*()_+\u{8}\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 "
}
