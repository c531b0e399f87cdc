import Foundation
import FoundationXML
import Glibc
import Testing

extension AcceptanceTests {
  /// Someone else's kernels under `orrery test` and `orrery accept`.
  @Suite struct GoldenRunnerTests {
    private let bench: Workbench

    /// Two cases of a kernel that says `Hi`; their goldens are accepted.
    init() async throws {
      bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      for name in ["one", "two"] { try addCase(name) }
      try bench.write("traces/kernel.txt", "image: ../guest.elf\n")
      let accept = try await bench.orrery("accept", "--yes", "traces")
      try #require(accept.end.code == 0, "\(accept.error)")
      #expect(accept.output == "accepted: traces/one/golden.txt\naccepted: traces/two/golden.txt\n2 accepted\n")
    }

    private func addCase(_ name: String, scenario: String = "limits { steps 1000 }\n") throws {
      try FileManager.default.createDirectory(
        atPath: bench.file("traces/\(name)"), withIntermediateDirectories: true)
      try bench.write("traces/\(name)/\(name).scenario", scenario)
    }

    /// The kernel says `Ho` from now on.
    private func changeKernel() throws {
      var image = GuestImage.greets.bytes
      let index = try #require(image.indices.first { image[$0...].starts(with: [0xB0, 0x69, 0xEE]) })
      image[index + 1] = 0x6F
      try bench.write("guest.elf", image)
    }

    @Test func everythingTheSameIsQuiet() async throws {
      let test = try await bench.orrery("test")
      #expect(test.end.code == 0 && test.output == "2 cases: 2 the same\n" && test.error.isEmpty)
      let verbose = try await bench.orrery("test", "-v", "traces/two")
      #expect(verbose.output == "same: traces/two\n1 case: 1 the same\n")
    }

    /// A machine with other memory and frequency than a scenario gives by itself.
    @Test func savedMachineKeepsItsSettings() async throws {
      try bench.write("m.scenario", "machine { memory 32 MiB; frequency 2 GHz }\n")
      let saved = try await bench.orrery("save", "guest.elf", "--scenario", "m.scenario", "--at", "3", "-o", "h.state")
      try #require(saved.end.code == 0, "\(saved.error)")
      try bench.write("traces/kernel.txt", "image: ../h.state\n")
      let accept = try await bench.orrery("accept", "--yes", "traces/one")
      #expect(accept.end.code == 0, "\(accept.output)\(accept.error)")
      #expect(try await bench.orrery("test", "traces/one").end.code == 0)
      try addCase("one", scenario: "machine { memory 64 MiB }\n")
      let test = try await bench.orrery("test", "traces/one")
      #expect(test.end.code == 2 && test.output.contains("the saved machine has another memory"), "\(test.output)")
    }

    @Test func changeIsShownWithTheCommandsThatRepeatAndAcceptIt() async throws {
      try changeKernel()
      let test = try await bench.orrery("test", "traces/one")
      #expect(test.end.code == 1)
      #expect(test.output.contains("\n~ output, COM1: \"Ho\", was \"Hi\"\n"), "\(test.output)")
      #expect(test.output.contains("reproduce: orrery test traces/one\naccept:    orrery accept traces/one\n"))
      #expect(test.output.hasSuffix("1 case: 1 different\n"))
      #expect(test.error == "reproduce: orrery test traces/one\n")
      #expect(try await bench.orrery("accept", "--yes", "traces/one").end.code == 0)
      #expect(try await bench.orrery("test", "traces/one").end.code == 0)
      #expect(try await bench.orrery("test").end.code == 1)
    }

    @Test func missingGoldenFailsAndIsNotWritten() async throws {
      try addCase("new")
      let test = try await bench.orrery("test")
      #expect(
        test.end.code == 1
          && test.output.contains("no golden: traces/new\ntraces/new/golden.txt: there is no golden yet"))
      #expect(!FileManager.default.fileExists(atPath: bench.file("traces/new/golden.txt")))
    }

    @Test func goldenOfAnotherFormFailsAndCanBeAccepted() async throws {
      try bench.write("traces/one/golden.txt", "orrery behaviour 0\n")
      let test = try await bench.orrery("test")
      #expect(test.end.code == 1 && test.output.contains("starts with \"orrery behaviour 0\""))
      #expect(try await bench.orrery("accept", "--yes", "traces").end.code == 0)
      #expect(try await bench.orrery("test").end.code == 0)
    }

    @Test func lostAnchorIsNeitherEqualNorDifferent() async throws {
      try addCase("lost", scenario: "on symbol kernelMain: irq 1\n")
      let test = try await bench.orrery("test")
      #expect(test.end.code == 125)
      #expect(
        test.output.contains("undecided: traces/lost\nanchor lost: traces/lost/lost.scenario:1:11: "), "\(test.output)")
      // What is known to be different counts for more.
      try changeKernel()
      #expect(try await bench.orrery("test").end.code == 1)
    }

    @Test func kernelThatCannotBeBuiltIsUndecided() async throws {
      try bench.write("traces/kernel.txt", "build: echo broken; exit 1\nimage: ../guest.elf\n")
      let test = try await bench.orrery("test")
      #expect(test.end.code == 125 && test.output.contains("  broken\n") && test.output.hasSuffix("2 undecided\n"))
      #expect(try await bench.orrery("test", "--no-build").end.code == 0)
    }

    @Test func buildIsRunOnceInTheFolderOfItsFile() async throws {
      try bench.write("traces/kernel.txt", "build: echo . >> built; cp ../guest.elf k.elf\nimage: k.elf\n")
      #expect(try await bench.run(Workbench.tool, ["test"], environment: ["PATH=/usr/bin:/bin"]).end.code == 0)
      #expect(try bench.bytes("traces/built") == Array(".\n".utf8))
    }

    @Test func brokenCaseIsTroubleAndTheOthersAreStillRun() async throws {
      try addCase("broken", scenario: "tpye\n")
      try changeKernel()
      let test = try await bench.orrery("test")
      #expect(test.end.code == 2)
      #expect(test.output.contains("trouble: traces/broken\ntraces/broken/broken.scenario:1:1: error: "))
      #expect(test.output.hasSuffix("3 cases: 2 different, 1 in trouble\n"))
      let nothing = try await bench.orrery("test", "elsewhere")
      #expect(nothing.end.code == 2 && nothing.error.hasPrefix("error: elsewhere: there is no such folder"))
    }

    @Test(arguments: ["1", "4"])
    func orderIsThatOfTheCasesHoweverManyRunAtOnce(jobs: String) async throws {
      for index in 0..<20 { try addCase("case\(index)", scenario: "limits { steps \(1_000_000 - index * 50_000) }\n") }
      let test = try await bench.orrery("test", "--jobs", jobs)
      let names = test.output.split(separator: "\n").filter { $0.hasPrefix("no golden: ") }
        .map { String($0.dropFirst(11)) }
      #expect(names.count == 20 && names == names.sorted())
    }

    @Test func tapIsOneLineACase() async throws {
      try changeKernel()
      try addCase("lost", scenario: "on symbol kernelMain: irq 1\n")
      let test = try await bench.orrery("test", "--tap")
      #expect(test.end.code == 1)
      #expect(test.output.hasPrefix("TAP version 14\n1..3\nnot ok 1 - traces/lost\n  ---\n  severity: error\n"))
      #expect(test.output.contains("not ok 2 - traces/one\n  ---\n  severity: fail\n  result: different\n"))
      #expect(test.output.contains("    ~ output, COM1: \"Ho\", was \"Hi\"\n  ...\nnot ok 3 - traces/two\n"))
      #expect(test.output.hasSuffix("\n  ...\n# 3 cases: 2 different, 1 undecided\n"))
    }

    @Test func jsonIsOneObjectALine() async throws {
      try changeKernel()
      let test = try await bench.orrery("test", "--json")
      let lines = test.output.split(separator: "\n")
      let objects = try lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(objects.count == 3 && objects[0]["case"] as? String == "traces/one")
      #expect(objects[0]["result"] as? String == "different" && (objects[0]["changes"] as? [Any])?.isEmpty == false)
      #expect((objects[2]["summary"] as? [String: Int])?["different"] == 2)
    }

    @Test func junitIsWellFormedAndCountsWhatItHas() async throws {
      try changeKernel()
      try addCase("lost", scenario: "on symbol kernelMain: irq 1\n")
      let test = try await bench.orrery("test", "--junit", "report.xml")
      #expect(test.end.code == 1)
      let reader = JUnitReader()
      let parser = XMLParser(data: Data(try bench.bytes("report.xml")))
      parser.delegate = reader
      #expect(parser.parse(), "\(String(describing: parser.parserError))")
      #expect(reader.counts == ["testsuites": 1, "testsuite": 1, "testcase": 3, "failure": 2, "error": 1])
      #expect(
        reader.text.contains("~ output, COM1: \"Ho\", was \"Hi\"\n")
          && reader.text.contains("reproduce: orrery test traces/two\n"))
    }

    @Test func signalEndsTheRunAndSaysHowFarItWas() async throws {
      try bench.write("guest.elf", GuestImage.loop.bytes)
      try addCase("long", scenario: "limits { steps 1_000_000_000_000; time 1000 s }\n")
      let child = try bench.start(try Workbench.tool, ["test", "-v"])
      var ticks = 0
      let end = try await child.wait {
        ticks += 1
        if ticks == 1_500 { kill(child.id, SIGINT) }
      }
      #expect(
        end.code == 2 && bench.errorText.contains("ended by SIGINT; 0 of 3 cases were checked"), "\(bench.errorText)")
    }

    @Test func thereIsNobodyToAskWithoutATerminal() async throws {
      try changeKernel()
      let accept = try await bench.orrery("accept")
      #expect(accept.end.code == 2 && accept.error.contains("orrery accept --yes"))
      #expect(try await bench.orrery("accept", "--yes").end.code == 2)
      #expect(try await bench.orrery("test").end.code == 1)
    }
  }
}

/// Counts elements and keeps the text.
private final class JUnitReader: NSObject, XMLParserDelegate {
  var counts: [String: Int] = [:]
  var text = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) { counts[name, default: 0] += 1 }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
