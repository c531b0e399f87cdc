import Foundation
import Testing

extension AcceptanceTests {
  /// Bad input gives a clear message and exit code 2, and leaves nothing behind.
  @Suite struct BadInputTests {
    /// Says what is wrong in one paragraph that ends with the command to repeat it.
    private func expectTrouble(
      _ run: Workbench.Result, code: Int32 = 2, says words: String, _ comment: Comment? = nil
    ) {
      #expect(run.end.code == code && run.end.signal == nil, comment)
      #expect(run.error.contains("error: ") && run.error.contains(words), "\(comment ?? ""): \(run.error)")
      #expect(!run.error.contains("Fatal error") && !run.error.contains("\n\n"), comment)
      #expect(run.error.split(separator: "\n").last?.hasPrefix("reproduce: orrery ") == true, comment)
      #expect(run.output.isEmpty, comment)
    }

    static let images: [(name: String, bytes: [UInt8], words: String)] = {
      let good = GuestImage.loop
      var other = good
      other.machine = 183  // AArch64
      var overlapping = good
      overlapping.segments = [
        GuestImage.Segment(address: 0x10_0000, bytes: [UInt8](repeating: 0x90, count: 128), memorySize: 128),
        GuestImage.Segment(address: 0x10_0040, bytes: [UInt8](repeating: 0x90, count: 64), memorySize: 64),
      ]
      var huge = good
      huge.segments[0].memorySize = 1 << 40
      var endless = good
      endless.segments[0].memorySize = .max
      var withoutNote = good.bytes
      withoutNote[64 + 56] = 0  // p_type of the second header: none
      return [
        ("empty", [], "the file is empty"),
        ("four bytes", Array(good.bytes[..<4]), "offset 0x"),
        ("half a header", Array(good.bytes[..<32]), "offset 0x"),
        ("cut in its code", Array(good.bytes[..<177]), "offset 0x"),
        ("text", Array("#!/bin/sh\necho a kernel\n".utf8), "offset 0x0"),
        ("another processor", other.bytes, "183"),
        ("overlapping segments", overlapping.bytes, "overlaps"),
        ("a segment larger than memory", huge.bytes, "leaves the memory"),
        ("a segment past the end of addresses", endless.bytes, "runs past 2^64"),
        ("no PVH note", withoutNote, "PVH"),
      ]
    }()

    @Test func badImagesAreRefused() async throws {
      for (name, bytes, words) in Self.images {
        let bench = try Workbench()
        try bench.write("bad.elf", bytes)
        expectTrouble(try await bench.orrery("run", "bad.elf"), says: words, "\(name)")
        expectTrouble(try await bench.orrery("record", "bad.elf", "-o", "t.orrery"), says: words, "\(name)")
        #expect(try bench.names() == ["bad.elf"], "\(name)")
      }
    }

    @Test func missingFilesAreNamed() async throws {
      let bench = try Workbench()
      try bench.write("good.elf", GuestImage.loop.bytes)
      expectTrouble(try await bench.orrery("run", "none.elf"), says: "none.elf")
      expectTrouble(
        try await bench.orrery("record", "good.elf", "--scenario", "none.scenario", "-o", "t.orrery"),
        says: "none.scenario")
      expectTrouble(try await bench.orrery("replay", "none.orrery"), says: "none.orrery")
      expectTrouble(try await bench.orrery("show", "good.elf"), says: "not a trace")
      #expect(try bench.names() == ["good.elf"])
    }

    /// The text of a scenario, and line and column of its mistake, counted by hand.
    static let scenarios: [(text: String, line: Int, column: Int)] = [
      ("at 10 msec: irq 1", 1, 7), ("after serial \"ready> \": tpye \"help{Enter}\"", 1, 25),
      ("\n\nat 5 ms: key Entr", 3, 14), ("on symbl start: nmi", 1, 4), ("at 2 ms: type \"abc", 1, 15),
      ("limits { stps 4 }", 1, 10), ("machine { memory 64 MB }", 1, 21), ("param J = 9…3", 1, 13),
      ("nmi\n", 1, 1), ("at 1 ms: irq 16", 1, 14), ("at 1 ms: vector 3", 1, 17), ("at 1 ms: irq K", 1, 14),
      ("every 0 ms: irq 0", 1, 7), ("machine {\n  memory 3 bytes\n}", 2, 10), ("at 1 ms: type \"{Entr}\"", 1, 17),
    ]

    @Test func mistakesOfAScenarioPointAtTheirPlace() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.loop.bytes)
      for (text, line, column) in Self.scenarios {
        try bench.write("bad.scenario", text + "\n")
        let run = try await bench.orrery("record", "guest.elf", "--scenario", "bad.scenario", "-o", "t.orrery")
        expectTrouble(run, says: "bad.scenario:\(line):\(column): error: ", "\(text)")
        let lines = run.error.split(separator: "\n", omittingEmptySubsequences: false)
        let place = try #require(
          lines.firstIndex { $0.hasPrefix("bad.scenario:\(line):\(column): error: ") }, "\(text): \(run.error)")
        #expect(lines[place + 1] == "  " + text.split(separator: "\n", omittingEmptySubsequences: false)[line - 1])
        // The caret stands under the column, two places in.
        #expect(lines[place + 2].hasPrefix(String(repeating: " ", count: column + 1) + "^"), "\(text): \(run.error)")
      }
      #expect(try bench.names() == ["guest.elf", "bad.scenario"])
    }

    @Test func symbolThatTheKernelDoesNotHaveIsNamed() async throws {
      let bench = try Workbench()
      try bench.write("s.scenario", "\non symbol nowhere: nmi\n")
      let run = try await bench.orrery("record", try Workbench.kernel, "--scenario", "s.scenario", "-o", "t.orrery")
      // As a step of a bisect: the kernel can be neither good nor bad.
      expectTrouble(run, code: 125, says: "s.scenario:2:11: error: ")
      #expect(run.error.contains("'nowhere'"))
      #expect(try bench.names() == ["s.scenario"])
    }

    @Test func outputThatCannotBeWrittenIsRefused() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      try FileManager.default.createDirectory(atPath: bench.file("folder"), withIntermediateDirectories: false)
      for (path, words) in [
        ("folder", "folder"), ("folder/", "folder"), ("missing/t.orrery", "No such file"),
        ("guest.elf/t.orrery", "Not a directory"), ("/proc/t.orrery", "/proc/t.orrery"),
        ("/dev/full", "No space left on device"),
      ] {
        expectTrouble(try await bench.orrery("record", "guest.elf", "-o", path), says: words, "\(path)")
      }
      #expect(try bench.names() == ["guest.elf", "folder"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: bench.file("folder")).isEmpty)
    }

    /// A file that may not grow is to the writer what a full disk is; `ulimit -f` counts 512 bytes.
    @Test func diskThatFillsUpBeforeTheFirstEventLeavesNothing() async throws {
      let bench = try Workbench()
      let run = try await bench.run(
        "/bin/sh",
        [
          "-c", #"ulimit -f 64; exec "$0" record "$1" --scenario "$2" -o t.orrery"#, try Workbench.tool,
          try Workbench.kernel, Workbench.sessionPath,
        ])
      expectTrouble(run, says: "File too large")
      #expect(try bench.names() == [])
    }

    @Test func diskThatFillsUpLaterLeavesAReadableBeginning() async throws {
      let bench = try Workbench()
      try bench.write("ticks.scenario", "limits { time 1 s }\nafter serial \"ready> \" every 10 us: irq 0\n")
      let run = try await bench.run(
        "/bin/sh",
        [
          "-c", #"ulimit -f 1200; exec "$0" record "$1" --scenario ticks.scenario -o t.orrery"#, try Workbench.tool,
          try Workbench.kernel,
        ])
      expectTrouble(run, says: "File too large")
      #expect(run.error.contains("orrery show t.orrery.partial"))
      #expect(try bench.names() == ["ticks.scenario", "t.orrery.partial"])
      let show = try await bench.orrery("show", "t.orrery.partial")
      #expect(show.end.code == 0 && show.output.hasSuffix("end: the recording was cut short\n"))
    }
  }
}
