import OrreryScenario
import Testing

/// Lines and columns are counted by hand; messages are what docs/SCENARIO.md promises: place, what was expected, the nearest word.
@Suite struct MistakeTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    var text: String
    var line: Int
    var column: Int
    var length: Int
    var message: String
    var remedy: String

    init(
      _ text: String, _ line: Int, _ column: Int, length: Int = 1, _ message: String,
      _ remedy: String = ""
    ) {
      (self.text, self.line, self.column, self.length) = (text, line, column, length)
      (self.message, self.remedy) = (message, remedy)
    }

    var testDescription: String { text }
  }

  static let mistakes: [Mistake] = [
    // Characters and texts.
    Mistake(
      "at 1 ms: nmi // x", 1, 14, length: 2, "unexpected character `/`", "a comment begins with #"),
    Mistake(
      "at 1 ms: type 'x'", 1, 15, "unexpected character `'`", "a text stands between \" and \""),
    Mistake(
      "at 1 ms: serial “x”", 1, 17, "unexpected character U+201C", "a text stands between \" and \""
    ),
    Mistake("\0", 1, 1, "unexpected character U+0000"),
    Mistake(
      "at 1 ms: serial \"abc", 1, 17, length: 4, "expected `\"` at the end of the text", "write \\n"
    ),
    Mistake("at 1 ms: serial \"abc\n\"", 1, 17, length: 4, "expected `\"` at the end of the text"),
    Mistake("at 1 ms: serial \"a\\qb\"", 1, 19, length: 2, "unknown escape", "escapes are \\n"),
    Mistake(
      "at 1 ms: serial \"\\x4\"", 1, 18, length: 2, "expected two hexadecimal digits after `\\x`"),
    Mistake(
      "at 1 ms: serial \"a\u{1}b\"", 1, 19, "a control character stands in a text",
      "write it as \\x01"),
    // Numbers.
    Mistake(
      "at 1.5 ms: nmi", 1, 4, length: 3, "expected a whole number", "1500 us rather than 1.5 ms"),
    Mistake("at 18446744073709551616 ns: nmi", 1, 4, length: 20, "the number exceeds 64 bits"),
    Mistake("at 0x s: nmi", 1, 4, length: 2, "expected hexadecimal digits"),
    Mistake(
      "at (1 + 2 ms: nmi", 1, 11, length: 2, "expected `)` to close the parenthesis, found `ms`"),
    Mistake("at ms: nmi", 1, 4, length: 2, "expected a number, found `ms`"),
    Mistake("at 1 + ms: nmi", 1, 8, length: 2, "expected a number, found `ms`"),
    Mistake(
      "on symbol f hit 2 + 1: nmi", 1, 22,
      "expected a unit of time (`steps`, `ns`, `us`, `ms` or `s`), found `:`"),
    // Statements.
    Mistake(
      "evry 1 ms: nmi", 1, 1, length: 4, "expected a statement, found `evry`",
      "did you mean `every`?"),
    Mistake("7", 1, 1, "expected a statement, found `7`", "statements begin with `machine`"),
    Mistake("at 1 ms: nmi\n}", 2, 1, "expected a statement, found `}`"),
    Mistake(
      "expect tripel fault", 1, 8, length: 6, "expected `limit`, `triple fault` or `not modelled`, found `tripel`",
      "did you mean `triple`?"),
    Mistake("expect triple", 1, 14, "expected `fault`, found the end of the file"),
    Mistake("expect limit\nexpect limit", 2, 1, length: 6, "`expect` was already given on line 1", "keep one of them"),
    // Triggers and delays.
    Mistake(
      "at 5: nmi", 1, 5, "expected a unit of time (`steps`, `ns`, `us`, `ms` or `s`), found `:`"),
    Mistake("at 5 stesp: nmi", 1, 6, length: 5, "expected a unit of time", "did you mean `steps`?"),
    Mistake("after \"x\": nmi", 1, 7, length: 3, "expected `serial`, `screen` or `mark`, found a text"),
    Mistake(
      "after serail \"x\": nmi", 1, 7, length: 6, "expected `serial`, `screen` or `mark`, found `serail`",
      "did you mean `serial`?"),
    Mistake(
      "after serial COM5 \"x\": nmi", 1, 14, length: 4,
      "expected `COM1`, `COM2`, `COM3` or `COM4` or a text"),
    Mistake("after serial: nmi", 1, 13, "expected the text to wait for in quotes, found `:`"),
    Mistake("after screen COM1 \"x\": nmi", 1, 14, length: 4, "expected the text to wait for in quotes, found `COM1`"),
    Mistake("after mark \"\": nmi", 1, 12, length: 2, "an empty text is never waited for"),
    Mistake("after scren \"x\": nmi", 1, 7, length: 5, "expected `serial`", "did you mean `screen`?"),
    Mistake("on sybmol f: nmi", 1, 4, length: 6, "expected `symbol`", "did you mean `symbol`?"),
    Mistake("on symbol : nmi", 1, 11, "expected the name of a symbol, found `:`"),
    Mistake(
      "on symbol a::b: nmi", 1, 12, "expected the rest of the rule", "put a name with :: in quotes"),
    Mistake(
      "on symbol \"\\xFF\": nmi", 1, 11, length: 6, "the name of a symbol must be valid UTF-8"),
    Mistake("on symbol f + 3: nmi", 1, 16, "expected a unit of time"),
    Mistake(
      "on symbol f nmi", 1, 13, length: 3,
      "expected `+` and a delay, `every`, `:` or `{` before the actions, found `nmi`"),
    Mistake(
      "every 1 ms untl 3 ms: nmi", 1, 12, length: 4,
      "expected `until`, a number of `times`, `:` or `{`", "did you mean `until`?"),
    Mistake(
      "every 1 ms 3 time: nmi", 1, 14, length: 4, "expected `times`, found `time`",
      "did you mean `times`?"),
    Mistake("every random 1 2 ms: nmi", 1, 16, "expected `…` and the longest period, found `2`"),
    Mistake("every random 1…2 ms: nmi", 1, 20, "expected `seed`, found `:`"),
    // Actions.
    Mistake("at 1 ms:", 1, 9, "expected an action", ""),
    Mistake("at 1 ms: tpye \"x\"", 1, 10, length: 4, "expected an action", "did you mean `type`?"),
    Mistake("at 1 ms { }", 1, 9, "a rule without actions does nothing", "name one"),
    Mistake("at 1 ms {\n  nmi\n", 1, 9, "expected `}` for this `{`, found the end of the file"),
    Mistake(
      "at 1 ms: nmi nmi", 1, 14, length: 3, "expected `,` or the end of the statement, found `nmi`"),
    Mistake(
      "at 1 ms: key Entre", 1, 14, length: 5, "expected the name of a key, found `Entre`",
      "did you mean `Enter`?"),
    Mistake("at 1 ms: key 12", 1, 14, length: 2, "expected the name of a key, found `12`"),
    Mistake("at 1 ms: press Ctrl+C", 1, 20, "expected `,` or the end of the statement, found `+`"),
    Mistake(
      "at 1 ms: type \"a{Entr}b\"", 1, 18, length: 4, "expected the name of a key, found `Entr`",
      "did you mean `Enter`?"),
    Mistake("at 1 ms: type \"\\\"{Ctrl+}\"", 1, 24, "expected the name of a key, found ``"),
    Mistake(
      "at 1 ms: type \"a{b\"", 1, 17, length: 2, "expected `}` after the name of a key", "write {{"),
    Mistake(
      "at 1 ms: type \"né!\"", 1, 17, "no key of a US keyboard types this character",
      "name keys in braces"),
    Mistake("at 1 ms: type \"\"", 1, 15, length: 2, "nothing is typed"),
    Mistake("at 1 ms: serial \"\"", 1, 17, length: 2, "no bytes are sent"),
    // Ranges.
    Mistake("at 1 ms: irq 16", 1, 14, length: 2, "an interrupt line must be from 0 to 15, not 16"),
    Mistake("at 1 ms: vector 31", 1, 17, length: 2, "a vector must be from 32 to 255, not 31"),
    Mistake("at 1 ms: vector 256", 1, 17, length: 3, "a vector must be from 32 to 255, not 256"),
    Mistake("on symbol f hit 0: nmi", 1, 17, "a hit count must be at least 1, not 0"),
    Mistake("at 3 - 5 ms: nmi", 1, 4, length: 5, "a time must be at least 0, not -2"),
    Mistake(
      "at 18446744073709551615 s: nmi", 1, 4, length: 20,
      "a time of 18446744073709551615 s exceeds 2^62 clocks"),
    Mistake("at 4611686018427387905 steps: nmi", 1, 4, length: 19, "exceeds 2^62 clocks"),
    Mistake("every 0 ms: nmi", 1, 7, "a period must be at least one clock"),
    Mistake("every 1 ms 0 times: nmi", 1, 12, "the number of times must be at least 1, not 0"),
    Mistake(
      "every random 9…2 ms seed 1: nmi", 1, 16, "the longest period is shorter than the shortest"),
    Mistake("after serial \"\": nmi", 1, 14, length: 2, "an empty text is never waited for"),
    Mistake("on symbol \"\": nmi", 1, 11, length: 2, "the name of a symbol is empty"),
    Mistake(
      "at 0xFFFFFFFFFFFFFFFF * 0xFFFFFFFFFFFFFFFF * 4 ns: nmi", 1, 4, length: 43,
      "the number exceeds 127 bits"),
    // Parameters.
    Mistake("param = 3", 1, 7, "expected the parameter's name, found `=`"),
    Mistake("param K 3", 1, 9, "expected `=` and the parameter's values, found `3`"),
    Mistake(
      "param ms = 3", 1, 7, length: 2,
      "expected a name for the parameter that is no unit, `times` or `until`"),
    Mistake("param K = 4…3", 1, 13, "the last value, 3, is less than the first, 4"),
    Mistake("param K = 0…8 by 0", 1, 18, "the distance between values must be at least 1, not 0"),
    Mistake("param K = 1\nparam K = 2", 2, 7, "`K` was already given on line 1", "keep one"),
    Mistake(
      "param Key = 1\nat Kye ms: nmi", 2, 4, length: 3, "there is no parameter `Kye`",
      "did you mean `Key`?"),
    Mistake("at K ms: nmi", 1, 4, "there is no parameter `K`", "declare it: param K = 0…10"),
    Mistake("param K = 16…20\nat 1 ms: irq 2 * K - K", 2, 14, length: 9, "not 16 (K = 16)"),
    // Settings.
    Mistake(
      "machine memory 1 MiB", 1, 9, length: 6, "expected `{` to open the block, found `memory`"),
    Mistake(
      "machine { memroy 4 MiB }", 1, 11, length: 6, "expected a machine setting",
      "did you mean `memory`?"),
    Mistake(
      "machine { memory 4 MB }", 1, 20, length: 2,
      "expected `bytes`, `KiB`, `MiB` or `GiB`, found `MB`"),
    Mistake(
      "machine { memory 1 MiB }", 1, 18,
      "the memory must be from 2097152 to 3221225472 bytes, not 1 MiB"),
    Mistake(
      "machine { memory 4194305 bytes }", 1, 18, length: 7,
      "the memory must be a multiple of 4096 bytes"),
    Mistake(
      "machine { memory 0xFFFFFFFFFFFFFFFF GiB }", 1, 18, length: 18, "the memory must be from"),
    Mistake(
      "machine { frequency 1 kHz }", 1, 21, "the frequency must be from 1 MHz to 100 GHz, not 1 kHz"
    ),
    Mistake("machine { command \"x\" }", 1, 19, length: 3, "expected `line`, found a text"),
    Mistake(
      "machine { command line \"a\\x00\" }", 1, 24, length: 7,
      "the command line must have at most 2047 bytes"),
    Mistake("machine { command line x }", 1, 24, "expected the command line in quotes, found `x`"),
    Mistake(
      "machine { tlb warm }", 1, 15, length: 4, "expected `coherent` or `stale`, found `warm`"),
    Mistake(
      "machine { memory 4 MiB\nmemory 8 MiB }", 2, 1, length: 6,
      "`memory` was already given on line 1"),
    Mistake("machine {\n  memory 4 MiB\n", 1, 9, "expected `}` for this `{`"),
    Mistake("limits { step 3 }", 1, 10, length: 4, "expected a limit", "did you mean `steps`?"),
    Mistake("limits { steps 0 }", 1, 16, "the limit on steps must be from 1 to"),
    Mistake("limits { time 0 s }", 1, 15, "the limit on time must be at least one clock"),
    Mistake(
      "lanes inptu", 1, 7, length: 5, "expected `input`, `interrupt`", "did you mean `input`?"),
    Mistake(
      "lanes input output", 1, 13, length: 6,
      "expected `,` or the end of the statement, found `output`"),
    Mistake(
      "heap { alocate f(size) }", 1, 8, length: 7, "expected `allocate`, `reallocate` or `free`",
      "did you mean `allocate`?"),
    Mistake("heap { allocate f }", 1, 19, "expected `(` before the arguments, found `}`"),
    Mistake(
      "heap { allocate f(sise) }", 1, 19, length: 4, "expected `pointer`, `size`",
      "did you mean `size`?"),
    Mistake("heap { free f(size) }", 1, 8, length: 4, "`free` needs the argument `pointer`"),
    Mistake("heap { allocate f(size, size) }", 1, 8, length: 8, "`size` is named twice"),
    Mistake("heap { allocate f(_, _, _, _, _, size) }", 1, 8, length: 8, "has 6 arguments"),
    // Stops.
    Mistake("stop 5 ms", 1, 6, "expected `at`, `after` or `on`, found `5`"),
    Mistake(
      "stop at 5 ms: nmi", 1, 13, "expected `+` and a delay or the end of the statement, found `:`"),
  ]

  @Test(arguments: [
    "every random 0…0 steps seed 1: nmi", "every random 0…5 steps seed 1: nmi", "every random 5…0 steps seed 1: nmi",
    "every random 9…2 ms seed 1: nmi", "every random 5…18446744073709551615 s seed 1: nmi",
  ])
  func oneMistakeInAPeriodIsSaidOnce(text: String) throws {
    let error = try #require(throws: ScenarioError.self) { try Scenario(parsing: text, file: "f").bound() }
    #expect(error.problems.count == 1, "\(error)")
  }

  @Test(arguments: mistakes)
  func aMistakeIsReportedAtItsPlace(mistake: Mistake) throws {
    let error = try #require(throws: ScenarioError.self) {
      try Scenario(parsing: mistake.text, file: "f")
    }
    let problem = try #require(error.problems.first)
    #expect(problem.line == mistake.line, "\(error)")
    #expect(problem.column == mistake.column, "\(error)")
    #expect(problem.length == mistake.length, "\(error)")
    #expect(problem.message.contains(mistake.message), "\(error)")
    #expect(problem.remedy.contains(mistake.remedy), "\(error)")
    // The unreadable characters of one line may be several problems; nothing else is reported twice.
    #expect(error.problems.count <= 2, "\(error)")
  }

  @Test func severalMistakesAreReportedAtOnceInTheOrderOfTheText() throws {
    let text = """
      machine {
        memroy 4 MiB
        uart slow
      }
      at 1 ms {
        kye A
        nmi
        irk 3
      }
      evry 2 ms: nmi
      after serial "x": type "{F13}"
      stop at 5 minutes
      """
    let error = try #require(throws: ScenarioError.self) { try Scenario(parsing: text, file: "f") }
    #expect(
      error.problems.map { [$0.line, $0.column] } == [
        [2, 3], [3, 8], [6, 3], [8, 3], [10, 1], [11, 26], [12, 11],
      ])
  }

  @Test func theMessageShowsTheLineWithACaretUnderThePlace() throws {
    let error = try #require(throws: ScenarioError.self) {
      try Scenario(parsing: "at start: nmi\n\tat 1 ms: irq\t16\r\n", file: "traces/a.scenario")
    }
    #expect(
      error.description == """
        traces/a.scenario:2:15: error: an interrupt line must be from 0 to 15, not 16
           at 1 ms: irq 16
                        ^~
        """)
  }

  @Test func aLongLineIsShownAroundThePlace() throws {
    let text =
      "at 1 ms: type \"" + String(repeating: "a", count: 300) + "{Nokey}\", nmi # "
      + String(repeating: "b", count: 300)
    let error = try #require(throws: ScenarioError.self) { try Scenario(parsing: text, file: "f") }
    let lines = error.description.split(separator: "\n")
    #expect(lines[0] == "f:1:317: error: expected the name of a key, found `Nokey`")
    #expect(lines[1].count <= 104)
    let caret = try #require(lines[2].firstIndex(of: "^"))
    let shown = lines[1][
      lines[1].index(
        lines[1].startIndex, offsetBy: lines[2].distance(from: lines[2].startIndex, to: caret))...]
    #expect(shown.hasPrefix("Nokey}"))
  }

  @Test func moreThanTwentyMistakesAreCounted() throws {
    let error = try #require(throws: ScenarioError.self) {
      try Scenario(parsing: String(repeating: "evry\n", count: 30), file: "f")
    }
    #expect(error.problems.count == 30)
    #expect(error.description.hasSuffix("\nand 10 more errors"))
  }
}
