import Foundation
import Testing

extension AcceptanceTests {
  /// Traces in a repository, compared by git itself with the lines of docs/COMMANDS.md.
  @Suite struct GitTests {
    private let bench: Workbench

    /// A repository whose one commit has a trace of a kernel that says `Hi`; in the work tree it says `Ho`.
    init() async throws {
      bench = try Workbench()
      var image = GuestImage.greets.bytes
      try bench.write("guest.elf", image)
      try await record("t.orrery")
      try await record("same.orrery")
      try await git("init", "-q")
      try bench.write(".gitattributes", "*.orrery diff=orrery\n")
      try await git("add", ".")
      try await git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "first")
      let index = try #require(image.indices.first { image[$0...].starts(with: [0xB0, 0x69, 0xEE]) })
      image[index + 1] = 0x6F
      try bench.write("guest.elf", image)
      try await record("t.orrery")
      // Another clock, another image, and the same behaviour: a `nop` before the end.
      var longer = GuestImage.greets
      longer.segments[0].bytes.insert(0x90, at: 0)
      longer.segments[0].memorySize += 1
      try bench.write("guest.elf", longer.bytes)
      try await record("same.orrery")
    }

    private func record(_ name: String) async throws {
      let result = try await bench.orrery("record", "guest.elf", "-o", name)
      try #require(result.end.code == 0, "\(result.error)")
    }

    @discardableResult
    private func git(_ arguments: String...) async throws -> String {
      let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=\(bench.path)", "GIT_CONFIG_NOSYSTEM=1"]
      let result = try await bench.run("git", ["--no-pager"] + arguments, environment: environment)
      try #require(result.end.code == 0, "git \(arguments.joined(separator: " ")): \(result.error)")
      return result.output
    }

    @Test func driverSaysWhatTheKernelDoesOtherwise() async throws {
      try await git("config", "diff.orrery.command", "'\(try Workbench.tool)' diff --git")
      let difference = try await git("diff")
      #expect(
        difference.contains(
          "orrery diff --behaviour a/t.orrery b/t.orrery\n--- a/t.orrery\n+++ b/t.orrery\noutput: 1 changed\n"
            + "~ output, COM1: \"Ho\", was \"Hi\"\n"), "\(difference)")
      #expect(difference.contains("b/same.orrery\nthe behaviour is the same\n"))
      #expect(try await git("show", "--ext-diff").contains("orrery diff --behaviour /dev/null b/t.orrery\nnew: "))
    }

    @Test func driverGoesOnAfterAFileThatIsNoTrace() async throws {
      try await git("config", "diff.orrery.command", "'\(try Workbench.tool)' diff --git")
      try bench.write("same.orrery", "no trace\n")
      let difference = try await git("diff")
      #expect(difference.contains("not a trace") && difference.contains("~ output, COM1: \"Ho\", was \"Hi\"\n"))
    }

    @Test func textconvComparesGoldensLineByLine() async throws {
      try await git("config", "diff.orrery.textconv", "'\(try Workbench.tool)' show --behaviour")
      let difference = try await git("diff")
      #expect(difference.contains("\n-  \"Hi\"\n+  \"Ho\"\n"), "\(difference)")
      // What only a rebuild moved is no difference.
      #expect(!difference.contains("same.orrery\n+++"))
    }
  }
}
