import Foundation
import Testing

extension AcceptanceTests {
  /// What one small change of the input does first is what `diff` names, and nothing before it. Which event that is, the test reads in what
  /// `show` says of each trace alone.
  @Suite struct FirstDifferenceTests {
    /// The session's events, and those of the session with a change.
    private struct Pair {
      let left: [NSDictionary]
      let right: [NSDictionary]
      let difference: NSDictionary
      let text: String

      /// The first place in which the events themselves differ.
      var index: Int? { zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset }
      var firstLeft: NSDictionary? { (difference["left"] as? [NSDictionary])?.first }
      var firstRight: NSDictionary? { (difference["right"] as? [NSDictionary])?.first }
    }

    private func compare(image: [UInt8]? = nil, scenario: String? = nil) async throws -> Pair {
      let bench = try Workbench()
      let kernel = Array(try Data(contentsOf: URL(filePath: Workbench.kernel)))
      try bench.write("a.elf", kernel)
      try bench.write("b.elf", image ?? kernel)
      try bench.write("a.scenario", Workbench.session)
      try bench.write("b.scenario", try scenario ?? Workbench.session)
      var events: [[NSDictionary]] = []
      for name in ["a", "b"] {
        let run = try await bench.orrery(
          "record", "\(name).elf", "--scenario", "\(name).scenario", "-o", "\(name).orrery")
        try #require(run.end.code == 0, "\(run.error)")
        let lines = try await bench.orrery("show", "--json", "\(name).orrery").output.split(separator: "\n")
        // Without the header's line and the end's.
        events.append(try lines.dropFirst().dropLast().map { try json($0) })
      }
      let diff = try await bench.orrery("diff", "a.orrery", "b.orrery", "--json")
      #expect(diff.end.code == 1)
      let text = try await bench.orrery("diff", "a.orrery", "b.orrery")
      #expect(text.end.code == 1 && text.error == "reproduce: orrery diff a.orrery b.orrery\n")
      let difference = try #require(try json(diff.output[...])["firstDifference"] as? NSDictionary)
      return Pair(left: events[0], right: events[1], difference: difference, text: text.output)
    }

    private func json(_ line: Substring) throws -> NSDictionary {
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
    }

    private func expectNamed(_ pair: Pair) throws {
      let index = try #require(pair.index)
      #expect(pair.firstLeft == pair.left[index])
      #expect(pair.firstRight == pair.right[index])
      // What is shown before it is equal on both sides, and stands directly before it.
      let equal = try #require(pair.difference["equal"] as? [NSDictionary])
      #expect(equal == Array(pair.left[(index - equal.count)..<index]))
      #expect(pair.text.contains("@@ first different event: "))
    }

    @Test func changedKeystrokeIsTheFirstDifference() async throws {
      let session = try Workbench.session
      let changed = session.replacing("type \"map 3{Enter}\"", with: "type \"map 4{Enter}\"")
      try #require(changed != session)
      let pair = try await compare(scenario: changed)
      try expectNamed(pair)
      #expect(pair.firstLeft?["lane"] as? String == "input" && pair.firstLeft?["key"] as? String == "3")
      #expect(pair.firstRight?["lane"] as? String == "input" && pair.firstRight?["key"] as? String == "4")
      #expect(pair.firstLeft?["clock"] as? Int == pair.firstRight?["clock"] as? Int)
    }

    @Test func interruptMovedByOneInstructionIsTheFirstDifference() async throws {
      let session = try Workbench.session
      let changed = session.replacing("+ 3 steps", with: "+ 4 steps")
      try #require(changed != session)
      let pair = try await compare(scenario: changed)
      try expectNamed(pair)
      #expect(pair.firstLeft?["kind"] as? String == "interruptLine" && pair.firstLeft?["line"] as? Int == 0)
      #expect(pair.firstRight?["kind"] as? String == "interruptLine" && pair.firstRight?["line"] as? Int == 0)
      let left = try #require(pair.firstLeft?["clock"] as? Int)
      #expect(pair.firstRight?["clock"] as? Int == left + 1)
    }

    @Test func changedLetterOfTheKernelIsTheFirstDifference() async throws {
      var image = Array(try Data(contentsOf: URL(filePath: Workbench.kernel)))
      let words = Array("went on after it".utf8)
      let places = image.indices.filter { image[$0...].starts(with: words) }
      try #require(places.count == 1, "the kernel's text is no longer what this test changes")
      image[places[0]] = UInt8(ascii: "W")
      let pair = try await compare(image: image)
      try expectNamed(pair)
      // The kernel writes each character to the screen before COM1, and a screen is told at the next port write.
      #expect(pair.firstLeft?["kind"] as? String == "screen" && pair.firstLeft?["characters"] as? String == "w")
      #expect(pair.firstRight?["kind"] as? String == "screen" && pair.firstRight?["characters"] as? String == "W")
      #expect(pair.text.contains("@@ header: image @@"))
    }
  }
}
