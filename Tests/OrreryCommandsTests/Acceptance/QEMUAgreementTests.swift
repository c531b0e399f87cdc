import Foundation
import Testing

extension AcceptanceTests {
  /// The same image says the same, and leaves with the same code, on another machine.
  @Suite struct QEMUAgreementTests {
    static let isInstalled = ["/usr/bin", "/usr/local/bin"].contains {
      FileManager.default.isExecutableFile(atPath: $0 + "/qemu-system-x86_64")
    }

    // Without QEMU there is nothing to compare with; `.ci/run` installs it. `dict` is left out: it needs x87.
    @Test(
      .enabled(if: isInstalled),
      arguments: [
        #"run="help; echo Hello; colors; alloc 4096; boxes 20; free; map 3; translate 0x100000; protect read-only; unmap; exit 16""#,
        #"run="fault read; fault breakpoint; ticks 2; kalloc 100 64; kfree; kalloc 100000000; exit 3""#,
        #"run="panic enough""#, #"run="overflow""#, #"run="fault divide; exit 5""#, "test=all",
      ])
    func serialOutputAndExitCodeAgree(commandLine: String) async throws {
      let bench = try Workbench()
      let expected = try await bench.run(
        "/bin/sh",
        [Workbench.repository + "/kernel/run-qemu", try Workbench.kernel, commandLine] + QEMUMachine.guestTime,
        environment: ["PATH=/usr/local/bin:/usr/bin:/bin"])
      let actual = try await bench.orrery("run", try Workbench.kernel, "--command-line", commandLine)
      #expect(!expected.output.isEmpty)
      #expect(actual.output == expected.output)
      #expect(actual.end.code == expected.end.code)
      #expect(expected.end.code.map { $0 & 1 == 1 } == true, "the guest itself ends the run: \(expected.error)")
    }
  }
}
