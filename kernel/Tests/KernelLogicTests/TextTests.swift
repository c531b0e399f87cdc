import KernelLogic
import Testing

private func string(_ text: ConsoleText) -> String {
  var bytes: [UInt8] = []
  text.forEachByte { bytes.append($0) }
  return String(decoding: bytes, as: UTF8.self)
}

struct ConsoleTextTests {
  @Test func numbersPrintInDecimalAndHexadecimal() {
    #expect(string("\(0) \(-7) \(UInt64.max) \(Int64.min)") == "0 -7 18446744073709551615 -9223372036854775808")
    #expect(string("\(hex: 0) \(hex: 0xdead_beef) \(hex: .max)") == "0x0 0xdeadbeef 0xffffffffffffffff")
    #expect(string("\(LinearAddress(0x4444_4444_0000))") == "0x444444440000")
  }

  @Test func textIsPassedThrough() {
    #expect(string("a \("b" as StaticString) \([0x63]) \("d" as String)") == "a b c d")
  }

  @Test func whatDoesNotFitIsMarked() {
    let long = string("\(String(repeating: "x", count: 300))")
    #expect(long.count == 256)
    #expect(long.hasSuffix("x..."))
  }

  @Test func exactlyFullIsNotMarked() {
    #expect(string("\(String(repeating: "x", count: 256))").hasSuffix("xxxx"))
  }
}

struct BootOptionsTests {
  private func value(_ key: StaticString, _ line: String) -> String? {
    BootOptions(Array(line.utf8)).value(of: key).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func valuesAreFoundByTheirWholeKey() {
    #expect(value("test", "allocator=buddy test=heap") == "heap")
    #expect(value("test", "mytest=1 tests=2 test=3 test=4") == "3")
    #expect(value("test", "test") == nil)
    #expect(value("test", "test=") == "")
    #expect(value("test", "") == nil)
  }

  @Test func quotesKeepSpaces() {
    #expect(value("run", "a=1 run=\"alloc 8; free\" b=2") == "alloc 8; free")
    #expect(value("b", "run=\"x b=1\" b=2") == "2")
    #expect(value("run", "run=\"unclosed; free") == "unclosed; free")
  }

  @Test func valuesEqualWords() {
    let options = BootOptions("test=heap".utf8)
    #expect(options.value(of: "test")?.equals("heap") == true)
    #expect(options.value(of: "test")?.equals("hea") == false)
    #expect(options.value(of: "test")?.equals("heaps") == false)
  }

  @Test func aLineThatIsTooLongIsCutOff() {
    let line = "a=1 b=" + String(repeating: "x", count: 2000) + " c=3"
    #expect(value("a", line) == "1")
    #expect(value("b", line)?.count == BootText.capacity - 6)
    #expect(value("c", line) == nil)
  }
}

struct CommandTextTests {
  @Test func wordsStandBetweenSpaces() {
    let command = CommandText(Array("  echo  a b ".utf8))
    #expect(command.words == ["echo", "a", "b"])
    #expect(command.rest == " a b ")
    #expect(CommandText([]).words.isEmpty)
  }

  @Test func scriptsAreSplitAtSemicolons() {
    #expect(
      CommandText.split(script: Array("alloc 8; free;;exit".utf8)).map(\.words) == [
        ["alloc", "8"], ["free"], ["exit"],
      ])
  }

  @Test(
    arguments: [
      ("0", 0), ("18446744073709551615", UInt64.max), ("0xffffffffffffffff", UInt64.max),
      ("0x4444_4444_0000", 0x4444_4444_0000),
    ] as [(String, UInt64)])
  func numbersAreDecimalOrHexadecimal(_ text: String, _ value: UInt64) {
    #expect(CommandText(Array("x \(text)".utf8)).number(at: 1) == value)
  }

  @Test(arguments: ["", "x", "-1", "12a", "18446744073709551616", "0x10000000000000000"])
  func otherWordsAreNoNumbers(_ text: String) {
    #expect(CommandText(Array("x \(text)".utf8)).number(at: 1) == nil)
  }
}

struct LineEditorTests {
  @Test func enterSubmitsWhatWasLeftStanding() {
    var editor = LineEditor()
    var submitted: [UInt8]?
    for byte in "helq\u{8}p\u{3}\n".utf8 {
      if case .submit(let line) = editor.type(byte) { submitted = line }
    }
    #expect(submitted == Array("help".utf8))
    #expect(editor.type(0x08) == .ignore)
  }

  @Test func aFullLineIgnoresMore() {
    var editor = LineEditor()
    for _ in 0..<LineEditor.capacity { #expect(editor.type(0x61) == .echo(0x61)) }
    #expect(editor.type(0x61) == .ignore)
    #expect(editor.type(0x7f) == .eraseLast)
    #expect(editor.type(0x62) == .echo(0x62))
  }
}
