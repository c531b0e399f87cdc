import OrreryBase

@testable import OrreryMachine

/// A machine already in long mode at CPL 0: the first 16 MiB mapped to themselves in 2 MiB pages, a GDT with code and data for CPL 0 and 3,
/// an IDT of 64 gates that lead to `handlerBase + 16 * vector`, where there is an HLT, and a TSS. Tests add code bytes and look at what they did.
struct LongModeGuest {
  static let pml4: UInt64 = 0x1000
  static let directoryPointers: UInt64 = 0x2000
  static let directory: UInt64 = 0x3000
  static let gdt: UInt64 = 0x4000
  static let task: UInt64 = 0x5000
  static let idt: UInt64 = 0x6000
  static let handlerBase: UInt64 = 0x8000
  static let code: UInt64 = 0x1_0000
  static let stackTop: UInt64 = 0x8_0000
  /// What the TSS has for privilege level 0.
  static let innerStackTop: UInt64 = 0x7_0000
  /// IST 1 of the TSS.
  static let interruptStackTop: UInt64 = 0x6_0000

  static let kernelCode: UInt16 = 0x08
  static let kernelData: UInt16 = 0x10
  static let userData: UInt16 = 0x18 | 3
  static let userCode: UInt16 = 0x20 | 3

  /// The fault that the first instruction of `code` raises, or nil.
  static func fault(_ code: [UInt8], configure: (CPU) -> Void = { _ in }) -> Fault? {
    let guest = LongModeGuest(code)
    configure(guest.cpu)
    guest.cpu.pointee.budget = 1
    return guest.cpu.execute() == .fault ? guest.cpu.pointee.fault : nil
  }

  let machine: Machine
  var cpu: CPU { machine.cpu }

  init(_ code: [UInt8] = [], _ configure: (inout MachineConfiguration) -> Void = { _ in }) {
    var configuration = MachineConfiguration()
    configuration.memorySize = 16 << 20
    configuration.probes = .all
    configure(&configuration)
    machine = Machine(configuration: configuration)
    store(Self.pml4, Self.directoryPointers | 7)
    store(Self.directoryPointers, Self.directory | 7)
    for index in 0..<UInt64(8) { store(Self.directory + index * 8, index << 21 | 0x87) }
    let descriptors: [UInt64] = [
      0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x00CF_F300_0000_FFFF, 0x00AF_FB00_0000_FFFF,
      0x0000_8900_5000_0067, 0,
    ]
    for (index, descriptor) in descriptors.enumerated() { store(Self.gdt + UInt64(index) * 8, descriptor) }
    store(Self.task + 4, Self.innerStackTop)
    store(Self.task + 36, Self.interruptStackTop)
    // The I/O permission map would begin behind the limit.
    store(Self.task + 0x60, 0x0068_0000_0000_0000)
    for vector in 0..<UInt64(64) {
      setGate(UInt8(vector), handler: Self.handlerBase + vector * 16)
      write([0xF4], at: Self.handlerBase + vector * 16)
    }
    write(code, at: Self.code)
    machine.enterProtectedMode(eip: 0, ebx: 0)
    cpu.pointee.gdtr = DescriptorTableRegister(base: Self.gdt, limit: 55)
    cpu.pointee.idtr = DescriptorTableRegister(base: Self.idt, limit: 64 * 16 - 1)
    cpu.pointee.cr3 = Self.pml4
    cpu.pointee.cr4 = ControlRegister.pae | ControlRegister.osfxsr
    cpu.pointee.efer = ExtendedFeature.longModeEnable | ExtendedFeature.noExecuteEnable | ExtendedFeature.systemCall
    _ = cpu.writeControl(0, ControlRegister.pe | ControlRegister.pg | ControlRegister.wp | ControlRegister.ne)
    _ = cpu.farJump(selector: Self.kernelCode, offset: Self.code, next: 0)
    for register in [SegmentRegister.ss, .ds, .es, .fs, .gs] {
      _ = cpu.loadSegment(register, selector: Self.kernelData)
    }
    _ = cpu.loadTask(selector: 0x28)
    cpu.pointee.shadow = .none
    cpu.pointee.gpr[4] = Self.stackTop
    // The firmware leaves the timer's interrupt on.
    _ = cpu.writePort(0x21, 0xFF, size: 1)
    _ = cpu.writePort(0xA1, 0xFF, size: 1)
    machine.probes.drain { _, _ in }
  }

  func store(_ address: UInt64, _ value: UInt64) {
    write((0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }, at: address)
  }

  func write(_ bytes: [UInt8], at address: UInt64) {
    precondition(machine.write(bytes, at: PhysicalAddress(address)))
  }

  func load(_ address: UInt64) -> UInt64 {
    (machine.read(PhysicalAddress(address), count: 8) ?? []).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `type` 0x8E is a present interrupt gate of DPL 0, 0x8F a trap gate, 0xEE an interrupt gate of DPL 3.
  func setGate(_ vector: UInt8, handler: UInt64, type: UInt64 = 0x8E, stack: UInt64 = 0, selector: UInt16 = kernelCode)
  {
    let address = Self.idt + UInt64(vector) * 16
    store(
      address, handler & 0xFFFF | UInt64(selector) << 16 | stack << 32 | type << 40 | (handler >> 16 & 0xFFFF) << 48)
    store(address + 8, handler >> 32)
  }

  /// Continues at `rip` in user mode, with the stack at `stackTop`.
  func enterUserMode(at rip: UInt64 = code) {
    cpu[segment: .cs] = Descriptor(raw: 0x00AF_FB00_0000_FFFF).segment(Self.userCode)
    cpu[segment: .ss] = Descriptor(raw: 0x00CF_F300_0000_FFFF).segment(Self.userData)
    cpu.pointee.rip = rip
    cpu.updateMode(privilegeLevel: 3)
  }

  @discardableResult
  func run(steps: Steps) -> RunExit { machine.run(untilClock: .max, untilSteps: machine.steps + steps) }

  /// The records written since the last call.
  func records(_ kind: ProbeKind? = nil) -> [ProbeRecord] {
    var found: [ProbeRecord] = []
    machine.probes.drain { records, _ in found = records.filter { kind == nil || $0.kind == kind } }
    return found
  }

  /// What lies on the stack, from the top: the given number of elements of eight bytes.
  func stack(_ count: Int) -> [UInt64] { (0..<count).map { load(cpu.pointee.gpr[4] + UInt64($0 * 8)) } }
}
