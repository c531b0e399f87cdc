import Foundation
import Testing

extension AcceptanceTests {
  /// Code is told by the lines of its source, where the image and the host allow it.
  @Suite struct SourceLineTests {
    private let history: CommitHistory

    init() async throws {
      history = try await CommitHistory(.pageFlag, at: 1, broken: [])
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      #expect(
        try await history.orrery(["record", "kernel.elf", "-s", "keys.scenario", "-o", "a.orrery"]).end.code == 0)
    }

    private func line(of text: String) throws -> Int {
      let lines = String(decoding: try history.bench.bytes("kernel.c"), as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false)
      return try #require(lines.firstIndex { $0.contains(text) }) + 1
    }

    @Test func callOfAnAllocatorHasTheLineOfTheCall() async throws {
      let show = try await history.orrery(["show", "a.orrery", "--lane", "heap"])
      let lines = show.output.split(separator: "\n")
      let sizes = [("allocate 128 bytes", "sizeof(struct Task)"), ("allocate 80 bytes", "sizeof(struct Buffer)")]
      for (event, call) in sizes {
        let event = try #require(lines.first { $0.contains(event) })
        #expect(event.hasSuffix("(kernel.c:\(try line(of: call)))"), "\(event)")
      }
      let json = try await history.orrery(["show", "a.orrery", "--lane", "heap", "--limit", "1", "--json"])
      #expect(json.output.contains("\"line\":\"kernel.c:\(try line(of: "sizeof(struct Task)"))\""), "\(json.output)")
    }

    @Test func linesCanBeLeftOut() async throws {
      let show = try await history.orrery(["show", "a.orrery", "--no-lines"])
      #expect(show.output.contains("kmalloc from kernelMain+") && !show.output.contains("kernel.c:"))
    }

    @Test func whatWasOnceReadIsKnownWithoutTheTool() async throws {
      let with = try await history.orrery(["show", "a.orrery"])
      let home = history.environment.filter { !$0.hasPrefix("PATH=") } + ["PATH=/nonexistent"]
      let without = try await history.bench.run(try Workbench.tool, ["show", "a.orrery"], environment: home)
      #expect(with.output.contains("(kernel.c:") && without.output == with.output && without.error.isEmpty)
    }

    @Test func withoutAToolThereAreNoLinesAndOneWordAboutItWhenAsked() async throws {
      let nothing = ["PATH=/nonexistent"]
      let quiet = try await history.bench.run(try Workbench.tool, ["show", "a.orrery"], environment: nothing)
      #expect(quiet.end.code == 0 && quiet.error.isEmpty && !quiet.output.contains("kernel.c:"))
      let asked = try await history.bench.run(
        try Workbench.tool, ["show", "a.orrery", "--lines"], environment: nothing)
      #expect(
        asked.output == quiet.output && asked.error.contains("neither llvm-symbolizer nor addr2line is installed"))
    }

    @Test(arguments: ["llvm-symbolizer", "addr2line"])
    func everyToolSaysTheSame(tool: String) async throws {
      let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      guard
        let found = folders.map({ "\($0)/\(tool)" }).first(where: { FileManager.default.isExecutableFile(atPath: $0) })
      else { return }
      let folder = history.bench.file("cache/\(tool)-only")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(tool)", withDestinationPath: found)
      let show = try await history.bench.run(
        try Workbench.tool, ["show", "a.orrery", "--lane", "heap"], environment: ["PATH=\(folder)"])
      #expect(show.output.contains("(kernel.c:\(try line(of: "sizeof(struct Task)")))"), "\(show.output)")
    }

    @Test func toolThatFailsOrTalksNonsenseOnlyCostsTheLines() async throws {
      let folder = history.bench.file("cache/broken")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for script in ["exit 1", "yes", "head -c 100000 /dev/zero"] {
        let file = "\(folder)/llvm-symbolizer"
        try Data("#!/bin/sh\nPATH=/usr/bin:/bin\n\(script)\n".utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        let show = try await history.bench.run(
          try Workbench.tool, ["show", "a.orrery", "--lane", "heap"], environment: ["PATH=\(folder)"])
        #expect(show.end.code == 0 && show.output.contains("allocate 128 bytes") && !show.output.contains("kernel.c"))
      }
    }

    @Test(arguments: ["4", "5"])
    func everyVersionOfDWARFIsRead(version: String) async throws {
      let build = String(decoding: try history.bench.bytes("build.sh"), as: UTF8.self)
      try history.bench.write("build.sh", build.replacingOccurrences(of: " -g ", with: " -gdwarf-\(version) "))
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      #expect(try await history.orrery(["record", "kernel.elf", "-o", "b.orrery", "--limit", "100000"]).end.code == 2)
      let show = try await history.orrery(["show", "b.orrery", "--lane", "heap"])
      #expect(show.output.contains("(kernel.c:\(try line(of: "sizeof(struct Task)")))"), "\(show.output)")
    }

    @Test func behaviourDiffNamesTheLineOfAChange() async throws {
      let kernel = String(decoding: try history.bench.bytes("kernel.c"), as: UTF8.self)
      try history.bench.write("kernel.c", kernel.replacingOccurrences(of: "u8 bytes[80]", with: "u8 bytes[96]"))
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      #expect(
        try await history.orrery(["record", "kernel.elf", "-s", "keys.scenario", "-o", "b.orrery"]).end.code == 0)
      let diff = try await history.orrery(["diff", "--behaviour", "a.orrery", "b.orrery"])
      #expect(
        diff.output.split(separator: "\n").contains {
          $0.hasPrefix("~ heap: ") && $0.hasSuffix("(kernel.c:\((try? line(of: "sizeof(struct Buffer)")) ?? 0))")
        }, "\(diff.output)")
    }
  }
}
