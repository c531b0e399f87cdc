import OrreryBase
import Testing

@testable import OrreryMachine

/// What the processor pushes and loads on its way to a handler (Intel SDM volume 3, 6.12 to 6.15), written down by hand.
struct InterruptDeliveryTests {
  private typealias Guest = LongModeGuest

  // MARK: Long mode

  @Test func anInterruptPushesFiveElementsOnAnAlignedStack() {
    let guest = Guest([0x90, 0x90])
    guest.cpu.setFlags(0x202 | Flag.carry)
    guest.cpu.pointee.gpr[4] = Guest.stackTop - 5
    guest.machine.schedule(InputEvent(clock: 0, action: .vector(0x21)))
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 0x21 * 16)
    #expect(guest.cpu.pointee.gpr[4] == Guest.stackTop - 0x10 - 40)
    #expect(guest.stack(5) == [Guest.code, 8, 0x203, Guest.stackTop - 5, 0x10])
    #expect(guest.cpu.flags & Flag.interrupt == 0)
    let record = guest.records(.interrupt).first
    #expect(record?.detail == 0x21)
    #expect(record?.value0 == InterruptSource.scripted.rawValue)
    #expect(record?.rip == Guest.code)
    #expect(record?.value1 == Guest.stackTop - 5)
    #expect(record?.value2 == Guest.stackTop - 0x10 - 40)
  }

  @Test func aTrapGateLeavesInterruptsOn() {
    let guest = Guest([0xCC])
    guest.cpu.setFlags(0x202)
    guest.setGate(3, handler: 0x9000, type: 0x8F)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == 0x9000)
    #expect(guest.cpu.flags & Flag.interrupt != 0)
    // A trap returns behind the instruction, with RF clear.
    #expect(guest.stack(3) == [Guest.code + 1, 8, 0x202])
  }

  @Test func aFaultPushesItsErrorCodeAndSetsTheResumeFlag() {
    // mov eax, [0x40000000], which is not mapped.
    let guest = Guest([0x8B, 0x04, 0x25, 0, 0, 0, 0x40])
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 14 * 16)
    #expect(guest.stack(6) == [0, Guest.code, 8, 0x1_0002, Guest.stackTop, 0x10])
    #expect(guest.cpu.pointee.cr2 == 0x4000_0000)
    #expect(guest.machine.steps == 1)
    let record = guest.records(.exception).first
    #expect(record?.detail == 14 && record?.value1 == 0x4000_0000 && record?.value2 == 1 && record?.value5 == 0)
  }

  @Test func fromUserModeTheStackComesFromTheTask() {
    let guest = Guest([0x0F, 0x0B])
    guest.enterUserMode()
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.cpl == 0)
    #expect(guest.cpu.pointee.gpr[4] == Guest.innerStackTop - 40)
    #expect(guest.stack(5) == [Guest.code, UInt64(Guest.userCode), 0x1_0002, Guest.stackTop, UInt64(Guest.userData)])
    // SS is null with the new level as RPL.
    #expect(guest.cpu[segment: .ss].selector == 0)
  }

  @Test func aGateCanNameItsOwnStack() {
    let guest = Guest([0x0F, 0x0B])
    guest.setGate(6, handler: 0x9000, stack: 1)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.gpr[4] == Guest.interruptStackTop - 40)
    #expect(guest.cpu[segment: .ss].selector == Guest.kernelData)
  }

  @Test func softwareInterruptsNeedAGateOfTheirLevel() {
    let guest = Guest([0xCD, 0x20])
    guest.enterUserMode()
    guest.run(steps: 1)
    // #GP with the vector's index and the IDT bit; not external.
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 13 * 16)
    #expect(guest.stack(2) == [0x20 * 8 + 2, Guest.code])
    let allowed = Guest([0xCD, 0x20])
    allowed.setGate(0x20, handler: 0x9000, type: 0xEE)
    allowed.enterUserMode()
    allowed.run(steps: 1)
    #expect(allowed.cpu.pointee.rip == 0x9000)
    #expect(allowed.stack(1) == [Guest.code + 2])
    #expect(allowed.records(.exception).first?.value5 == 1)
  }

  @Test func gatesThatAreUnusableRaiseWhatTheManualSays() {
    func faultOf(_ change: (Guest) -> Void) -> [UInt64] {
      let guest = Guest([0x90])
      guest.cpu.setFlags(0x202)
      change(guest)
      guest.machine.schedule(InputEvent(clock: 0, action: .vector(0x30)))
      guest.run(steps: 1)
      return [(guest.cpu.pointee.rip - Guest.handlerBase) / 16, guest.stack(1)[0]]
    }
    // Beyond the limit, not a gate: #GP with index, IDT and EXT. Not present: #NP with the same.
    #expect(faultOf { $0.cpu.pointee.idtr.limit = 0x30 * 16 + 14 } == [13, 0x30 * 8 + 3])
    #expect(faultOf { $0.setGate(0x30, handler: 0x9000, type: 0x85) } == [13, 0x30 * 8 + 3])
    #expect(faultOf { $0.setGate(0x30, handler: 0x9000, type: 0x0E) } == [11, 0x30 * 8 + 3])
    // A null selector: #GP(EXT). A data segment, one beyond the table: #GP(selector + EXT).
    #expect(faultOf { $0.setGate(0x30, handler: 0x9000, selector: 0) } == [13, 1])
    #expect(faultOf { $0.setGate(0x30, handler: 0x9000, selector: Guest.kernelData) } == [13, 0x11])
    #expect(faultOf { $0.setGate(0x30, handler: 0x9000, selector: 0x100) } == [13, 0x101])
  }

  @Test func addressesThatAreNotCanonicalRaiseTheFaultOfTheirSegment() {
    func vector(_ code: [UInt8]) -> UInt64 {
      let guest = Guest(code)
      guest.setGate(12, handler: Guest.handlerBase + 12 * 16, stack: 1)
      guest.setGate(13, handler: Guest.handlerBase + 13 * 16, stack: 1)
      for register in [0, 4, 5] { guest.cpu.pointee.gpr[register] = 0x8000_0000_0000 }
      guest.cpu.pointee.gpr[4] += 64
      guest.run(steps: 1)
      return (guest.cpu.pointee.rip - Guest.handlerBase) / 16
    }
    #expect(vector([0x48, 0x8B, 0x00]) == 13)  // mov rax, [rax]
    #expect(vector([0x48, 0x8B, 0x45, 0x00]) == 12)  // mov rax, [rbp]
    #expect(vector([0x48, 0x89, 0x04, 0x24]) == 12)  // mov [rsp], rax
    #expect(vector([0x50]) == 12)  // push rax
    #expect(vector([0xC3]) == 12)  // ret
  }

  // MARK: Faults of deliveries

  @Test func pairsOfFaultsCombineByTheTable() {
    // Intel SDM volume 3, table 6-5: rows the first, columns the second.
    let classes: [(vectors: [UInt8], kind: Int)] = [
      ([1, 3, 4, 5, 6, 7, 16, 17, 19], 0), ([0, 10, 11, 12, 13], 1), ([14], 2),
    ]
    let doubles: Set<[Int]> = [[1, 1], [2, 1], [2, 2]]
    for first in classes {
      for second in classes {
        for one in first.vectors {
          for two in second.vectors {
            let isDouble = doubles.contains([first.kind, second.kind])
            #expect(CPU.combined(Fault(vector: one), Fault(vector: two)).vector == (isDouble ? 8 : two))
          }
        }
      }
    }
  }

  @Test func aPageFaultThatCannotBePushedIsADoubleFault() {
    // push rax with the stack pointer just above unmapped memory.
    let guest = Guest([0x50])
    guest.cpu.pointee.gpr[4] = 0x4000_0008
    guest.setGate(8, handler: 0x9000, stack: 1)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == 0x9000)
    #expect(guest.stack(2) == [0, Guest.code])
    #expect(guest.stack(6)[4] == 0x4000_0008)
    #expect(guest.machine.steps == 1)
    let records = guest.records()
    let record = records.first { $0.kind == .exception }
    #expect(record?.detail == 8 && record?.value0 == 0 && record?.value2 == 1)
    // Before it, the page fault of the push: a write by the supervisor to a page that is not present. CR2 is its own, not that of the second.
    #expect(records.map(\.kind) == [.undelivered, .exception])
    #expect(records.first?.detail == 14 && records.first?.value0 == 2 && records.first?.value1 == 0x4000_0000)
  }

  @Test func withoutAStackOfItsOwnADoubleFaultIsATripleFault() {
    let guest = Guest([0x50])
    guest.cpu.pointee.gpr[4] = 0x4000_0008
    let exit = guest.run(steps: 5)
    guard case .stopped(.tripleFault(let vector, _, let rip, let cr2)) = exit else {
      Issue.record("expected a triple fault, got \(exit)")
      return
    }
    #expect(vector == 14 && rip == Guest.code)
    // The first element of the frame lies below 0x40000008 & ~15.
    #expect(cr2 == 0x3FFF_FFF8)
    // Each fault on the way there: the first, and the double fault.
    let records = guest.records()
    #expect(records.map(\.kind) == [.undelivered, .undelivered, .tripleFault])
    #expect(records.map(\.detail) == [14, 8, 14])
  }

  @Test func nonMaskableInterruptsWaitForTheReturn() {
    // The handler is iretq; the interrupted code is two NOPs.
    let guest = Guest([0x90, 0x90, 0x90, 0x90])
    guest.write([0x90, 0x48, 0xCF], at: Guest.handlerBase + 2 * 16)
    guest.machine.schedule(InputEvent(clock: 0, action: .nonMaskableInterrupt))
    guest.machine.schedule(InputEvent(clock: 1, action: .nonMaskableInterrupt))
    guest.run(steps: 3)
    // Delivery, NOP, IRETQ; the second one is delivered before the first NOP.
    #expect(guest.cpu.pointee.rip == Guest.code)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 2 * 16)
    let clocks = guest.records(.interrupt).map(\.clock)
    #expect(clocks == [0, 3])
  }

  // MARK: IRET

  @Test func returningToUserModeLoadsAllFive() {
    let guest = Guest([0x48, 0xCF])
    let frame: [UInt64] = [0x1_2000, UInt64(Guest.userCode), 0x3246, 0x7_8000, UInt64(Guest.userData)]
    for (index, value) in frame.enumerated() { guest.store(Guest.stackTop - 40 + UInt64(index) * 8, value) }
    guest.cpu.pointee.gpr[4] = Guest.stackTop - 40
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.cpl == 3 && guest.cpu.pointee.rip == 0x1_2000 && guest.cpu.pointee.gpr[4] == 0x7_8000)
    #expect(guest.cpu.flags == 0x3246)
    // Data segments of level 0 may not be used any more.
    #expect(guest.cpu[segment: .ds].selector == 0 && !guest.cpu[segment: .ds].isPresent)
    let record = guest.records(.interruptReturn).first
    #expect(record?.value0 == 0x1_2000 && record?.value1 == 0x7_8000 && record?.value2 == Guest.stackTop - 40)
  }

  @Test func userModeCannotReturnInwards() {
    let guest = Guest([0x48, 0xCF])
    for (index, value) in [0x1_2000, 8, 2, 0x7_8000, 0x10].enumerated() {
      guest.store(Guest.stackTop - 40 + UInt64(index) * 8, UInt64(value))
    }
    guest.enterUserMode()
    guest.cpu.pointee.gpr[4] = Guest.stackTop - 40
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 13 * 16)
    #expect(guest.stack(1) == [8])
  }

  // MARK: Other modes

  @Test func protectedModePushesThreeElementsAndLeavesTheStack() {
    let machine = Machine(configuration: MachineConfiguration())
    let gdt: [UInt8] = Array(repeating: 0, count: 8) + [0xFF, 0xFF, 0, 0, 0, 0x9B, 0xCF, 0]
    #expect(machine.write(gdt, at: PhysicalAddress(0x500)))
    // Vector 6: interrupt gate to 8:0x12345678.
    #expect(machine.write([0x78, 0x56, 8, 0, 0, 0x8E, 0x34, 0x12], at: PhysicalAddress(0x600 + 6 * 8)))
    #expect(machine.write([0x0F, 0x0B], at: PhysicalAddress(0x1000)))
    machine.enterProtectedMode(eip: 0x1000, ebx: 0)
    machine.cpu.pointee.gdtr = DescriptorTableRegister(base: 0x500, limit: 15)
    machine.cpu.pointee.idtr = DescriptorTableRegister(base: 0x600, limit: 0x7FF)
    machine.cpu.pointee.gpr[4] = 0x2000
    _ = machine.run(untilClock: .max, untilSteps: 1)
    #expect(machine.rip == 0x1234_5678)
    #expect(machine.registers.general[4] == 0x1FF4)
    #expect(machine.read(PhysicalAddress(0x1FF4), count: 12) == [0, 0x10, 0, 0, 8, 0, 0, 0, 2, 0, 1, 0])
  }

  @Test func realModePushesThreeWordsAndTakesTheVectorTable() {
    let machine = Machine(configuration: MachineConfiguration())
    #expect(machine.write([0x34, 0x12, 0x00, 0x20], at: PhysicalAddress(0x21 * 4)))
    // int 0x21 at 0000:7C00, iret at 2000:1234.
    #expect(machine.write([0xCD, 0x21], at: PhysicalAddress(0x7C00)))
    #expect(machine.write([0xCF], at: PhysicalAddress(0x2_1234)))
    machine.cpu.pointee.rip = 0x7C00
    machine.cpu.pointee.gpr[4] = 0x7000
    machine.cpu.setFlags(0x202)
    _ = machine.run(untilClock: .max, untilSteps: 1)
    #expect(machine.registers.selectors[1] == 0x2000 && machine.rip == 0x1234)
    #expect(machine.read(PhysicalAddress(0x6FFA), count: 6) == [0x02, 0x7C, 0, 0, 0x02, 0x02])
    #expect(machine.registers.rflags & Flag.interrupt == 0)
    _ = machine.run(untilClock: .max, untilSteps: 2)
    #expect(machine.registers.selectors[1] == 0 && machine.rip == 0x7C02)
    #expect(machine.registers.rflags & Flag.interrupt != 0)
  }
}
