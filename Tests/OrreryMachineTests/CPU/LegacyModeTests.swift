import OrreryBase
import Testing

@testable import OrreryMachine

/// 16- and 32-bit code, and the instructions that 64-bit mode has not.
struct LegacyModeTests {
  static let code: UInt64 = 0x1_0000

  /// A machine in flat protected mode about to execute `code` at 0x10000, with the stack below 0x9000; `isBig` false makes the code segment 16-bit.
  private func makeMachine(_ code: [UInt8], isBig: Bool = true) -> Machine {
    let machine = Machine(configuration: MachineConfiguration())
    precondition(machine.write(code, at: PhysicalAddress(Self.code)))
    machine.enterProtectedMode(eip: UInt32(Self.code), ebx: 0)
    machine.cpu.pointee.gpr[4] = 0x9000
    if !isBig {
      // Base 0x10000, limit 64 KiB, 16-bit code: the D flag clear.
      machine.cpu.pointee.segments[1].attributes &= ~0x4000
      machine.cpu.pointee.segments[1].base = Self.code
      machine.cpu.pointee.segments[1].limit = 0xFFFF
      machine.cpu.pointee.rip = 0
      machine.cpu.updateMode()
    }
    return machine
  }

  private func run(_ machine: Machine, steps: Steps = 1000) {
    _ = machine.run(untilClock: .max, untilSteps: machine.steps + steps)
  }

  @Test func operandAndAddressSizesFollowTheCodeSegment() {
    // In 32-bit code: inc eax; inc ax; mov [0x20000], eax; hlt
    let wide = makeMachine([0x40, 0x66, 0x40, 0xA3, 0x00, 0x00, 0x02, 0x00, 0xF4])
    wide.cpu.pointee.gpr[0] = 0xFFFF_FFFF
    run(wide)
    #expect(wide.isHalted && wide.cpu.pointee.gpr[0] == 1)
    #expect(wide.read(PhysicalAddress(0x2_0000), count: 4)! == [1, 0, 0, 0])
    // The same bytes in 16-bit code: inc ax; inc eax; mov [0], ax; add [bp+si], al …
    let narrow = makeMachine([0x40, 0x66, 0x40, 0xA3, 0x00, 0x20, 0xF4], isBig: false)
    narrow.cpu.pointee.gpr[0] = 0x0001_FFFF
    run(narrow)
    #expect(narrow.isHalted && narrow.cpu.pointee.gpr[0] == 0x0001_0001)
    #expect(narrow.read(PhysicalAddress(0x2000), count: 4)! == [1, 0, 0, 0])
  }

  @Test func sixteenBitAddressesAddTwoRegistersAndWrap() {
    // mov al, [bx+si+2]; mov ah, [bp+di-1]; lea cx, [bx+di]; hlt
    let machine = makeMachine([0x8A, 0x40, 0x02, 0x8A, 0x63, 0xFF, 0x8D, 0x09, 0xF4], isBig: false)
    let cpu = machine.cpu
    cpu.pointee.gpr[3] = 0xF000
    cpu.pointee.gpr[6] = 0x2000
    cpu.pointee.gpr[5] = 0x3000
    cpu.pointee.gpr[7] = 0x1000
    #expect(machine.write([0x77], at: PhysicalAddress(0x1002)))
    #expect(machine.write([0x88], at: PhysicalAddress(0x3FFF)))
    run(machine)
    #expect(machine.isHalted && cpu.pointee.gpr[0] & 0xFFFF == 0x8877 && cpu.pointee.gpr[1] & 0xFFFF == 0)
  }

  /// Intel SDM volume 1, figures 8-11 and 8-12: in real-address mode FNSAVE stores linear addresses in two parts.
  @Test func x87ImagesOfRealAddressModeHaveLinearPointers() {
    // fninit; fld dword [0x1234]; fnsave [0x4000] with 32 bits; frstor [0x4000] with 32 bits; fnsave [0x5000] with 16 bits; hlt
    let machine = makeMachine(
      [
        0xDB, 0xE3, 0xD9, 0x06, 0x34, 0x12, 0x66, 0xDD, 0x36, 0x00, 0x40, 0x66, 0xDD, 0x26, 0x00, 0x40, 0xDD, 0x36,
        0x00, 0x50, 0xF4,
      ], isBig: false)
    let cpu = machine.cpu
    cpu.pointee.cr0 &= ~ControlRegister.pe
    cpu.updateMode()
    cpu.pointee.segments[SegmentRegister.cs.rawValue].selector = 0x1000
    cpu.pointee.segments[SegmentRegister.ds.rawValue].selector = 0x2000
    cpu.pointee.segments[SegmentRegister.ds.rawValue].base = 0x2_0000
    run(machine)
    #expect(machine.isHalted)
    /// Words of the environment; what is reserved is stored as ones.
    func words(_ offset: UInt64, size: Int) -> [UInt32] {
      let bytes = machine.read(PhysicalAddress(0x2_0000 + offset), count: 7 * size)!
      return (0..<7).map { word in (0..<size).reduce(0) { $0 | UInt32(bytes[word * size + $1]) << UInt32($1 * 8) } }
    }
    // The instruction at 0x10002, opcode D9 06; its operand at 0x21234. R7 is zero, the others empty.
    #expect(
      words(0x4000, size: 4)
        == [0xFFFF_037F, 0xFFFF_3800, 0xFFFF_7FFF, 0xFFFF_0002, 0x1106, 0xFFFF_1234, 0x2000])
    #expect(words(0x5000, size: 2) == [0x037F, 0x3800, 0x7FFF, 0x0002, 0x1106, 0x1234, 0x2000])
  }

  @Test func callsAndReturnsOfSixteenBitsCutTheInstructionPointer() {
    // jmp +3 over: inc ax; ret … then call back to it; hlt
    let machine = makeMachine([0xEB, 0x02, 0x40, 0xC3, 0xE8, 0xFB, 0xFF, 0xF4], isBig: false)
    machine.cpu.pointee.gpr[0] = 0
    run(machine)
    #expect(
      machine.isHalted && machine.rip == 8 && machine.cpu.pointee.gpr[0] == 1 && machine.cpu.pointee.gpr[4] == 0x9000)
  }

  @Test func codeBeyondTheSegmentLimitRaisesGeneralProtection() {
    // jmp to the last byte but one, where a three-byte instruction begins
    let machine = makeMachine([0xE9, 0xFB, 0x0F], isBig: false)
    machine.cpu.pointee.segments[1].limit = 0xFFF
    machine.cpu.updateMode()
    #expect(machine.write([0xB8, 0x34, 0x12], at: PhysicalAddress(Self.code + 0xFFE)))
    machine.cpu.pointee.budget = 10
    #expect(machine.cpu.execute() == .fault)
    #expect(machine.cpu.pointee.fault == .generalProtection(0) && machine.rip == 0xFFE)
    // And a jump beyond the limit faults at the jump.
    let far = makeMachine([0xE9, 0xFD, 0x0F], isBig: false)
    far.cpu.pointee.segments[1].limit = 0xFFF
    far.cpu.updateMode()
    far.cpu.pointee.budget = 10
    #expect(far.cpu.execute() == .fault)
    #expect(far.cpu.pointee.fault == .generalProtection(0) && far.rip == 0)
  }

  @Test(arguments: [[], [0xB9, 5, 0]] as [[UInt8]])
  func aConditionalJumpBeyondTheLimitFaultsAtTheJumpAndNotAtItsComparison(between: [UInt8]) {
    // cmp ax, bx; (mov cx, 5;) je beyond the limit
    let machine = makeMachine([0x39, 0xD8] + between + [0x0F, 0x84, 0x00, 0x20], isBig: false)
    machine.cpu.pointee.segments[1].limit = 0xFFF
    machine.cpu.updateMode()
    machine.cpu.pointee.gpr[0] = 7
    machine.cpu.pointee.gpr[3] = 7
    machine.cpu.pointee.budget = 10
    #expect(machine.cpu.execute() == .fault)
    #expect(machine.cpu.pointee.fault == .generalProtection(0) && machine.rip == UInt64(2 + between.count))
    #expect(machine.steps == (between.isEmpty ? 1 : 2) && machine.cpu.flags & Flag.zero != 0)
  }

  @Test func pushaAndPopaKeepEveryRegisterButTheStackPointer() {
    // pusha; then clear all; popa; hlt
    let machine = makeMachine([0x60, 0x31, 0xC0, 0x31, 0xC9, 0x31, 0xFF, 0x61, 0xF4])
    for index in 0..<8 where index != 4 { machine.cpu.pointee.gpr[index] = UInt64(index) * 0x1111 + 1 }
    run(machine, steps: 1)
    #expect(machine.cpu.pointee.gpr[4] == 0x9000 - 32)
    #expect(machine.read(PhysicalAddress(0x9000 - 20), count: 4)! == [0x00, 0x90, 0, 0])
    run(machine)
    #expect(machine.isHalted && machine.cpu.pointee.gpr[4] == 0x9000)
    for index in 0..<8 where index != 4 { #expect(machine.cpu.pointee.gpr[index] == UInt64(index) * 0x1111 + 1) }
  }

  @Test func boundRaisesItsExceptionOutsideOfTheBounds() {
    // bound eax, [0x20000]; the bounds are -2 and 5
    for (index, isInside) in [(UInt64(0xFFFF_FFFE), true), (5, true), (6, false), (0xFFFF_FFFD, false)] {
      let machine = makeMachine([0x62, 0x05, 0, 0, 2, 0, 0xF4])
      #expect(machine.write([0xFE, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0], at: PhysicalAddress(0x2_0000)))
      machine.cpu.pointee.gpr[0] = index
      machine.cpu.pointee.budget = 1
      let exit = machine.cpu.execute()
      #expect((exit == .fault && machine.cpu.pointee.fault == .boundRange) == !isInside)
    }
  }

  @Test func arplRaisesThePrivilegeLevelAndSaysSo() {
    // arpl ax, cx; hlt
    let machine = makeMachine([0x63, 0xC8, 0xF4])
    machine.cpu.pointee.gpr[0] = 0x20
    machine.cpu.pointee.gpr[1] = 0x13
    run(machine)
    #expect(machine.cpu.pointee.gpr[0] == 0x23 && machine.cpu.flags & Flag.zero != 0)
  }

  /// From the examples and operation sections of the manual (Intel SDM volume 2), worked by hand.
  @Test(
    arguments: [
      // DAA after 0x79 + 0x35 = 0xAE: the manual's own example gives 0x14, CF and AF set.
      (0x27, 0xAE, false, false, 0x14, true, true),
      (0x27, 0x0A, false, false, 0x10, false, true),
      (0x27, 0x9A, false, false, 0x00, true, true),
      (0x27, 0x12, false, false, 0x12, false, false),
      (0x27, 0x12, true, false, 0x72, true, false),
      // DAS after 0x35 - 0x47 = 0xEE with CF and AF set: the manual's own example gives 0x88, CF and AF set.
      (0x2F, 0xEE, true, true, 0x88, true, true),
      (0x2F, 0x0F, false, true, 0x09, false, true),
      (0x2F, 0x03, false, true, 0xFD, true, true),
      // AAA and AAS.
      (0x37, 0x000A, false, false, 0x0100, true, true),
      (0x37, 0x0105, false, false, 0x0105, false, false),
      (0x37, 0x00FA, false, false, 0x0200, true, true),
      (0x3F, 0x020F, false, true, 0x0109, true, true),
      (0x3F, 0x0203, false, false, 0x0203, false, false),
    ] as [(UInt8, UInt64, Bool, Bool, UInt64, Bool, Bool)])
  func decimalAdjustments(
    opcode: UInt8, accumulator: UInt64, carry: Bool, auxiliary: Bool, result: UInt64, carryAfter: Bool,
    auxiliaryAfter: Bool
  ) {
    let machine = makeMachine([opcode, 0xF4])
    machine.cpu.pointee.gpr[0] = accumulator
    machine.cpu.setArithmeticFlags((carry ? Flag.carry : 0) | (auxiliary ? Flag.auxiliary : 0))
    run(machine)
    #expect(machine.cpu.pointee.gpr[0] == result)
    #expect((machine.cpu.flags & Flag.carry != 0) == carryAfter)
    #expect((machine.cpu.flags & Flag.auxiliary != 0) == auxiliaryAfter)
  }

  @Test func adjustmentsForMultiplicationAndDivision() {
    // aam; then aad; hlt
    let machine = makeMachine([0xD4, 0x0A, 0xD5, 0x0A, 0xF4])
    machine.cpu.pointee.gpr[0] = 75
    run(machine, steps: 1)
    #expect(machine.cpu.pointee.gpr[0] == 0x0705)
    run(machine)
    #expect(machine.cpu.pointee.gpr[0] == 75)
    // aam 0 divides by zero.
    let zero = makeMachine([0xD4, 0x00])
    zero.cpu.pointee.budget = 1
    #expect(zero.cpu.execute() == .fault)
    #expect(zero.cpu.pointee.fault == .divideError)
  }

  @Test func instructionsThat64BitModeDroppedAreInvalidThere() {
    for opcode in [0x06, 0x27, 0x2F, 0x37, 0x3F, 0x60, 0x61, 0x62, 0x82, 0x9A, 0xC4, 0xCE, 0xD4, 0xD5, 0xD6, 0xEA]
      as [UInt8]
    {
      let guest = LongModeGuest([opcode, 0, 0, 0, 0, 0, 0, 0])
      guest.cpu.pointee.budget = 1
      #expect(guest.cpu.execute() == .fault)
      #expect(guest.cpu.pointee.fault == .invalidOpcode, "opcode \(hexadecimal(opcode))")
    }
  }
}
