#if arch(x86_64)
import OrreryBase

@testable import OrreryMachine

/// Executes the same code on the machine, as a Linux program does: in 64-bit mode at privilege level 3, at the addresses the host uses, with the same
/// pages, selectors and control bits. Exceptions are delivered through gates, and told from what the handler finds.
final class GuestProcessor {
  struct Problem: Error {
    var text: String
  }

  // Memory that only the supervisor reaches, mapped to itself.
  private static let rootTable: UInt64 = 0x1000
  private static let pointerTable: UInt64 = 0x2000
  private static let directory: UInt64 = 0x3000
  private static let dataTable: UInt64 = 0x4000
  private static let descriptors: UInt64 = 0x6000
  private static let task: UInt64 = 0x7000
  private static let gates: UInt64 = 0x8000
  private static let handlers: UInt64 = 0xA000
  private static let stackTop: UInt64 = 0x1_0000
  private static let handlerSize: UInt64 = 16

  private var machine: Machine
  private var data: UnsafeRawPointer

  init() { (machine, data) = Self.makeMachine() }

  // MARK: The machine

  private static func makeMachine() -> (Machine, UnsafeRawPointer) {
    var configuration = MachineConfiguration()
    configuration.memorySize = 512 << 20
    let machine = Machine(configuration: configuration)
    fillPageTables(machine)
    fillDescriptorTables(machine)
    machine.enterProtectedMode(eip: 0, ebx: 0)
    let cpu = machine.cpu
    cpu.pointee.gdtr = DescriptorTableRegister(base: descriptors, limit: 0x4F)
    cpu.pointee.idtr = DescriptorTableRegister(base: gates, limit: 0xFFF)
    cpu.pointee.cr4 = ControlRegister.pae | ControlRegister.osfxsr | ControlRegister.osxmmexcpt
    cpu.pointee.cr3 = rootTable
    cpu.pointee.efer = ExtendedFeature.longModeEnable | ExtendedFeature.noExecuteEnable | ExtendedFeature.systemCall
    let control =
      ControlRegister.pe | ControlRegister.pg | ControlRegister.wp | ControlRegister.ne | ControlRegister.mp
      | ControlRegister.am
    precondition(cpu.writeControl(0, control) && cpu.farJump(selector: 0x10, offset: 0, next: 0))
    precondition(cpu.loadTask(selector: 0x40))
    // A tick of the 8254 would be taken for the exception of its vector, after 55 ms in which IF is set.
    precondition(cpu.writePort(0x21, 0xFF, size: 1))
    for register in [SegmentRegister.ds, .es, .fs, .gs] { precondition(cpu.loadSegment(register, selector: 0)) }
    cpu[segment: .gs].base = HostProcessor.gsBase
    machine.setAnchors(
      [LinearAddress(HostProcessor.endAddress)]
        + (0..<32).map { LinearAddress(handlers + UInt64($0) * handlerSize) })
    // The memory of the cases exists from here on, in one piece, and nothing is remembered about it.
    let frame = HostProcessor.dataAddress >> 12
    for page in 0..<UInt64(HostProcessor.dataSize >> 12) { cpu.pointee.memory.pointee.markDirty(frame + page) }
    return (machine, UnsafeRawPointer(cpu.pointee.memory.pointee.bytes(ofFrame: frame)))
  }

  private static func store(_ value: UInt64, at address: UInt64, in machine: Machine) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    precondition(machine.write(bytes, at: PhysicalAddress(address)))
  }

  /// The first 2 MiB are the supervisor's. The data's pages cannot be executed; the one behind them can only be read.
  private static func fillPageTables(_ machine: Machine) {
    let (present, writable, user, large, noExecute) =
      (1, 2, 4, 0x80, 1 << 63) as (UInt64, UInt64, UInt64, UInt64, UInt64)
    store(pointerTable | present | writable | user, at: rootTable, in: machine)
    store(directory | present | writable | user, at: pointerTable, in: machine)
    store(present | writable | large, at: directory, in: machine)
    let data = HostProcessor.dataAddress
    let code = HostProcessor.codeAddress
    store(dataTable | present | writable | user, at: directory + (data >> 21) * 8, in: machine)
    store(code | present | writable | user | large, at: directory + (code >> 21) * 8, in: machine)
    let count = UInt64(HostProcessor.dataSize >> 12)
    for page in 0...count {
      let rights = page < count ? present | writable | user : present | user
      store((data + page << 12) | rights | noExecute, at: dataTable + page * 8, in: machine)
    }
  }

  /// Gates of Linux: those of #BP and #OF are open to programs.
  private static func fillDescriptorTables(_ machine: Machine) {
    let kernelCode: UInt64 = 0x00AF_9B00_0000_FFFF
    store(kernelCode, at: descriptors + 0x10, in: machine)
    store(0x0000_8900_7000_0067, at: descriptors + 0x40, in: machine)
    store(stackTop, at: task + 4, in: machine)
    // The I/O permission map would begin behind the limit.
    store(0x0068_0000_0000_0000, at: task + 0x60, in: machine)
    for vector in 0..<UInt64(32) {
      let type: UInt64 = vector == 3 || vector == 4 ? 0xEE : 0x8E
      store(handlers + vector * handlerSize | 0x10 << 16 | type << 40, at: gates + vector * 16, in: machine)
    }
  }

  private func enterProgram(at rip: UInt64) {
    let cpu = machine.cpu
    cpu[segment: .cs] = Descriptor(raw: 0x00AF_FB00_0000_FFFF).segment(HostProcessor.codeSelector)
    cpu[segment: .ss] = Descriptor(raw: 0x00CF_F300_0000_FFFF).segment(HostProcessor.stackSelector)
    cpu.pointee.rip = rip
    cpu.updateMode(privilegeLevel: 3)
  }

  // MARK: Executing

  func execute(_ test: InstructionCase) -> Result<ProcessorOutcome, Problem> {
    let start = HostProcessor.endAddress - UInt64(test.code.count)
    // As stores, so that the code of the case before is forgotten.
    for place in stride(from: 0, to: test.code.count, by: 8) {
      let size = min(8, test.code.count - place)
      _ = machine.cpu.storePhysical(start + UInt64(place), test.code.word(at: place), size: size)
    }
    test.data.copy(to: UnsafeMutableRawPointer(mutating: data))
    let cpu = machine.cpu
    for index in 0..<16 {
      cpu.pointee.gpr[index] = test.context.registers[index]
      cpu.pointee.xmm[index] = SIMD2(test.context.vectors[2 * index], test.context.vectors[2 * index + 1])
    }
    load(test.context.x87)
    cpu.setFlags(test.context.flags | Flag.interrupt)
    enterProgram(at: start)
    cpu.pointee.shadow = .none
    // What was reported of the case before is of no concern to this one.
    machine.reportedAnchors = AttemptList()
    machine.standsAtInstruction = false
    let exit = machine.run(untilClock: .max, untilSteps: machine.steps + 10_000)
    guard case .anchor(let place) = exit else {
      let text = "ended with \(exit) at \(hexadecimal(machine.rip))"
      (machine, data) = Self.makeMachine()
      return .failure(Problem(text: text))
    }
    var result = ProcessorOutcome(context: RegisterContext(), fault: nil, data: data)
    for index in 0..<16 {
      result.context.registers[index] = cpu.pointee.gpr[index]
      result.context.vectors[2 * index] = cpu.pointee.xmm[index][0]
      result.context.vectors[2 * index + 1] = cpu.pointee.xmm[index][1]
    }
    result.context.flags = cpu.flags
    result.context.x87 = x87Context()
    if place.rawValue != HostProcessor.endAddress { readFrame(at: place.rawValue, &result) }
    return .success(result)
  }

  /// What the handler of an exception finds on its stack (Intel SDM volume 3, 6.14.2).
  private func readFrame(at handler: UInt64, _ result: inout ProcessorOutcome) {
    let cpu = machine.cpu
    let vector = (handler - Self.handlers) / Self.handlerSize
    let hasErrorCode = [8, 10, 11, 12, 13, 14, 17].contains(vector)
    func element(_ index: UInt64) -> UInt64 {
      cpu.pointee.memory.pointee.load(cpu.pointee.gpr[4] + index * 8, as: UInt64.self) ?? 0
    }
    let first: UInt64 = hasErrorCode ? 1 : 0
    result.fault = CaughtFault(
      vector: vector, errorCode: hasErrorCode ? element(0) : 0, rip: element(first),
      address: vector == 14 ? cpu.pointee.cr2 : 0)
    result.context.flags = element(first + 2)
    result.context.registers[4] = element(first + 3)
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
