#if arch(x86_64)
import OrreryBase

@testable import OrreryMachine

/// Executes the same code on the machine, in 64-bit mode with the addresses the host uses.
final class GuestProcessor {
  struct Problem: Error {
    var text: String
  }

  private static let rootTable: UInt64 = 0x1000
  private static let pointerTable: UInt64 = 0x2000

  private var machine: Machine

  init() { machine = Self.makeMachine() }

  /// A machine in 64-bit mode whose first GiB of linear addresses is physical memory.
  private static func makeMachine() -> Machine {
    var configuration = MachineConfiguration()
    configuration.memorySize = 512 << 20
    let machine = Machine(configuration: configuration)
    // One entry of the root to one table of pointers, whose first entry maps 1 GiB: present, writable, user; page size in the last.
    precondition(machine.write([0x07, 0x20, 0, 0, 0, 0, 0, 0], at: PhysicalAddress(rootTable)))
    precondition(machine.write([0x87, 0, 0, 0, 0, 0, 0, 0], at: PhysicalAddress(pointerTable)))
    machine.enterProtectedMode(eip: 0, ebx: 0)
    let cpu = machine.cpu
    cpu.pointee.cr4 = 1 << 5 | 1 << 9 | 1 << 10  // PAE, OSFXSR, OSXMMEXCPT
    cpu.pointee.cr3 = rootTable
    cpu.pointee.efer = 1 << 8 | 1 << 10  // LME, LMA
    cpu.pointee.cr0 = 1 << 31 | 1 << 0 | 1 << 4  // PG, PE, ET
    cpu.pointee.segments[SegmentRegister.cs.rawValue].attributes = 0xA09B  // 64-bit code, present
    cpu.updateMode()
    machine.setAnchors([LinearAddress(HostProcessor.endAddress)])
    return machine
  }

  func execute(
    _ code: [UInt8], _ context: RegisterContext, _ data: [UInt8]
  ) -> Result<(RegisterContext, [UInt8]), Problem> {
    let start = HostProcessor.endAddress - UInt64(code.count)
    precondition(machine.write(code + [0x90], at: PhysicalAddress(start)))
    precondition(machine.write(data, at: PhysicalAddress(HostProcessor.dataAddress)))
    let cpu = machine.cpu
    for index in 0..<16 {
      cpu.pointee.gpr[index] = context.registers[index]
      cpu.pointee.xmm[index] = SIMD2(context.vectors[2 * index], context.vectors[2 * index + 1])
    }
    load(context.x87)
    cpu.setFlags(context.flags | 1 << 9)
    cpu.pointee.rip = start
    let limit = machine.steps + 10_000
    let exit = machine.run(untilClock: .max, untilSteps: limit)
    guard case .anchor = exit else {
      let fault = cpu.pointee.hasFault ? ", fault \(cpu.pointee.fault.vector)" : ""
      let text = "ended with \(exit)\(fault) at \(hexadecimal(machine.rip))"
      machine = Self.makeMachine()
      return .failure(Problem(text: text))
    }
    var result = RegisterContext()
    for index in 0..<16 {
      result.registers[index] = cpu.pointee.gpr[index]
      result.vectors[2 * index] = cpu.pointee.xmm[index][0]
      result.vectors[2 * index + 1] = cpu.pointee.xmm[index][1]
    }
    result.flags = cpu.flags
    result.x87 = x87Context()
    // The anchor stands before an instruction that is never executed: take that step, so that the next case starts afresh.
    cpu.pointee.rip = HostProcessor.endAddress
    _ = machine.run(untilClock: .max, untilSteps: machine.steps + 1)
    return .success((result, machine.read(PhysicalAddress(HostProcessor.dataAddress), count: data.count)!))
  }

  private func load(_ context: X87Context) {
    let cpu = machine.cpu
    cpu.pointee.mxcsr = context.mxcsr
    cpu.pointee.fpuControl = context.control
    cpu.pointee.fpuStatus = context.status
    var tags: UInt16 = 0
    for register in 0..<8 as Range<UInt16> where context.tags >> register & 1 == 0 { tags |= 3 << (2 * register) }
    cpu.pointee.fpuTags = tags
    for index in 0..<8 {
      let register = cpu.x87Register(index)
      cpu.pointee.fpuSignificands[register] = context.registers[2 * index]
      cpu.pointee.fpuExponents[register] = UInt16(truncatingIfNeeded: context.registers[2 * index + 1])
    }
  }

  private func x87Context() -> X87Context {
    let cpu = machine.cpu
    var context = X87Context()
    context.mxcsr = cpu.pointee.mxcsr
    context.control = cpu.pointee.fpuControl
    context.status = cpu.pointee.fpuStatus
    for register in 0..<8 where cpu.pointee.fpuTags >> UInt16(2 * register) & 3 != 3 { context.tags |= 1 << register }
    for index in 0..<8 {
      let value = cpu.x87Read(index)
      context.registers[2 * index] = value.significand
      context.registers[2 * index + 1] = UInt64(value.signAndExponent)
    }
    return context
  }
}
#endif
