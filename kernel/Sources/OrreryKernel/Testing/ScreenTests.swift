import Kernel
import KernelLogic

@Sendable func screenTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("printedTextStandsOnTheScreen", printedTextStandsOnTheScreen))
  visit(KernelTest("manyLinesScroll", manyLinesScroll))
}

private func rowText(_ row: Int) -> [UInt8] { (0..<80).map { TextModeMemory().load(row: row, column: $0).code } }

private func printedTextStandsOnTheScreen() {
  Console.clearScreen()
  print("Wörld")
  // The two bytes of "ö" have no character of their own.
  expect(Array(rowText(0)[..<6]) == [0x57, 0xfe, 0xfe, 0x72, 0x6c, 0x64])
  println()
}

private func manyLinesScroll() {
  for line in 0..<60 { println("line \(line)") }
  expect(Array(rowText(23)[..<7]) == Array("line 59".utf8))
  expect(Array(rowText(0)[..<7]) == Array("line 36".utf8))
}
