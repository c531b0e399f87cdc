/// What a key press means, after shift and caps lock.
package enum Key: Equatable {
  /// An ASCII character; Enter is "\n", Backspace 0x08, Tab 0x09, Escape 0x1b.
  case character(UInt8)
  case arrowUp, arrowDown, arrowLeft, arrowRight
  case home, end, pageUp, pageDown, insert, delete
  /// F1 is 1.
  case function(Int)
}
