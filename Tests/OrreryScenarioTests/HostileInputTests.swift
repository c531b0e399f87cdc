import OrreryBase
import OrreryScenario
import Testing

/// Whatever the text, parsing ends in a scenario or an error, soon and in little memory.
@Suite struct HostileInputTests {
  /// A build without optimisation is an order slower, and learns as much from less.
  private static let million = _isDebugAssertConfiguration() ? 100_000 : 1_000_000

  /// A text under a name that is short enough for a test's report.
  struct Nonsense: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var text: @Sendable () -> String

    /// `part` as often as makes a million bytes, between `before` and `after`.
    init(_ before: String, _ part: String, _ after: String = "") {
      testDescription = before + part + "…" + after
      text = { before + String(repeating: part, count: million / part.utf8.count + 1) + after }
    }
  }

  @Test(arguments: [
    Nonsense("", "("), Nonsense("at ", "(", "1"), Nonsense("at ", "1 + ", "1 ms: nmi"),
    Nonsense("at ", "1 * ", "1 ms: nmi"),
    Nonsense("", "{"), Nonsense("at 1 ms ", "{\n"), Nonsense("at 1 ms: nmi ", "}"),
    Nonsense("", "a"), Nonsense("", "9"),
    Nonsense("at 0x", "F", " ms: nmi"), Nonsense("\"", "x"), Nonsense("at 1 ms: key ", "A+", "A"),
    Nonsense("", "\0"),
    Nonsense("", "\0\u{1}"), Nonsense("", "/."), Nonsense("", "é"), Nonsense("", "\"\\q"),
    Nonsense("at 1 ms: type \"{", "{{", "\""),
    Nonsense("at 1 ms: type \"{", "A+", "\""), Nonsense("at 1 ms: type \"", "é", "\""),
    Nonsense("", "evry\n"),
    Nonsense("", "param"), Nonsense("", "param K = 1\n"), Nonsense("lanes ", "input,"),
    Nonsense("heap { allocate f(", "_,", "_) }"),
    Nonsense("machine {", "memory\n"),
  ])
  func aMillionBytesOfNonsenseAreRefused(nonsense: Nonsense) {
    #expect(throws: ScenarioError.self) { try Scenario(parsing: nonsense.text(), file: "f") }
  }

  @Test func aTextBeyondTheLimitIsRefusedUnread() {
    #expect(throws: ScenarioError.self) {
      try Scenario(parsing: String(repeating: "#", count: Scenario.textLimit + 1), file: "f")
    }
  }

  @Test func longButSoundTextsAreAccepted() throws {
    let typed = String(repeating: "aB ", count: Self.million / 10)
    let scenario = try Scenario(
      parsing: "at 1 ms: type \"\(typed)\"" + String(repeating: "\n", count: Self.million / 10)
        + "# "
        + String(repeating: "c", count: Self.million), file: "f")
    // Each `a` and blank is two transitions, each `B` four.
    #expect(
      try scenario.bound().rules.first?.actions.first.map {
        if case .typed(let keys) = $0 { keys.count } else { 0 }
      } == 8 * (Self.million / 10))
    #expect(try Scenario(parsing: scenario.description, file: "g") == scenario)
  }

  /// Sound scenarios with bytes cut, doubled and changed.
  @Test func noDamagedScenarioIsMoreThanAnError() {
    var generator = SeededGenerator(seed: 5)
    for round in 0..<(_isDebugAssertConfiguration() ? 300 : 3_000) {
      var random = RandomScenario(seed: UInt64(round))
      var bytes = Array(random.scenario().description.utf8)
      for _ in 0..<Int.random(in: 1...5, using: &generator) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...0x7F, using: &generator)
        case 1: bytes.remove(at: index)
        case 2:
          bytes.insert("{}()\"\\+*:,;\n…#".utf8.randomElement(using: &generator) ?? 0, at: index)
        default: bytes.removeSubrange(index...)
        }
      }
      do {
        let scenario = try Scenario(parsing: String(decoding: bytes, as: UTF8.self), file: "f")
        #expect(throws: Never.self) { try Scenario(parsing: scenario.description, file: "g") }
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func thereIsAnEndToNamesAndWarnings() throws {
    func problems(_ line: (Int) -> String, _ count: Int) -> [ScenarioProblem] {
      do throws(ScenarioError) {
        return try Scenario(parsing: (0..<count).map { line($0) + "\n" }.joined(), file: "f").warnings(golden: false)
      } catch { return error.problems }
    }
    let parameters = problems({ "param K\($0) = 1" }, 1_001)
    #expect(parameters.map(\.message) == ["a scenario has at most 1000 parameters"])
    #expect(parameters.first?.line == 1_001)
    let functions = problems({ "heap { free f\($0)(pointer) }" }, 257)
    #expect(functions.map(\.message) == ["a scenario names at most 256 functions to be watched"])
    // Each of these stops comes after the limit on time.
    #expect(problems({ "stop at \($0 + 61) s" }, 20_000).count == 50)
  }
}
