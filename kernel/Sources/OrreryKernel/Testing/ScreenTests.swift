import Kernel
import KernelLogic

@Sendable func screenTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("printedTextStandsOnTheScreen", printedTextStandsOnTheScreen))
  visit(KernelTest("longLinesWrap", longLinesWrap))
  visit(KernelTest("manyLinesScroll", manyLinesScroll))
  visit(KernelTest("integersAndTextArePrinted", integersAndTextArePrinted))
  visit(KernelTest("everyColorIsShown", everyColorIsShown))
}

/// Apart from the others: the compiler makes these of the floating-point unit's instructions.
@Sendable func floatingPointTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("floatingPointNumbersArePrinted", floatingPointNumbersArePrinted))
}

private func character(_ row: Int, _ column: Int) -> ScreenCharacter { TextModeMemory().load(row: row, column: column) }

private func isShown(_ text: StaticString, row: Int) -> Bool {
  for index in 0..<text.utf8CodeUnitCount where character(row, index).code != text.utf8Start[index] { return false }
  return true
}

private func printedTextStandsOnTheScreen() {
  Console.clearScreen()
  println("Hello Wörld!")
  // The two bytes of "ö" have no character of their own.
  expect(isShown("Hello W", row: 0) && character(0, 7).code == 0xfe && character(0, 8).code == 0xfe)
  expect(character(0, 9).code == UInt8(ascii: "r"))
}

private func longLinesWrap() {
  Console.clearScreen()
  for _ in 0..<8 { print("0123456789") }
  println()
  println("next")
  expect(character(0, 79).code == UInt8(ascii: "9") && isShown("next", row: 1))
  for _ in 0..<8 { print("0123456789") }
  println("+")
  expect(isShown("+", row: 3))
}

private func manyLinesScroll() {
  for line in 0..<30 { println("line \(line)") }
  expect(isShown("line 29", row: 23))
  expect(isShown("line 6", row: 0))
}

private func everyColorIsShown() {
  Console.clearScreen()
  for color in 0..<16 as Range<UInt8> {
    guard let color = Color(rawValue: color) else { panic("a colour is missing") }
    Console.setColor(foreground: color, background: .black)
    print("*")
  }
  Console.setColor(foreground: .lightGray, background: .black)
  println()
  for column in 0..<16 { expect(character(0, column) == ScreenCharacter(rawValue: UInt16(column) << 8 | 0x2a)) }
}

private func integersAndTextArePrinted() {
  Console.clearScreen()
  println("\(0) \(-1) \(Int.min) \(UInt64.max) \(UInt8(200)) \(hex: 0xb8000)")
  expect(isShown("0 -1 -9223372036854775808 18446744073709551615 200 0xb8000", row: 0))
}

private func floatingPointNumbersArePrinted() {
  Console.clearScreen()
  println("\(1.0 / 3.0) \(-0.0) \(1e100) \(2.5) \(Double.infinity)")
  expect(isShown("0.3333333333333333 -0.0 1e+100 2.5 inf", row: 0))
}
