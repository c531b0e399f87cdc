import OrreryBase
import OrreryHost
import OrreryTrace
import Testing

@testable import OrreryCommands

@Suite struct DigestCommandTests {
  private let folder = TraceFolder()

  private static let events: [(Clock, Payload)] = (0..<3_000).map { index in
    (Clock(index) * 10, .mark(text: Array("line \(index) of those that the kernel wrote in this run".utf8)))
  }

  /// Another trace, of which one event differs.
  private static func changed(at place: Int) -> [(Clock, Payload)] {
    var changed = events
    changed[place].1 = .mark(text: Array("something else".utf8))
    return changed
  }

  @discardableResult
  private func digest(_ trace: String, _ name: String, _ more: String...) throws -> String {
    let run = CapturedRun(["digest", trace] + more)
    #expect(run.code == 0 && run.error.isEmpty, "\(run.error)")
    return try folder.write(name, Array(run.output.utf8))
  }

  @Test func aTraceIsTheSameAsItsDigest() throws {
    let trace = try folder.trace("a", Self.events)
    let digest = try digest(trace, "a.digest")
    for arguments in [
      [trace, digest], [digest, trace], ["--digest", trace, digest], [trace, "--digest", digest], [digest, digest],
      ["--digest", trace, trace],
    ] {
      let run = CapturedRun(["diff"] + arguments)
      #expect(run.code == 0 && run.output.isEmpty && run.error.isEmpty, "\(arguments) \(run.output)\(run.error)")
    }
    #expect(CapturedRun("diff", trace, digest, "--json").output.hasPrefix(#"{"equal":true,"#))
  }

  /// The commands are taken from what `diff` itself says, up to the event.
  @Test(arguments: [0, 1_499, 2_999])
  func theHintsLeadToTheEvent(place: Int) throws {
    let (here, there) = (try folder.trace("a", Self.events), try folder.trace("b", Self.changed(at: place)))
    var digest = try digest(there, "b.digest")
    var rounds = 0
    while true {
      let run = CapturedRun("diff", here, digest)
      #expect(run.code == 1 && run.output.hasPrefix("--- \(here)\n+++ \(digest)\n@@ first differen"), "\(run.error)")
      if run.output.contains("@@ first different event: \(Words.number(UInt64(place))), mark @@\n") {
        #expect(run.output.contains("mark       \"line \(place) of those"), "\(run.output)")
        #expect(run.output.contains("+1 event from clock"))
        break
      }
      let hint = try #require(run.output.firstMatch(of: #/orrery digest OTHER --events (\d+-\d+) /#))
      #expect(run.output.contains("orrery diff \(here) part.digest\n"))
      digest = try self.digest(there, "part\(rounds).digest", "--events", String(hint.1))
      rounds += 1
      try #require(rounds < 5)
    }
    #expect(rounds > 0)
  }

  @Test func whatThisSideHasThereCanBeShown() throws {
    let here = try folder.trace("a", Self.events)
    let there = try digest(folder.trace("b", Self.changed(at: 1_499)), "b.digest")
    let output = CapturedRun("diff", here, there).output
    let hint = try #require(output.firstMatch(of: #/what this side has there: orrery (.*)\n/#))
    let shown = CapturedRun(hint.1.split(separator: " ").map(String.init))
    #expect(shown.code == 0 && shown.output.contains("line 1499 of"))
    #expect(hint.1.hasSuffix("--lane mark"))
  }

  @Test func statAndJSONSayWhereItIs() throws {
    let here = try folder.trace("a", Self.events)
    let there = try digest(folder.trace("b", Self.changed(at: 2_999)), "b.digest")
    let stat = CapturedRun("diff", here, there, "--stat")
    #expect(stat.code == 1)
    #expect(stat.output.wholeMatch(of: #/first difference: among events [0-9_]+ to 2_999, mark\n/#) != nil)
    let json = CapturedRun("diff", here, there, "--json")
    #expect(json.code == 1 && json.output.contains(#""lanes":["mark"],"left":{"firstEvent":"#), "\(json.output)")
  }

  @Test func otherLanesAndEndsAndHeadersAreNamed() throws {
    let here = try folder.trace("a", Self.events)
    let few = try digest(folder.trace("b", Self.events, lanes: [LaneSet(.input), LaneSet(.mark)]), "b.digest")
    let lanes = CapturedRun("diff", here, few)
    #expect(lanes.code == 1 && lanes.output.contains("+input mark\n") && lanes.output.contains("orrery expand"))
    let other = RunEnd(reason: .limit, text: "the limit", steps: 1, clock: 1)
    let ended = try digest(folder.trace("c", Self.events, image: [1], end: other), "c.digest")
    let end = CapturedRun("diff", here, ended)
    #expect(
      end.code == 1 && end.output.contains("@@ header: image @@") && end.output.contains("@@ end @@\n-end: debug"))
  }

  @Test func damagedDigestsAreToldWithLineAndColumn() throws {
    let trace = try folder.trace("a", Self.events)
    let text = CapturedRun("digest", trace).output
    let lines = text.split(separator: "\n").count
    let cases: [(old: String, new: String, place: String)] = [
      ("lanes input", "lanes inputs", "8:7"), ("events 0", "events x", "10:8"), ("\ncheck", "\nchuck", "\(lines):1"),
      ("\npart 0 ", "\npart 1 ", "12:6"),
    ]
    for (index, (old, new, place)) in cases.enumerated() {
      var changed = text
      changed.replaceSubrange(try #require(changed.firstRange(of: old)), with: new)
      let digest = try folder.write("bad\(index)", Array(changed.utf8))
      let run = CapturedRun("diff", trace, digest)
      #expect(
        run.code == 2 && run.error.hasPrefix("\(digest):\(place)") && run.error.contains(": error: "), "\(run.error)")
      #expect(run.error.contains("reproduce: orrery diff "))
    }
    // A file that begins otherwise is no digest, and no trace either.
    let run = CapturedRun("diff", "--digest", trace, try folder.write("bad", Array("hello".utf8)))
    #expect(run.code == 2 && run.error.contains("not a trace"))
  }

  @Test func aDamagedTraceHasNoDigestAndEqualsNone() throws {
    let trace = try folder.trace("a", Self.events)
    let digest = try digest(trace, "a.digest")
    var bytes = try InputFile.contents(of: trace, limit: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    let damaged = try folder.write("damaged", bytes)
    let run = CapturedRun("digest", damaged)
    #expect(run.code == 2 && run.output.isEmpty && run.error.contains("\(damaged): damaged at offset "))
    let diff = CapturedRun("diff", damaged, digest)
    #expect(diff.code == 2 && diff.error.contains("\(damaged): damaged at offset "))
  }

  @Test func optionsThatNeedEventsAreRefused() throws {
    let trace = try folder.trace("a", Self.events)
    let digest = try digest(trace, "a.digest")
    for option in [["--behaviour"], ["--lane", "map"], ["-U", "3"]] {
      let run = CapturedRun(["diff", trace, digest] + option)
      #expect(run.code == 2 && run.error.contains("leave the option out"), "\(run.error)")
    }
    for events in ["", "5", "5-4", "a-b", "1-18446744073709551615", "1-2-3"] {
      #expect(CapturedRun("digest", trace, "--events", events).code == 2, "\(events)")
    }
  }

  @Test func jsonHasWhatTheTextHas() throws {
    let trace = try folder.trace("a", Self.events)
    let json = CapturedRun("digest", trace, "--json").output
    for line in CapturedRun("digest", trace).output.split(separator: "\n") where line.hasPrefix("part ") {
      let words = line.split(separator: " ")
      #expect(json.contains("{\"firstEvent\":\(words[1]),\"eventCount\":\(words[2]),\"firstClock\":\(words[3]),"))
      #expect(json.contains("\"hash\":\"\(words[4])\",\"lanes\":{\"mark\":\"\(words[6])\"}"))
    }
  }
}
