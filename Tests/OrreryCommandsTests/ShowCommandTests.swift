import ArgumentParser
import OrreryBase
import OrreryTrace
import Testing

@testable import OrreryCommands

@Suite struct ShowCommandTests {
  private let folder = TraceFolder()
  private let events: [(Clock, Payload)] = [
    (1_000, .serial(port: 0, bytes: [0x41])), (2_000, .screen(row: 0, column: 0, cells: [0x48, 7, 0x69, 7])),
    (2_500, .exitValue(16)),
  ]

  private func show(_ arguments: String...) throws -> (lines: [String], damage: [TraceDamage]) {
    var lines: [String] = []
    let damage = try ShowCommand.parse(arguments).show { lines.append($0) }
    return (lines, damage)
  }

  @Test func wholeTraceHasHeaderEventsAndEnd() throws {
    let (lines, damage) = try show(folder.trace("a", events))
    #expect(damage.isEmpty)
    #expect(lines.first?.hasPrefix("trace: revision pc-1, ") == true)
    #expect(lines.contains("        0            1_000  output     COM1 \"A\""))
    #expect(lines.last == "end: debug exit, exit value 16, after 9 steps, at clock 99: exit")
  }

  @Test func rangeOfTimeIsHalfOpenAndKnowsTheFrequency() throws {
    // 1,000 clocks a second.
    let trace = try folder.trace("a", events)
    #expect(try show(trace, "--from", "2s", "--to", "2.5s").lines.count == 1)
    #expect(try show(trace, "--from", "2_000", "--to", "2501").lines.count == 2)
    #expect(try show(trace, "--limit", "1").lines.count == 1)
    #expect(try show(trace, "--lane", "heap").lines.isEmpty)
  }

  @Test(arguments: [("6ms", "5ms"), ("2_000", "2_000")])
  func rangeWithNothingInItIsAMistake(from: String, to: String) throws {
    let trace = try folder.trace("a", events)
    let error = #expect(throws: CommandFailure.self) { try show(trace, "--from", from, "--to", to) }
    #expect(error?.description.hasPrefix("--to is not later than --from") == true)
  }

  @Test func functionOfAnImageWithoutSymbolsIsAMistake() throws {
    let trace = try folder.trace("a", events)
    let error = #expect(throws: CommandFailure.self) { try show(trace, "--symbol", "grow") }
    #expect(error?.description.hasSuffix("has no symbols; leave the option out") == true)
  }

  @Test func screenIsShownAsItWas() throws {
    let trace = try folder.trace("a", events)
    #expect(try show(trace, "--screen").lines == ["Hi"])
    #expect(try show(trace, "--screen", "--to", "2000").lines.isEmpty)
  }

  @Test func jsonIsOneObjectALine() throws {
    let (lines, _) = try show(folder.trace("a", events), "--json")
    #expect(lines.count == 5)
    #expect(lines.first?.hasPrefix(#"{"header":{"revision":"pc-1""#) == true)
    #expect(lines[3] == #"{"sequence":2,"clock":2500,"lane":"output","kind":"exitValue","value":16}"#)
    #expect(lines.last?.hasPrefix(#"{"end":{"reason":"debug exit""#) == true)
  }

  @Test func summaryIsOneObject() throws {
    let (lines, damage) = try show(folder.trace("a", events), "--summary", "--json")
    #expect(lines.count == 1 && damage.isEmpty)
    let line = try #require(lines.first)
    #expect(line.hasPrefix(#"{"header":{"revision":"pc-1","configuration":[{"key":"frequency","value":"1000"}]"#))
    #expect(
      line.contains(
        #""complete":true,"events":{"input":0,"interrupt":0,"exception":0,"map":0,"heap":0,"frame":0,"output":3,"mark":0,"state":0},"#
      ), "\(line)")
    #expect(
      line.hasSuffix(#""end":{"reason":"debug exit","text":"exit","steps":9,"clock":99,"exitValue":16,"reports":[]}}"#))
    let (cut, _) = try show(folder.trace("b", events, end: nil), "--summary", "--json", "--lane", "output")
    #expect(cut.first?.hasSuffix(#""complete":false,"events":{"output":3},"end":null}"#) == true, "\(cut)")
  }

  @Test(arguments: [
    ["--json", "--screen"], ["--json", "--behaviour"], ["--summary", "--screen"], ["--summary", "--limit", "1"],
    ["--screen", "--lane", "heap"], ["--behaviour", "--from", "1"],
  ])
  func whatWouldBeIgnoredIsRefused(options: [String]) {
    #expect(throws: (any Error).self) { try ShowCommand.parse(["t"] + options) }
  }

  @Test func damageIsToldAndTheRestShown() throws {
    var bytes = try [UInt8](TraceBytes.of(events))
    let chunk = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("OCHK".utf8)) })
    bytes[chunk + 60] ^= 1
    let (lines, damage) = try show(folder.write("bad", bytes))
    #expect(damage.map(\.offset) == [UInt64(chunk)])
    #expect(lines.last?.hasPrefix("end: debug exit") == true)
  }

  @Test(
    arguments: [("5", 5), ("1_000", 1_000), ("5ms", 5), ("1.5s", 1_500), ("2us", 0), ("3000us", 3)] as [(String, Clock)]
  )
  func timesAreReadInClocksAndSeconds(text: String, clock: Clock) {
    #expect(TimeOption(argument: text)?.clock(ClockFrequency(hertz: 1_000)) == clock)
  }

  @Test(arguments: ["", "ms", "5 ms", "-1", "1.5", "1.", "x", "99999999999999999999", "1.0000000001s"])
  func whatIsNoTimeIsRefused(text: String) {
    #expect(TimeOption(argument: text) == nil)
  }
}

private enum TraceBytes {
  static func of(_ events: [(Clock, Payload)]) throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    for (clock, payload) in events { try writer.append(payload, clock: clock) }
    try writer.finish(RunEnd(reason: .debugExit, text: "exit", steps: 9, clock: 99, exitValue: 16))
    return sink.bytes
  }
}
