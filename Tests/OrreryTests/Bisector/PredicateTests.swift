import OrreryBase
import Testing

@testable import Orrery

@Suite struct PredicateTests {
  @Test(
    arguments: [
      "rax == 5", "byte at 0x10_0000 != 0", "qword at ticks+8 >= 100 and not mapped 0x4444_4444_0000",
      "(reached kernelMain hit 3 or reached \"Heap.allocate(size:)\") and rflags & 0x200 == 0",
      "not (clock > 1000 and steps < 5)", "interrupts 32 == 10", "dword at physical buffer-4 == steps", "halted == 1",
      "clock >= 1ms", "byte at f & 0xF == 3",
    ])
  func whatTheHelpOffersIsRead(text: String) throws {
    #expect(try Predicate(parsing: text).text == text)
  }

  @Test func andBindsTighterThanOr() throws {
    #expect(
      try Predicate(parsing: "cpl == 0 or cpl == 1 and cpl == 2").root
        == Predicate(parsing: "cpl == 0 or (cpl == 1 and cpl == 2)").root)
    #expect(
      try Predicate(parsing: "not cpl == 0 and cpl == 1").root
        == Predicate(parsing: "(not (cpl == 0)) and cpl == 1").root)
  }

  /// A text, the column of its mistake, and a part of what is said.
  @Test(
    arguments: [
      ("", 1, "expected a value, found the end"), ("rax = 5", 5, "unexpected character `=`"),
      ("rax == ", 8, "expected a value"), ("eax == 1", 1, "`eax` is no value"),
      ("byte 0x1000 == 1", 6, "expected `at` and an address"),
      ("rax == 5 rbx == 6", 10, "expected `and`, `or` or the end"),
      ("(rax == 5", 10, "expected `)`"), ("reached f hit 0", 15, "hits count from 1"),
      ("rax == 0x", 8, "expected a number"), ("rax == 99999999999999999999", 8, "expected a number of 64 bits"),
      ("interrupts 256 == 1", 12, "a vector is 0 to 255"), ("reached \"f", 9, "expected a name"),
      ("rax && rbx", 5, "unexpected `&&`"), ("mapped", 7, "expected an address"),
      ("rax", 4, "expected a comparison"), ("byte at 0x1000 == 300", 19, "a byte is never 300"),
      ("70_000 != word at f", 11, "a word is never 70000"), ("rax == 5ms", 8, "compared with `clock` only"),
      ("rax == 1 | rbx == 2", 10, "unexpected character `|`"),
      ("byte at f + 0x8000_0000_0000_0000 == 1", 13, "an offset is less than 2^63"),
    ])
  func aMistakeIsSaidWithItsPlace(text: String, column: Int, message: String) throws {
    let error = try #require(throws: PredicateError.self) { try Predicate(parsing: text) }
    #expect(error.column == column)
    #expect(error.message.contains(message) || error.description.contains(message), "\(error)")
    // The caret stands under the column, after two spaces of margin.
    let caret = try #require(error.description.split(separator: "\n").first { $0.drop { $0 == " " }.hasPrefix("^") })
    #expect(caret.prefix { $0 == " " }.count == column + 1)
  }

  @Test func nothingGoesTooDeepOrTooLong() {
    #expect(throws: PredicateError.self) { try Predicate(parsing: String(repeating: "(", count: 100) + "rax == 1") }
    #expect(throws: PredicateError.self) { try Predicate(parsing: String(repeating: "not ", count: 100) + "rax == 1") }
    #expect(throws: PredicateError.self) {
      try Predicate(parsing: "rax == 1" + String(repeating: " or rax == 1", count: 400))
    }
  }

  @Test func noTextTraps() {
    var generator = SeededGenerator(seed: 3)
    let words = [
      "rax", "byte", "at", "0x10", "(", ")", "not", "and", "or", "==", "<", "&", "-", "+", "\"", "reached", "hit",
      "mapped", "7", "é", "!",
    ]
    for _ in 0..<5_000 {
      let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in words.randomElement(using: &generator) ?? ""
      }
      .joined(separator: Bool.random(using: &generator) ? " " : "")
      do throws(PredicateError) { _ = try Predicate(parsing: text) } catch { #expect(!error.description.isEmpty) }
    }
  }
}
