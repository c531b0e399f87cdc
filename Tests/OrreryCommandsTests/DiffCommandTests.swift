import ArgumentParser
import OrreryBase
import OrreryHost
import OrreryTrace
import Testing

@testable import OrreryCommands

@Suite struct DiffCommandTests {
  private let folder = TraceFolder()
  private let events: [(Clock, Payload)] = [
    (1, .serial(port: 0, bytes: [0x41])), (2, .invalidatePage(LinearAddress(0x1000))), (3, .exitValue(16)),
  ]

  private func diff(_ arguments: String...) throws -> CommandResult { try DiffCommand.parse(arguments).compare() }

  @Test func equalTracesGiveNoOutputAndCodeZero() throws {
    let result = try diff(folder.trace("a", events), folder.trace("b", events))
    #expect(result.output.isEmpty && result.notes.isEmpty && result.code == 0)
  }

  @Test func firstDifferentEventIsShownBetweenItsNeighbours() throws {
    var changed = events
    changed[1] = (2, .invalidatePage(LinearAddress(0x2000)))
    let (a, b) = try (folder.trace("a", events), folder.trace("b", changed))
    let result = try diff(a, b, "--context", "1")
    #expect(result.code == 1)
    #expect(
      result.output == """
        --- \(a)
        +++ \(b)
        @@ first different event: 1, map @@
                 0                1  output     COM1 "A"
        -        1                2  map        invlpg 0x0000_1000
        +        1                2  map        invlpg 0x0000_2000
                 2                3  output     exit value 16

        """)
    #expect(try diff(a, b, "--stat").output == "first different event: 1, map, clock 2\n")
    #expect(try diff(a, b, "--lane", "output").code == 0)
    #expect(try diff(a, b, "--lane", "heap,map").code == 1)
    #expect(try diff(a, b, "--json").output.hasPrefix(#"{"equal":false,"left":""#))
  }

  @Test func whatFollowsTheSameOnBothSidesIsNoDifference() throws {
    let all: [(Clock, Payload)] = (0..<100).map { ($0 * 10, .invalidatePage(LinearAddress(0x1000 * $0))) }
    let mark: (Clock, Payload) = (505, .serial(port: 0, bytes: [0x41]))
    var more = all
    more.insert(mark, at: 51)
    more.insert(mark, at: 51)
    let (a, b) = try (folder.trace("a", all), folder.trace("b", more))
    let result = try diff(a, b, "--context", "2")
    // Two on the right that the left has not; what follows is shifted by them and the same.
    #expect(
      result.output == """
        --- \(a)
        +++ \(b)
        @@ first different event: 51, output @@
                49              490  map        invlpg 0x0003_1000
                50              500  map        invlpg 0x0003_2000
        +       51              505  output     COM1 "A"
        +       52              505  output     COM1 "A"
                51              510  map        invlpg 0x0003_3000
                52              520  map        invlpg 0x0003_4000

        """)
    #expect(try diff(b, a, "--context", "0").output.split(separator: "\n").dropFirst(3).map { $0.first } == ["-", "-"])
    let json = try diff(a, b, "--context", "1", "--json").output
    #expect(json.contains(#""lines":[{"kind":"added","event":{"sequence":51,"#), "\(json)")
    #expect(json.contains(#"{"kind":"same","event":{"sequence":51,"#), "\(json)")
  }

  @Test func sidesThatNeverAgreeAgainShowAFewOfEach() throws {
    let all: [(Clock, Payload)] = (0..<100).map { ($0 * 10, .invalidatePage(LinearAddress(0x1000 * $0))) }
    let later = all.map { ($0.0 < 500 ? $0.0 : $0.0 + 1, $0.1) }
    let (a, b) = try (folder.trace("a", all), folder.trace("b", later))
    let signs = try diff(a, b).output.split(separator: "\n").dropFirst(3).map { $0.first }
    #expect(String(signs.compactMap { $0 }) == "   ----++++")
  }

  @Test func sidesAreShownToTheirEndWhenThatIsNear() throws {
    let start: [(Clock, Payload)] = (1...6).map { ($0, .serial(port: 0, bytes: [0x41])) }
    let other: [(Clock, Payload)] = (1...6).map { ($0, .serial(port: 0, bytes: [0x42])) }
    let last: (Clock, Payload) = (9, .exitValue(1))
    let (a, b) = try (folder.trace("a", start + [last]), folder.trace("b", other + [last]))
    let signs = try diff(a, b, "--context", "2").output.split(separator: "\n").dropFirst(3).map { $0.first }
    #expect(String(signs.compactMap { $0 }) == "------++++++ ")
  }

  @Test func otherImageIsToldApart() throws {
    let result = try diff(folder.trace("a", events, image: [1]), folder.trace("b", events, image: [2]))
    #expect(result.code == 1)
    #expect(result.output.contains("@@ header: image @@") && !result.output.contains("first different event"))
  }

  @Test func lanesThatAreNotComparedMayBeRecordedOrNot() throws {
    let all = try folder.trace("a", events)
    let some = try folder.trace("b", events, lanes: [LaneSet(.input), LaneSet(.output), LaneSet(.state)])
    #expect(try diff(all, some, "--lane", "output").code == 0)
    #expect(try diff(all, some, "--lane", "output,state").code == 0)
    // A lane that only one of them has is a difference, though it has no event in either.
    let result = try diff(all, some, "--lane", "output,heap")
    #expect(result.code == 1 && result.output.contains("@@ header: recorded lanes @@\n-heap output\n+output\n"))
    #expect(try diff(all, some).code == 1)
  }

  @Test func recordingCutShortIsNoted() throws {
    let (a, b) = try (folder.trace("a", events), folder.trace("b", Array(events[..<2]), end: nil))
    let result = try diff(a, b)
    #expect(result.code == 1)
    #expect(result.output.contains("+(the recording was cut short here)"))
    #expect(result.notes.contains { $0.hasPrefix(b) })
  }

  @Test func behaviourIgnoresTheClock() throws {
    let later = events.map { ($0.0 * 1_000, $0.1) }
    let (a, b) = try (folder.trace("a", events), folder.trace("b", later))
    #expect(try diff(a, b).code == 1)
    #expect(try diff(a, b, "--behaviour").code == 0)
  }

  @Test func goldenTextStandsForATrace() throws {
    let trace = try folder.trace("a", events)
    var golden = ""
    _ = try ShowCommand.parse([trace, "--behaviour"]).show { golden += $0 + "\n" }
    let path = try folder.write("golden", Array(golden.utf8))
    #expect(try diff(path, trace).code == 0)
    let other = try folder.trace("b", Array(events.dropFirst()))
    let result = try diff(path, other)
    #expect(result.code == 1)
    #expect(
      result.output == "--- \(path)\n+++ \(other)\noutput: 1 removed\n- output, COM1: no longer \"A\"\n")
    #expect(try diff(path, other, "-U", "3").output.contains("@@ output, COM1, main @@\n-  \"A\"\n"))
    #expect(try diff(path, other, "--stat").output == "output, COM1, main: 1 removed\n")
  }

  @Test func damageIsTroubleEvenWhereAllElseIsEqual() throws {
    let trace = try folder.trace("a", events)
    let bytes = try InputFile.contents(of: trace, limit: 1 << 20)
    for offset in bytes.indices {
      var damaged = bytes
      damaged[offset] ^= 0x40
      let path = try folder.write("damaged", damaged)
      do {
        let result = try diff(trace, path)
        #expect(result.code == 2, "offset \(offset)")
        #expect(result.notes.contains { $0.hasPrefix("\(path): damaged at offset ") }, "offset \(offset)")
      } catch let failure as CommandFailure {
        #expect(failure.text.contains(path), "offset \(offset)")
      }
    }
  }

  @Test func whatLiesBehindADifferenceIsNotRead() throws {
    let many: [(Clock, Payload)] = (0..<100).map { ($0, .mark(text: [UInt8](repeating: 0x61, count: 4_000))) }
    var changed = many
    changed[0].1 = .mark(text: [0x62])
    let (a, b) = try (folder.trace("a", many), folder.trace("b", changed))
    var bytes = try InputFile.contents(of: b, limit: 1 << 20)
    bytes[bytes.count * 3 / 4] ^= 1
    let damaged = try folder.write("damaged", bytes)
    let result = try diff(a, damaged)
    #expect(result.code == 1 && result.notes.isEmpty && result.output.contains("first different event: 0,"))
    #expect(try diff(b, damaged).code == 2)
  }

  @Test func troubleIsNamedWithTheFile() throws {
    let trace = try folder.trace("a", events)
    let cases: [(bytes: [UInt8], word: String)] = [
      ([], "empty"), (Array("hello".utf8), "not a trace"), ([0x8F, 0x4F, 0x52], "ends inside the header"),
    ]
    for (index, (bytes, word)) in cases.enumerated() {
      let path = try folder.write("bad\(index)", bytes)
      let error = #expect(throws: CommandFailure.self) { try diff(trace, path) }
      #expect(error?.description.contains(path) == true && error?.description.contains(word) == true)
    }
    let error = #expect(throws: CommandFailure.self) { try diff(trace, folder.path) }
    #expect(error?.description.contains("folder") == true)
    #expect(throws: CommandFailure.self) { try diff(trace, folder.file("missing")) }
  }
}
