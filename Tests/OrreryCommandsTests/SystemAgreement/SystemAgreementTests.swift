import Foundation
import Testing

extension AcceptanceTests {
  /// The system half of the processor agrees with QEMU's, case by case; where QEMU does not keep to the manual, with the manual.
  @Suite struct SystemAgreementTests {
    /// Cases that run in one image.
    struct Group: CustomTestStringConvertible, Sendable {
      var testDescription: String
      var isLong: Bool
      var cases: @Sendable () -> [SystemCase]

      init(_ name: String, isLong: Bool = true, _ cases: @escaping @Sendable () -> [SystemCase]) {
        testDescription = name
        self.isLong = isLong
        self.cases = cases
      }
    }

    static let groups = [
      Group("paging: rights", { PagingCases.permissions() }),
      Group("paging: entry bits", { PagingCases.reservedBits() }),
      Group("paging: crossings", { PagingCases.crossings() }),
      Group("instructions, long mode", { InstructionCases.everywhere(isLong: true) }),
      Group("instructions, protected mode", isLong: false, { InstructionCases.everywhere(isLong: false) }),
      Group("ports, long mode", { InstructionCases.inputAndOutput(isLong: true) }),
      Group("ports, protected mode", isLong: false, { InstructionCases.inputAndOutput(isLong: false) }),
      Group("control registers", { InstructionCases.controlRegisters() }),
      Group("gates, long mode", { DeliveryCases.gates(isLong: true) }),
      Group("gates, protected mode", isLong: false, { DeliveryCases.gates(isLong: false) }),
      Group("stacks of handlers", { DeliveryCases.stacks() }), Group("nested faults", { DeliveryCases.nested() }),
      Group("selectors, long mode", { SelectorCases.loads(isLong: true) }),
      Group("selectors, protected mode", isLong: false, { SelectorCases.loads(isLong: false) }),
      Group("LAR to LTR, long mode", { SelectorCases.inspections(isLong: true) }),
      Group("LAR to LTR, protected mode", isLong: false, { SelectorCases.inspections(isLong: false) }),
      Group("IRET, long mode", { ReturnCases.interruptReturns(isLong: true) }),
      Group("IRET, protected mode", isLong: false, { ReturnCases.interruptReturns(isLong: false) }),
      Group("far transfers, long mode", { ReturnCases.farTransfers(isLong: true) }),
      Group("far transfers, protected mode", isLong: false, { ReturnCases.farTransfers(isLong: false) }),
      Group("call gates, long mode", { CallGateCases.targets(isLong: true) + CallGateCases.gates(isLong: true) }),
      Group(
        "call gates, protected mode", isLong: false,
        { CallGateCases.targets(isLong: false) + CallGateCases.gates(isLong: false) }),
      Group("stacks of call gates, long mode", { CallGateCases.stacks(isLong: true) }),
      Group("stacks of call gates, protected mode", isLong: false, { CallGateCases.stacks(isLong: false) }),
      Group("16-bit TSS", isLong: false, { CallGateCases.shortTasks() }),
      Group("task switches", isLong: false, { TaskCases.all() }),
      Group("fast calls", { ReturnCases.fastCalls() }), Group("single steps", { StepCases.steps() }),
      Group("interrupt windows", { StepCases.windows() }),
      Group("instruction breakpoints, long mode", { BreakpointCases.instructions(isLong: true) }),
      Group("instruction breakpoints, protected mode", isLong: false, { BreakpointCases.instructions(isLong: false) }),
      Group("data breakpoints, long mode", { BreakpointCases.data(isLong: true) }),
      Group("data breakpoints, protected mode", isLong: false, { BreakpointCases.data(isLong: false) }),
      Group("port breakpoints, long mode", { BreakpointCases.ports(isLong: true) }),
      Group("port breakpoints, protected mode", isLong: false, { BreakpointCases.ports(isLong: false) }),
      Group("debug registers, long mode", { BreakpointCases.registers(isLong: true) }),
      Group("debug registers, protected mode", isLong: false, { BreakpointCases.registers(isLong: false) }),
      Group("addresses that are not canonical", { AddressCases.canonical() }),
      Group("branches that are not canonical", { AddressCases.branches() }),
      Group("units switched off", { AddressCases.units() }),
      Group("paging of protected mode: rights", isLong: false, { LegacyPagingCases.permissions() }),
      Group("paging of protected mode: entry bits", isLong: false, { LegacyPagingCases.entryBits() }),
      Group("code that changes itself", { ProgramCases.selfModifying() }),
      Group("page tables that change", { ProgramCases.changedTables() }),
      Group("real-address mode", isLong: false, { RealModeCases.all() }),
      Group("mode switches", isLong: false, { RealModeCases.switches() }),
      Group("16- and 32-bit code, protected mode", isLong: false, { LegacyCodeCases.instructions(isLong: false) }),
      Group("16- and 32-bit code, compatibility mode", { LegacyCodeCases.instructions(isLong: true) }),
      Group("addresses of 16 and 32 bits", isLong: false, { LegacyCodeCases.addresses(isLong: false) }),
      Group(
        "strings and far pointers of 16- and 32-bit code", isLong: false,
        { LegacyCodeCases.strings(isLong: false) + LegacyCodeCases.farPointers(isLong: false) }),
      Group(
        "strings and far pointers in compatibility mode",
        { LegacyCodeCases.strings(isLong: true) + LegacyCodeCases.farPointers(isLong: true) }),
      Group("x87, MMX and SSE, protected mode", isLong: false, { FloatingPointCases.units(isLong: false) }),
      Group("x87, MMX and SSE, compatibility mode", { FloatingPointCases.units(isLong: true) }),
      Group("8259A", { DeviceCases.interruptControllers() }), Group("8254", { DeviceCases.timers() }),
      Group("8042, keyboard and mouse", { DeviceCases.keyboardControllers() }),
      Group("16550", { DeviceCases.serialPorts() }), Group("MC146818", { DeviceCases.clocks() }),
      Group("VGA", { DeviceCases.displays() }), Group("ports of the board", { DeviceCases.boards() }),
    ]

    @Test(.enabled(if: QEMUAgreementTests.isInstalled), arguments: groups)
    func everyCaseEndsAsInQEMU(group: Group) async throws {
      let cases = group.cases()
      let image = SystemGuest(cases: cases, isLong: group.isLong).image()
      let bench = try Workbench()
      try bench.write("guest.elf", image.bytes)
      let emulator = try await bench.run(
        "/bin/sh", ["-c", Self.emulator], environment: ["PATH=/usr/local/bin:/usr/bin:/bin"])
      let machine = try await bench.orrery("run", "guest.elf")
      let exitCode = Int32(SystemGuest.exitValue) << 1 | 1
      #expect(emulator.end.code == exitCode, "QEMU ran the guest to its end: \(emulator.error)")
      #expect(machine.end.code == exitCode, "the machine ran the guest to its end: \(machine.error)")
      let expected = CaseEnd.all(in: emulator.output)
      let actual = CaseEnd.all(in: machine.output)
      for (number, item) in cases.enumerated() {
        guard let end = actual[number], let expectedEnd = expected[number] else {
          Issue.record("case \(number), \(item.name), has no end")
          return
        }
        let corrected = expectedEnd.corrected(for: item, isLong: group.isLong)
        if let known = item.known {
          #expect(known.manual.allSatisfy(end.contains), "\(item.name): \(end), by the manual \(known)")
          #expect(end != corrected, "\(item.name): QEMU does as the manual says by now")
        } else {
          #expect(end == corrected, "\(item.name)")
        }
      }
      try writeRow(group, cases)
    }

    /// Without INVLPG the old and the new translation are both legal (Intel SDM volume 3, 4.10.2.3): QEMU does as one or the other; here a setting says which.
    @Test(.enabled(if: QEMUAgreementTests.isInstalled)) func anUnannouncedChangeIsSeenAtOnceOrNotYet() async throws {
      let changes = ProgramCases.unannouncedChanges()
      let cases = changes.flatMap { [$0.silent, $0.new, $0.old] }
      let guest = SystemGuest(cases: cases, isLong: true)
      let starts = guest.codeAddresses
      let bench = try Workbench()
      try bench.write("guest.elf", guest.image().bytes)
      try bench.write("stale.scenario", Array("machine { tlb stale }\n".utf8))
      func ends(_ run: Workbench.Result) throws -> [CaseEnd] {
        #expect(run.end.code == Int32(SystemGuest.exitValue) << 1 | 1, "the guest ran to its end: \(run.error)")
        let all = CaseEnd.all(in: run.output)
        return try cases.indices.map { number in
          try #require(all[number], "\(cases[number].name)").corrected(for: cases[number], isLong: true)
            .counted(from: starts[number])
        }
      }
      let emulator = try ends(
        await bench.run("/bin/sh", ["-c", Self.emulator], environment: ["PATH=/usr/local/bin:/usr/bin:/bin"]))
      let coherent = try ends(await bench.orrery("run", "guest.elf"))
      let stale = try ends(await bench.orrery("run", "guest.elf", "--scenario", "stale.scenario"))
      var differences = 0
      for number in stride(from: 0, to: cases.count, by: 3) {
        let name = cases[number].name
        #expect([emulator[number + 1], emulator[number + 2]].contains(emulator[number]), "QEMU, \(name)")
        #expect(coherent[number] == coherent[number + 1], "coherent, \(name)")
        #expect(stale[number] == stale[number + 2], "stale, \(name)")
        // Once it is announced, or when it has not happened yet, there is only one answer.
        for announced in [number + 1, number + 2] {
          #expect(coherent[announced] == emulator[announced], "\(cases[announced].name)")
          #expect(stale[announced] == emulator[announced], "\(cases[announced].name), stale")
        }
        if stale[number + 1] != stale[number + 2] { differences += 1 }
      }
      // A right that is taken away without being used makes none.
      #expect(differences == 39)
    }

    /// For the table in docs/FIDELITY.md, when `make conformance` asks for it.
    private func writeRow(_ group: Group, _ cases: [SystemCase]) throws {
      guard let folder = ProcessInfo.processInfo.environment["ORRERY_CONFORMANCE"] else { return }
      let place = URL(filePath: folder).appending(path: "system")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let known = cases.count { $0.known != nil }
      let name = group.testDescription
      try Data("| \(name) | \(cases.count) | \(known) |\n".utf8).write(to: place.appending(path: name))
    }

    /// Without what our processor does not have either.
    private static let emulator =
      "exec qemu-system-x86_64 -machine pc,accel=tcg -cpu qemu64,vendor=GenuineIntel,"
      + "-svm,-vme,-mce,-apic,-x2apic,-pse36,-mtrr,-hypervisor,+pdpe1gb,+rdtscp -m 64M -nodefaults -no-user-config -vga std "
      + "-display none -no-reboot -icount shift=0,sleep=off -serial stdio -serial null -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel guest.elf </dev/null"
  }
}
