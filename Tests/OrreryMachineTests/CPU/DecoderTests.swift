import OrreryBase
import Testing

@testable import OrreryMachine

struct DecoderTests {
  private typealias Guest = LongModeGuest

  @Test func fifteenBytesAreAnInstructionAndSixteenAreTooMany() {
    let prefixes = [UInt8](repeating: 0x66, count: 14)
    #expect(Guest.fault(prefixes + [0x90]) == nil)
    #expect(Guest.fault([0x66] + prefixes + [0x90]) == .generalProtection(0))
    // The bytes count, not the prefixes: 11 prefixes and ADD [rax], imm8 with a 32-bit displacement would be 18.
    #expect(Guest.fault([UInt8](repeating: 0x3E, count: 11) + [0x80, 0x80, 0, 0, 0, 0, 1]) == .generalProtection(0))
  }

  @Test func undefinedOpcodesAndFormsRaiseInvalidOpcode() {
    let codes: [[UInt8]] = [
      [0x0F, 0x0B], [0x0F, 0xB9, 0xC0], [0x0F, 0xFF, 0xC0],
      [0x8D, 0xC0],  // lea of a register
      [0xFE, 0xD0], [0xFF, 0xF8], [0x8F, 0xC8], [0xC6, 0xC8, 0],  // group members that do not exist
      [0x8E, 0xC8],  // mov cs, ax
      [0x0F, 0xC7, 0xC8],  // cmpxchg8b of a register
      [0x0F, 0xBA, 0xC0, 1],
      [0xF0, 0x90], [0xF0, 0x01, 0xC0], [0xF0, 0x39, 0x00], [0xF0, 0x8B, 0x00],  // lock where it may not stand
    ]
    for code in codes { #expect(Guest.fault(code) == .invalidOpcode, "\(code.map { hexadecimal($0) })") }
  }

  @Test func lockIsAllowedOnAMemoryDestination() {
    // lock add [rsp], eax; lock xchg [rsp], eax; lock cmpxchg16b would need alignment; lock inc, not, btc
    for code in [
      [0xF0, 0x01, 0x04, 0x24], [0xF0, 0x87, 0x04, 0x24], [0xF0, 0xFF, 0x04, 0x24], [0xF0, 0xF7, 0x14, 0x24],
      [0xF0, 0x0F, 0xBA, 0x3C, 0x24, 1],
    ] as [[UInt8]] {
      #expect(Guest.fault(code, configure: { $0.pointee.gpr[4] = Guest.stackTop - 64 }) == nil)
    }
  }

  @Test func onlyARexPrefixRightBeforeTheOpcodeCounts() {
    // REX.W, then an operand-size prefix: mov ax, imm16
    let guest = Guest([0x48, 0x66, 0xB8, 0x34, 0x12, 0xF4])
    guest.cpu.pointee.gpr[0] = .max
    guest.run(steps: 5)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 0xFFFF_FFFF_FFFF_1234)
  }

  @Test func aRexPrefixTurnsHighByteRegistersIntoLowOnes() {
    // mov ah, 0x11; REX mov spl, 0x22; hlt
    let guest = Guest([0xB4, 0x11, 0x40, 0xB4, 0x22, 0xF4])
    guest.cpu.pointee.gpr[0] = 0
    guest.run(steps: 5)
    #expect(guest.cpu.pointee.gpr[0] == 0x1100 && guest.cpu.pointee.gpr[4] == Guest.stackTop & ~0xFF | 0x22)
  }

  @Test func segmentBasesOfFSAndGSCountInLongMode() {
    // mov rax, gs:[8]; mov rcx, fs:[rdx]; mov rbx, ds:[rdx] with a base that does not count; hlt
    let guest = Guest([
      0x65, 0x48, 0x8B, 0x04, 0x25, 8, 0, 0, 0, 0x64, 0x48, 0x8B, 0x0A, 0x3E, 0x48, 0x8B, 0x1A, 0xF4,
    ])
    guest.cpu.pointee.segments[SegmentRegister.gs.rawValue].base = 0x2_0000
    guest.cpu.pointee.segments[SegmentRegister.fs.rawValue].base = 0x2_0100
    guest.cpu.pointee.segments[SegmentRegister.ds.rawValue].base = 0x2_0200
    guest.cpu.pointee.gpr[2] = 0x2_1000
    for (address, value) in [(0x2_0008, 11), (0x4_1100, 22), (0x2_1000, 33), (0x4_1200, 44)] as [(UInt64, UInt64)] {
      guest.store(address, value)
    }
    guest.run(steps: 10)
    #expect(guest.cpu.pointee.isHalted)
    #expect([0, 1, 3].map { guest.cpu.pointee.gpr[$0] } == [11, 22, 33])
  }

  @Test func whatCPUIDDoesNotOfferIsInvalid() {
    // pshufb xmm0, xmm1; pmulld xmm0, xmm1; haddpd xmm0, xmm1; lddqu xmm0, [rsp]; movddup xmm0, xmm1; pfadd mm0, mm1
    for code in [
      [0x66, 0x0F, 0x38, 0x00, 0xC1], [0x66, 0x0F, 0x38, 0x40, 0xC1], [0x66, 0x0F, 0x7C, 0xC1],
      [0xF2, 0x0F, 0xF0, 0x04, 0x24], [0xF2, 0x0F, 0x12, 0xC1], [0x0F, 0x0F, 0xC1, 0x9E],
    ] as [[UInt8]] {
      #expect(Guest.fault(code, configure: { $0.pointee.gpr[4] = 0x2_0000 }) == .invalidOpcode)
    }
  }

  /// CR0.EM, CR0.TS and an x87 exception that waits, in this order; CR4.OSFXSR counts only where an xmm register takes part.
  @Test func instructionsOnMMXRegistersAskTheUnits() {
    // paddb mm0, mm1; movq [rsp], mm0; emms; maskmovq mm0, mm1; cvtpi2ps xmm0, mm1; movdq2q mm0, xmm1
    let codes: [(code: [UInt8], usesVectors: Bool)] = [
      ([0x0F, 0xFC, 0xC1], false), ([0x0F, 0x7F, 0x04, 0x24], false), ([0x0F, 0x77], false),
      ([0x0F, 0xF7, 0xC1], false), ([0x0F, 0x2A, 0xC1], true), ([0xF2, 0x0F, 0xD6, 0xC1], true),
    ]
    for (code, usesVectors) in codes {
      func fault(_ change: (CPU) -> Void = { _ in }) -> Fault? {
        Guest.fault(code) {
          $0.pointee.gpr[4] = 0x2_0000
          $0.pointee.gpr[7] = 0x2_0000
          $0.pointee.cr0 |= ControlRegister.ne
          change($0)
        }
      }
      #expect(fault() == nil)
      #expect(fault { $0.pointee.fpuStatus |= X87Status.summary } == .floatingPointError)
      #expect(
        fault {
          $0.pointee.fpuStatus |= X87Status.summary
          $0.pointee.cr0 |= ControlRegister.ts
        } == .deviceNotAvailable)
      #expect(fault { $0.pointee.cr0 |= ControlRegister.ts | ControlRegister.em } == .invalidOpcode)
      #expect(fault { $0.pointee.cr4 &= ~ControlRegister.osfxsr } == (usesVectors ? .invalidOpcode : nil))
    }
  }

  /// CVTPI2PS makes the x87 registers valid, from memory too; CVTPI2PD from memory does not look at them.
  @Test func conversionsFromMemoryEnterMMXAsTheManualSays() {
    for (code, tags, waits) in [
      ([0x0F, 0x2A, 0x04, 0x24], 0, .floatingPointError), ([0x66, 0x0F, 0x2A, 0x04, 0x24], 0xFFFF, nil),
    ] as [([UInt8], UInt16, Fault?)] {
      let guest = Guest(code + [0xF4])
      guest.cpu.pointee.gpr[4] = 0x2_0000
      guest.run(steps: 2)
      #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.fpuTags == tags)
      let fault = Guest.fault(code) {
        $0.pointee.gpr[4] = 0x2_0000
        $0.pointee.cr0 |= ControlRegister.ne
        $0.pointee.fpuStatus |= X87Status.summary
      }
      #expect(fault == waits)
    }
  }

  @Test func vectorInstructionsAskCR0AndCR4() {
    // movaps xmm0, xmm1; movups xmm0, [rsp]
    for code in [[0x0F, 0x28, 0xC1], [0x0F, 0x10, 0x04, 0x24]] as [[UInt8]] {
      #expect(Guest.fault(code, configure: { $0.pointee.gpr[4] = 0x2_0000 }) == nil)
      #expect(Guest.fault(code, configure: { $0.pointee.cr4 &= ~ControlRegister.osfxsr }) == .invalidOpcode)
      #expect(Guest.fault(code, configure: { $0.pointee.cr0 |= ControlRegister.em }) == .invalidOpcode)
      #expect(Guest.fault(code, configure: { $0.pointee.cr0 |= ControlRegister.ts }) == .deviceNotAvailable)
    }
    // An operand that is not aligned where it must be.
    #expect(
      Guest.fault([0x0F, 0x28, 0x44, 0x24, 8], configure: { $0.pointee.gpr[4] = 0x2_0000 }) == .generalProtection(0))
  }

  @Test func singleStepTrapsAfterEachInstruction() {
    // pushf; or qword [rsp], 0x100; popf; nop; nop
    let guest = Guest([0x9C, 0x48, 0x81, 0x0C, 0x24, 0, 1, 0, 0, 0x9D, 0x90, 0x90, 0xF4])
    guest.run(steps: 5)
    // The instruction after POPF, the first NOP, retired; then #DB was delivered: five steps.
    let deliveries = guest.records(.exception)
    #expect(deliveries.count == 1 && deliveries.first?.detail == 1)
    #expect(guest.stack(1)[0] == Guest.code + 11)
    #expect(guest.cpu.pointee.debugRegisters[6] & 1 << 14 != 0)
  }

  /// Random bytes as code, in every mode: the engine must end each run in an orderly way, whatever they say.
  @Test(arguments: [0, 1, 2]) func randomBytesNeverTrapTheHost(mode: Int) {
    var generator = SeededGenerator(seed: UInt64(mode) + 77)
    #if DEBUG
    let rounds = 300
    #else
    let rounds = 20_000
    #endif
    var guest = Guest()
    for round in 0..<rounds {
      if round % 500 == 0 { guest = Guest() }
      let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 13) }
      guest.write(bytes, at: Guest.code)
      let cpu = guest.cpu
      for index in 0..<16 { cpu.pointee.gpr[index] = generator.next() >> (generator.next() & 63) }
      cpu.pointee.gpr[4] = Guest.stackTop
      cpu.pointee.stop = nil
      cpu.pointee.isHalted = false
      cpu.pointee.hasFault = false
      if mode != 0 {
        // Compatibility mode, 32- or 16-bit.
        cpu.pointee.segments[1].attributes = mode == 1 ? 0xC09B : 0x809B
        cpu.pointee.segments[1].limit = .max
      } else {
        cpu.pointee.segments[1].attributes = 0xA09B
      }
      cpu.pointee.segments[1].base = 0
      cpu.pointee.rip = Guest.code
      cpu.updateMode()
      let before = cpu.pointee.steps
      cpu.pointee.budget = 200
      _ = cpu.execute()
      #expect(cpu.pointee.steps - before <= 200)
      #expect(cpu.pointee.scratch[0] == 0)
    }
  }
}
