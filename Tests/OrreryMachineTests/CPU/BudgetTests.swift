import OrreryBase
import Testing

@testable import OrreryMachine

/// `execute()` stops after exactly as many steps as it was given, wherever that is, and where it stopped makes no difference to what follows.
struct BudgetTests {
  private typealias Guest = LongModeGuest

  /// A loop with a call, memory, a fused comparison, `rep` in both directions of use, a conditional move and flags that live across blocks.
  private static let program: [UInt8] = [
    0x31, 0xC0,  // xor eax, eax
    0xBB, 0x07, 0x00, 0x00, 0x00,  // mov ebx, 7
    0x41, 0xB8, 0x00, 0x00, 0x02, 0x00,  // mov r8d, 0x20000
    // again:
    0xE8, 0x24, 0x00, 0x00, 0x00,  // call routine
    0x4C, 0x89, 0xC7,  // mov rdi, r8
    0xB9, 0x05, 0x00, 0x00, 0x00,  // mov ecx, 5
    0xF3, 0x48, 0xAB,  // rep stosq
    0x4C, 0x89, 0xC6,  // mov rsi, r8
    0xB9, 0x0B, 0x00, 0x00, 0x00,  // mov ecx, 11
    0xF3, 0xA4,  // rep movsb
    0x48, 0x39, 0xD8,  // cmp rax, rbx
    0x0F, 0x42, 0xC3,  // cmovb eax, ebx
    0xF3, 0xA6,  // repe cmpsb, ecx being 0
    0xFF, 0xCB,  // dec ebx
    0x75, 0xDA,  // jne again
    0xF4,  // hlt
    // routine:
    0x01, 0xD8,  // add eax, ebx
    0x11, 0xDA,  // adc edx, ebx
    0x41, 0x01, 0x00,  // add [r8], eax
    0x83, 0xD2, 0x00,  // adc edx, 0
    0x48, 0x83, 0xF8, 0x14,  // cmp rax, 20
    0x7C, 0x02,  // jl +2
    0xD1, 0xE8,  // shr eax, 1
    0x9C,  // pushf
    0x5D,  // pop rbp
    0xC3,  // ret
  ]

  private struct State: Equatable {
    var registers: [UInt64]
    var rip: UInt64
    var flags: UInt64
    var steps: Steps
    var clock: Clock
    var memory: [UInt8]

    init(_ guest: LongModeGuest) {
      let cpu = guest.cpu
      registers = (0..<16).map { cpu.pointee.gpr[$0] }
      rip = cpu.pointee.rip
      flags = cpu.flags
      steps = cpu.pointee.steps
      clock = cpu.pointee.clock
      memory =
        guest.machine.read(PhysicalAddress(0x2_0000), count: 64)! + guest.machine.read(
          PhysicalAddress(0x7_FFE0), count: 32)!
    }
  }

  /// Executes exactly `count` steps, however often the engine wants the boundary.
  private func advance(_ guest: LongModeGuest, by count: UInt64) {
    let end = guest.cpu.pointee.steps + count
    while guest.cpu.pointee.steps < end && !guest.cpu.pointee.isHalted {
      guest.cpu.pointee.budget = end - guest.cpu.pointee.steps
      let exit = guest.cpu.execute()
      #expect(exit == .budget || exit == .boundary)
    }
  }

  /// The state after each step, one step at a time.
  private func stateSequence() -> [State] {
    let guest = Guest(Self.program)
    var states = [State(guest)]
    while !guest.cpu.pointee.isHalted {
      advance(guest, by: 1)
      states.append(State(guest))
    }
    return states
  }

  @Test func everyStopCountGivesTheStateOfThatStep() {
    let states = stateSequence()
    // Seven rounds of 12 instructions beside the routine, 5 + 11 iterations and a routine of 9 or 10.
    #expect(states.count > 230)
    for count in 1..<states.count {
      let guest = Guest(Self.program)
      advance(guest, by: UInt64(count))
      #expect(State(guest) == states[count], "stopped after \(count) steps")
    }
  }

  @Test(arguments: [2, 3, 5, 7, 16, 31, 33, 64] as [UInt64])
  func stoppingAndGoingOnChangesNothing(stride: UInt64) {
    let states = stateSequence()
    let guest = Guest(Self.program)
    var count = 0
    while !guest.cpu.pointee.isHalted {
      advance(guest, by: stride)
      count = min(count + Int(stride), states.count - 1)
      #expect(State(guest) == states[count], "after \(count) steps in strides of \(stride)")
    }
  }

  @Test func aRepeatedStringTakesOneStepForEachIteration() {
    // mov ecx, 100; rep stosb; hlt
    let guest = Guest([0xB9, 0x64, 0, 0, 0, 0xF3, 0xAA, 0xF4])
    guest.cpu.pointee.gpr[7] = 0x2_0000
    guest.cpu.pointee.gpr[0] = 0x5A
    let before = guest.cpu.pointee.steps
    advance(guest, by: 41)
    #expect(guest.cpu.pointee.rip == Guest.code + 5)
    #expect(guest.cpu.pointee.gpr[1] == 60 && guest.cpu.pointee.gpr[7] == 0x2_0000 + 40)
    #expect(guest.machine.read(PhysicalAddress(0x2_0000 + 38), count: 4)! == [0x5A, 0x5A, 0, 0])
    advance(guest, by: 1000)
    #expect(guest.cpu.pointee.steps - before == 102)
  }

  @Test func aRepeatedStringWithCountZeroIsOneStep() {
    // rep movsb; hlt
    let guest = Guest([0xF3, 0xA4, 0xF4])
    guest.cpu.pointee.gpr[1] = 0
    let before = guest.cpu.pointee.steps
    advance(guest, by: 10)
    #expect(guest.cpu.pointee.steps - before == 2 && guest.cpu.pointee.gpr[6] == 0)
  }

  @Test func aBudgetOfZeroTakesNoStep() {
    let guest = Guest([0x90])
    guest.cpu.pointee.budget = 0
    let state = State(guest)
    #expect(guest.cpu.execute() == .budget)
    #expect(State(guest) == state)
  }
}
