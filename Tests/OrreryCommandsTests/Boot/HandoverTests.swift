import Foundation
import Testing

extension AcceptanceTests {
  /// A kernel is handed the same by every boot protocol, and the same as by QEMU.
  @Suite struct HandoverTests {
    static let modules: [(name: String, bytes: [UInt8])] = [
      ("first", [UInt8](repeating: 0x5A, count: 5000)), ("second", Array("hello".utf8)),
    ]

    private func bench(_ image: HandoverImage) throws -> Workbench {
      let bench = try Workbench()
      try bench.write("kernel", image.bytes)
      for module in Self.modules { try bench.write(module.name, module.bytes) }
      return bench
    }

    /// A word as the guest writes it.
    private static func word(_ value: UInt64) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }

    /// What the guest must say, by the specifications: protected mode without paging and interrupts; modules by size, offset in their page,
    /// sum of their bytes, and string; the memory of a PC, 64 MiB.
    private func expected(_ image: HandoverImage) -> Set<String> {
      var lines: Set = ["magic \(image.magic) ", "state 00000001 00000000 ", "command kernel a=b", "long mode"]
      if image != .pvh { lines.insert("lower \(Self.word(639)) ") }
      for (module, string) in zip(Self.modules, ["first x y", "second"]) {
        let sum = module.bytes.reduce(0 as UInt64) { $0 + UInt64($1) }
        lines.insert("module \(Self.word(UInt64(module.bytes.count))) 00000000 \(Self.word(sum)) \(string)")
      }
      return lines
    }

    private func range(_ start: UInt64, _ size: UInt64, _ type: UInt64) -> String {
      "range 00000000 \(Self.word(start)) 00000000 \(Self.word(size)) \(Self.word(type)) "
    }

    private func lines(_ output: String) -> [String] {
      output.split(separator: "\n").map(String.init)
    }

    @Test(arguments: HandoverImage.allCases) func theKernelIsHandedWhatTheSpecificationSays(image: HandoverImage)
      async throws
    {
      let bench = try bench(image)
      let result = try await bench.orrery(
        "run", "kernel", "--command-line", "kernel a=b", "--module", "first=first x y", "--module", "second")
      #expect(result.end.code == 17, "\(result.error)")
      let lines = lines(result.output)
      #expect(Set(lines.filter { !$0.hasPrefix("range ") }) == expected(image))
      #expect(
        lines.filter { $0.hasPrefix("range ") }
          == [range(0, 0x9_FC00, 1), range(0x9_FC00, 0x6_0400, 2), range(0x10_0000, 63 << 20, 1)])
    }

    /// QEMU's PVH loader takes one module and gives it no string. Its memory map has a hole below 640 KiB where ours has the firmware's data, and
    /// ends where its firmware keeps tables: what is usable begins at the same places.
    @Test(.enabled(if: QEMUAgreementTests.isInstalled), arguments: HandoverImage.allCases.filter(\.isKnownToQEMU))
    func theKernelIsHandedTheSameByQEMU(image: HandoverImage) async throws {
      let bench = try bench(image)
      var command =
        "exec qemu-system-x86_64 -machine pc,accel=tcg -m 64M -nodefaults -no-user-config -display none -no-reboot -serial stdio "
        + "-device isa-debug-exit,iobase=0xf4,iosize=4 -kernel kernel -append \(image == .pvh ? "'kernel a=b'" : "a=b")"
      if image != .pvh { command += " -initrd 'first x y,second'" }
      let emulator = try await bench.run(
        "/bin/sh", ["-c", command + " </dev/null"], environment: ["PATH=/usr/local/bin:/usr/bin:/bin"])
      #expect(emulator.end.code == 17, "QEMU ran the guest to its end: \(emulator.error)")
      let lines = lines(emulator.output)
      let facts = Set(lines.filter { !$0.hasPrefix("range ") })
      #expect(facts == expected(image).filter { image != .pvh || !$0.hasPrefix("module ") })
      #expect(lines.contains(range(0, 0x9_FC00, 1)))
      #expect(lines.contains { $0.hasPrefix("range 00000000 00100000 00000000 03") && $0.hasSuffix(" 00000001 ") })
    }

    static let hasGRUB =
      QEMUAgreementTests.isInstalled
      && ["grub-mkrescue", "xorriso", "mformat"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/" + $0)
      }

    /// GRUB, which knows all shapes, from a disc in QEMU. It passes neither the kernel's file name nor the modules'.
    @Test(.enabled(if: hasGRUB), arguments: HandoverImage.allCases.filter { $0 != .pvh })
    func theKernelIsHandedTheSameByGRUB(image: HandoverImage) async throws {
      let bench = try bench(image)
      let command = image.rawValue.hasPrefix("multiboot2") ? "2" : ""
      try bench.write(
        "grub.cfg",
        """
        set timeout=0
        menuentry kernel {
        multiboot\(command) /boot/kernel kernel a=b
        module\(command) /boot/first first x y
        module\(command) /boot/second second
        boot
        }

        """)
      let script = """
        mkdir -p disc/boot/grub && mv kernel first second disc/boot && mv grub.cfg disc/boot/grub && grub-mkrescue -o disc.iso disc >&2 &&
        exec qemu-system-x86_64 -machine pc,accel=tcg -m 64M -nodefaults -no-user-config -display none -no-reboot -serial stdio \
          -device isa-debug-exit,iobase=0xf4,iosize=4 -cdrom disc.iso </dev/null
        """
      let emulator = try await bench.run(
        "/bin/sh", ["-c", script], environment: ["PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=."])
      #expect(emulator.end.code == 17, "QEMU ran the guest to its end: \(emulator.error)")
      let lines = lines(emulator.output)
      #expect(Set(lines.filter { !$0.hasPrefix("range ") }) == expected(image))
      #expect(lines.contains(range(0, 0x9_FC00, 1)))
    }

    /// A trace is replayed from itself alone, without the modules' files.
    @Test(arguments: [.pvh, .multibootFlat, .multiboot2ELF64] as [HandoverImage])
    func aTraceHoldsTheModulesOfItsRun(image: HandoverImage) async throws {
      let bench = try bench(image)
      let recorded = try await bench.orrery(
        "record", "kernel", "--module", "first=first x y", "--module", "second", "-o", "t.orrery")
      #expect(recorded.end.code == 0, "\(recorded.error)")
      for name in ["kernel", "first", "second"] { try FileManager.default.removeItem(atPath: bench.file(name)) }
      let replayed = try await bench.orrery("replay", "t.orrery")
      #expect(replayed.end.code == 0, "\(replayed.output)\(replayed.error)")
      let shown = try await bench.orrery("show", "t.orrery", "--summary")
      #expect(shown.output.contains("module: first x y, "))
      #expect(shown.output.contains("module: second, "))
    }

    @Test func aModuleThatIsNotThereIsTrouble() async throws {
      let bench = try bench(.multibootELF32)
      let result = try await bench.orrery("run", "kernel", "--module", "third=x")
      #expect(result.end.code == 2)
      #expect(result.error.contains("third: "))
    }

    @Test func aProtocolThatTheImageDoesNotOfferIsTrouble() async throws {
      let bench = try bench(.multibootELF32)
      let result = try await bench.orrery("run", "kernel", "--boot", "multiboot2")
      #expect(result.end.code == 2)
      #expect(result.error.contains("kernel: offset 0x0: the image has no Multiboot2 header"))
    }

    /// The trace is never written over what the run reads.
    @Test func theOutputIsNotAModule() async throws {
      let bench = try bench(.multibootELF32)
      let result = try await bench.orrery("record", "kernel", "--module", "second", "-o", "second")
      #expect(result.end.code == 2)
      #expect(try bench.bytes("second") == Array("hello".utf8))
    }
  }
}
