import Foundation
import Testing

extension AcceptanceTests {
  /// `orrery bisect` of traces. The kernel says `Hi` with instructions that take one step and one clock each:
  /// mov dx at 0x100000, mov al 'H', out, mov al 'i' at 0x100007, out, mov dx, mov al 16, out.
  @Suite struct BisectInTimeTests {
    private let bench: Workbench

    init() async throws {
      bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      let recorded = try await bench.orrery("record", "kernel.elf", "-o", "a.orrery")
      try #require(recorded.end.code == 0, "\(recorded.error)")
    }

    private func record(_ name: String, inject fault: String) async throws {
      let recorded = try await bench.orrery("record", "kernel.elf", "--inject", fault, "-o", name)
      try #require(recorded.end.code == 0, "\(recorded.error)")
      let replayed = try await bench.orrery("replay", name)
      #expect(replayed.end.code == 0, "\(replayed.output)\(replayed.error)")
    }

    @Test func theFirstInstructionAfterWhichAConditionIsTrueIsTold() async throws {
      let found = try await bench.orrery("bisect", "a.orrery", "--when", "rax & 0xFF == 0x69")
      #expect(found.end.code == 0, "\(found.error)")
      #expect(found.output.contains("a.orrery: true with the instruction at clock 4, after 4 steps"), "\(found.output)")
      #expect(found.output.contains("0x0010_0007"))
      // B0 69 with or without a disassembler.
      #expect(found.output.contains("b0 69"))
      #expect(found.output.contains("rax: 0x48 → 0x69"))
      #expect(found.output.contains("rax & 0xff = 105 (0x69)"))
    }

    @Test func aConditionThatIsNeverTrueIsOne() async throws {
      let found = try await bench.orrery("bisect", "a.orrery", "--when", "rcx == 1")
      #expect(found.end.code == 1)
      #expect(found.output.contains("a.orrery: never true in 8 steps"), "\(found.output)")
    }

    @Test func jsonHasTheSame() async throws {
      let found = try await bench.orrery("bisect", "a.orrery", "--when", "steps == 5", "--json")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any])
      #expect(object["found"] as? Bool == true && object["steps"] as? Int == 5 && object["clock"] as? Int == 5)
      let step = try #require(object["step"] as? [String: Any])
      // out dx, al
      #expect(step["kind"] as? String == "instruction" && (step["bytes"] as? String)?.hasPrefix("ee") == true)
    }

    @Test func aFaultIsPinpointed() async throws {
      try await record("b.orrery", inject: "3:r9:5")
      let found = try await bench.orrery("bisect", "a.orrery", "b.orrery")
      #expect(found.end.code == 1, "\(found.error)")
      #expect(found.output.contains("a.orrery, b.orrery: different with step 4, at clock 3"), "\(found.output)")
      #expect(found.output.contains("0x0010_0007"))
      #expect(
        found.output.contains(
          "because of: fault: bit 5 of r9 turned over at clock 3, only in b.orrery (inject 3:r9:5)"))
      #expect(found.output.contains("r9: 0x0 and 0x20, before 0x0"))
      try await record("c.orrery", inject: "2:0x20_0000:7")
      let other = try await bench.orrery("bisect", "a.orrery", "c.orrery", "--json")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(other.output.utf8)) as? [String: Any])
      let bytes = try #require((object["memory"] as? [[String: Any]])?.first)
      #expect(bytes["physical"] as? String == "0x200000" && bytes["second"] as? String == "80")
    }

    /// The next instruction is mov al, 'H', which overwrites the bit.
    @Test func aFaultWithoutLastingEffectIsTold() async throws {
      try await record("b.orrery", inject: "1:rax:0")
      let found = try await bench.orrery("bisect", "a.orrery", "b.orrery")
      #expect(found.end.code == 0, "\(found.output)\(found.error)")
      #expect(found.output.contains("a.orrery, b.orrery: the same state at all 1 state event"))
      #expect(
        found.output.contains(
          "no lasting effect: fault: bit 0 of rax turned over at clock 1, only in b.orrery (inject 1:rax:0)"))
    }

    @Test func mistakesAreTrouble() async throws {
      let mistake = try await bench.orrery("bisect", "a.orrery", "--when", "byte at 0x1000 = 1")
      #expect(mistake.end.code == 2)
      #expect(mistake.error.contains("--when:16: error: unexpected character `=`"), "\(mistake.error)")
      #expect(mistake.error.contains("\n  byte at 0x1000 = 1\n                 ^\n"))
      for arguments in [
        ["bisect", "a.orrery"], ["bisect", "a.orrery", "a.orrery", "--when", "rax == 1"],
        ["bisect", "--when", "rax == 1"],
        ["bisect", "a.orrery", "a.orrery", "a.orrery"], ["bisect", "a.orrery", "--good", "v1", "--when", "rax == 1"],
        ["bisect", "missing.orrery", "--when", "rax == 1"], ["bisect", "kernel.elf", "--when", "rax == 1"],
        ["bisect", "a.orrery", "--when", "reached nowhere"],
      ] {
        let result = try await bench.run(Workbench.tool, arguments)
        #expect(result.end.code == 2, "\(arguments)")
        #expect(!result.error.isEmpty)
      }
    }

    @Test(
      arguments: [
        "rax:1", "5:eax:1", "5:rax:64", "5:rflags:1", "5:0x1000:8", "5:1000:1", "x:rax:1", "5:0xA0000:0",
        "5:0x4000_0000:0",
      ])
    func aFaultThatCannotBeIsTrouble(fault: String) async throws {
      let result = try await bench.orrery("record", "kernel.elf", "--inject", fault, "-o", "b.orrery")
      #expect(result.end.code == 2 && result.error.contains(fault), "\(result.error)")
    }

    @Test func aDamagedTraceIsNotSearched() async throws {
      var bytes = try bench.bytes("a.orrery")
      bytes[bytes.count / 2] ^= 1
      try bench.write("b.orrery", bytes)
      let result = try await bench.orrery("bisect", "b.orrery", "--when", "rax == 1")
      #expect(result.end.code == 2 && result.error.contains("damaged at"))
    }
  }
}
