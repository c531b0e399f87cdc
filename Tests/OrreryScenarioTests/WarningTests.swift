import OrreryScenario
import Testing

@Suite struct WarningTests {
  private func warnings(_ text: String, golden: Bool = false) throws -> [String] {
    try Scenario(parsing: text, file: "f").warnings(golden: golden).map {
      "\($0.line):\($0.column) \($0.message)"
    }
  }

  @Test(arguments: [
    "at 1 s: nmi", "after serial \"x\" + 100 s: nmi", "press", "every 1 ms until 1 ms: nmi",
    "stop at 60 s",
    "param K = 1; at K ms: nmi", "param K = 1; on symbol f every 1 ms K times: nmi",
    "at 1 s: press A; at 2 s: release A",
  ])
  func whatMakesSenseHasNoWarning(text: String) throws {
    #expect(try warnings(text == "press" ? "" : text) == [])
  }

  @Test(arguments: [
    (
      "at start: nmi\nat 61 s: nmi",
      "2:1 this rule never fires: the limit on time ends the run before it"
    ),
    ("limits { time 1 ms }\n every 1 ms: nmi", "2:2 this rule never fires: the limit on time"),
    (
      "at 2 ms + 1 ms: nmi\nstop at 3 ms",
      "1:1 this rule never fires: `stop at` ends the run before it"
    ),
    ("every 3 ms until 2 ms: nmi", "1:1 this rule never fires: its end comes before"),
    ("limits { time 1 s }; stop at 2 s", "1:22 the limit on time comes before this stop"),
    ("param K = 1\nat 1 ms: nmi", "1:7 parameter `K` is never used"),
    ("at 1 ms: press A", "1:1 `A` is pressed and never released"),
  ])
  func whatIsProbablyNotMeantIsWarnedOf(text: String, warning: String) throws {
    let warnings = try warnings(text)
    #expect(warnings.count == 1)
    #expect(warnings.first?.hasPrefix(warning) == true, "\(warnings)")
  }

  @Test func aGoldenScenarioIsToldToWaitRatherThanCount() throws {
    let text = """
      at start: nmi
      after serial "x" + 3 steps: nmi
      on symbol f every 1 ms until 3 ms: nmi
      at 1 ms: nmi
      every 1 ms 3 times: nmi
      stop at 3 s
      """
    #expect(try warnings(text) == [])
    #expect(
      try warnings(text, golden: true).map { $0.split(separator: " ")[0] } == ["4:1", "5:1", "6:1"])
  }
}
