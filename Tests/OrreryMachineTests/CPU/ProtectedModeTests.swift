import OrreryBase
import Testing

@testable import OrreryMachine

/// 32-bit protected mode: privilege changes, segments, far transfers (Intel SDM volume 3, 5 and 6.12).
struct ProtectedModeTests {
  private static let code: UInt64 = 0x1_0000
  private static let userStack: UInt64 = 0x2_0000
  private static let kernelStack: UInt64 = 0x3_0000

  /// Flat segments for CPL 0 and 3, a 32-bit TSS, an IDT at 0x600 whose gates lead to HLTs at 0x8000 + 16 * vector.
  private func machine(_ code: [UInt8], isUser: Bool = false) -> Machine {
    let machine = Machine(configuration: MachineConfiguration())
    let descriptors: [UInt64] = [
      0, 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x00CF_F300_0000_FFFF, 0x00CF_FB00_0000_FFFF,
      0x0000_8900_5000_0067,
      // 0x30: data of 0x1000 bytes, byte-granular, base 0x40000. 0x38: the same, expanding down. 0x40: not present. 0x48: read-only.
      0x0040_9304_0000_0FFF, 0x0040_9704_0000_0FFF, 0x00CF_1300_0000_FFFF, 0x00CF_9100_0000_FFFF,
    ]
    func store(_ address: UInt64, _ value: UInt64) {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
      precondition(machine.write(bytes, at: PhysicalAddress(address)))
    }
    for (index, descriptor) in descriptors.enumerated() { store(0x400 + UInt64(index) * 8, descriptor) }
    for vector in 0..<UInt64(32) { store(0x600 + vector * 8, 0x0000_EE00_0008_0000 | 0x8000 + vector * 16) }
    store(0x5000 + 4, Self.kernelStack)
    store(0x5000 + 8, 0x10)
    precondition(machine.write(code, at: PhysicalAddress(Self.code)))
    machine.enterProtectedMode(eip: UInt32(Self.code), ebx: 0)
    machine.cpu.pointee.gdtr = DescriptorTableRegister(base: 0x400, limit: UInt16(descriptors.count * 8 - 1))
    machine.cpu.pointee.idtr = DescriptorTableRegister(base: 0x600, limit: 0xFF)
    _ = machine.cpu.loadTask(selector: 0x28)
    machine.cpu.pointee.gpr[4] = Self.userStack
    if isUser {
      machine.cpu[segment: .cs] = Descriptor(raw: 0x00CF_FB00_0000_FFFF).segment(0x23)
      machine.cpu[segment: .ss] = Descriptor(raw: 0x00CF_F300_0000_FFFF).segment(0x1B)
      machine.cpu.updateMode(privilegeLevel: 3)
    }
    return machine
  }

  private func words(_ machine: Machine, at address: UInt64, _ count: Int) -> [UInt32] {
    let bytes = machine.read(PhysicalAddress(address), count: count * 4) ?? []
    return (0..<count).map { index in (0..<4).reduce(0) { $0 | UInt32(bytes[index * 4 + $1]) << UInt32($1 * 8) } }
  }

  private func run(_ machine: Machine, steps: Steps) {
    _ = machine.run(untilClock: .max, untilSteps: machine.steps + steps)
  }

  @Test func anInterruptFromUserModeSwitchesToTheStackOfTheTask() {
    let machine = machine([0xCD, 0x10], isUser: true)
    machine.cpu.setFlags(0x246)
    run(machine, steps: 1)
    #expect(machine.rip == 0x8000 + 0x100 && machine.registers.privilegeLevel == 0)
    #expect(machine.registers.selectors[1] == 8 && machine.registers.selectors[2] == 0x10)
    #expect(machine.registers.general[4] == Self.kernelStack - 20)
    #expect(words(machine, at: Self.kernelStack - 20, 5) == [0x1_0002, 0x23, 0x246, 0x2_0000, 0x1B])
    #expect(machine.registers.rflags & Flag.interrupt == 0)
    // IRETD back: HLT there is privileged.
    #expect(machine.write([0xCF], at: PhysicalAddress(0x8100)))
    #expect(machine.write([0xF4], at: PhysicalAddress(0x1_0002)))
    run(machine, steps: 1)
    #expect(
      machine.rip == 0x1_0002 && machine.registers.privilegeLevel == 3 && machine.registers.general[4] == 0x2_0000)
    #expect(machine.registers.rflags == 0x246)
    run(machine, steps: 1)
    #expect(machine.rip == 0x80D0)
    #expect(words(machine, at: Self.kernelStack - 24, 6) == [0, 0x1_0002, 0x23, 0x1_0246, 0x2_0000, 0x1B])
  }

  @Test func segmentsKeepTheirLimits() {
    /// The vector that an access of `size` bytes at `offset` of segment `selector` in DS raises; nil for none.
    func fault(_ selector: UInt16, _ offset: UInt64, size: Int = 4, forWrite: Bool = false) -> UInt8? {
      let machine = machine([])
      #expect(machine.cpu.loadSegment(.ds, selector: selector))
      guard machine.cpu.linearAddress(segment: .ds, offset: offset, size: size, forWrite: forWrite) == nil else {
        return nil
      }
      return machine.cpu.pointee.fault.vector
    }
    #expect(fault(0x30, 0xFFC) == nil && fault(0x30, 0xFFD) == 13 && fault(0x30, 0xFFFF_FFFF) == 13)
    #expect(fault(0x38, 0xFFF) == 13 && fault(0x38, 0x1000) == nil && fault(0x38, 0xFFFF_FFFD) == 13)
    #expect(fault(0x48, 0) == nil && fault(0x48, 0, forWrite: true) == 13)
    #expect(fault(0, 0) == 13)
    let based = machine([])
    #expect(based.cpu.loadSegment(.ds, selector: 0x30))
    #expect(based.cpu.linearAddress(segment: .ds, offset: 0x10, size: 1, forWrite: true) == 0x4_0010)
  }

  @Test func loadingSegmentsChecksTheirDescriptors() {
    func fault(_ register: SegmentRegister, _ selector: UInt16) -> Fault? {
      let machine = machine([])
      return machine.cpu.loadSegment(register, selector: selector) ? nil : machine.cpu.pointee.fault
    }
    #expect(fault(.ds, 0x40) == .segmentNotPresent(0x40))
    #expect(fault(.ss, 0) == .generalProtection(0))
    #expect(fault(.ss, 0x48) == .generalProtection(0x48))
    #expect(fault(.ss, 0x1B) == .generalProtection(0x18))
    #expect(fault(.es, 0x28) == .generalProtection(0x28))
    #expect(fault(.es, 0x1000) == .generalProtection(0x1000))
    #expect(fault(.es, 0x0C) == .generalProtection(0x0C))
    #expect(fault(.fs, 0x1B) == nil)
  }

  @Test func farCallsAndReturnsCrossSegments() {
    // call 8:0x9000; hlt. There: retf 8.
    let machine = machine([0x9A, 0, 0x90, 0, 0, 8, 0, 0xF4])
    #expect(machine.write([0xCA, 8, 0], at: PhysicalAddress(0x9000)))
    run(machine, steps: 1)
    #expect(machine.rip == 0x9000)
    #expect(words(machine, at: Self.userStack - 8, 2) == [0x1_0007, 8])
    run(machine, steps: 1)
    #expect(machine.rip == 0x1_0007 && machine.registers.general[4] == Self.userStack + 8)
  }

  @Test func whatIsNotModelledIsNamed() {
    // push VM | 2; push 8; push 0; iret.
    let machine = machine([0x68, 2, 0, 2, 0, 0x6A, 8, 0x6A, 0, 0xCF])
    guard case .stopped(let reason) = machine.run(untilClock: .max, untilSteps: 5) else {
      Issue.record("expected a stop")
      return
    }
    #expect(reason.description.contains("virtual-8086 mode"))
  }

  @Test func realModeIsEnteredAndLeft() {
    // mov eax, cr0; and al, 0xFE; mov cr0, eax; jmp 8:next in 32-bit code is a real-mode jump to segment 8.
    let machine = machine([0x0F, 0x20, 0xC0, 0x24, 0xFE, 0x0F, 0x22, 0xC0, 0xEA, 0x10, 0, 0, 0, 0x00, 0x20])
    run(machine, steps: 4)
    #expect(machine.registers.cr0 & 1 == 0)
    #expect(machine.registers.selectors[1] == 0x2000 && machine.registers.bases[1] == 0x2_0000 && machine.rip == 0x10)
  }

  @Test func lssHasNoShadow() {
    // lss esp, [0x9000]; nop
    let machine = machine([0x0F, 0xB2, 0x25, 0, 0x90, 0, 0, 0x90, 0x90])
    #expect(machine.write([0, 0, 2, 0, 0x10, 0], at: PhysicalAddress(0x9000)))
    machine.cpu.setFlags(0x202)
    _ = machine.cpu.writePort(0x21, 0xFF, size: 1)
    machine.schedule(InputEvent(clock: 1, action: .vector(0x10)))
    run(machine, steps: 2)
    #expect(machine.rip == 0x8100)
    #expect(words(machine, at: Self.userStack - 12, 1) == [0x1_0007])
  }
}
