import OrreryBase
import OrreryMachine

/// A machine that executes a fuzzer's bytes, in the mode that the first byte says. Every handler goes on two bytes behind
/// what faulted, so that one fault is not the end.
struct FuzzGuest {
  enum Mode: UInt8, CaseIterable, Sendable {
    case real, protected, long, protected16, compatibility
  }

  private static let start: UInt64 = 0x1_0000
  private static let code: UInt64 = 0x2_0000
  private static let stub16: UInt64 = 0x1_8000
  private static let handlers: UInt64 = 0x8000
  private static let gdt: UInt64 = 0x4000
  private static let registers: UInt64 = 0x5000
  private static let idt: UInt64 = 0x6000
  static let steps: Steps = 4_000
  /// A guest that halts may wait for ever, while its timer goes on.
  private static let clocks: Clock = 5_000_000
  private static let codeLimit = 0x4000

  private let machine: Machine

  init(_ bytes: [UInt8]) {
    let mode = Mode(rawValue: (bytes.first ?? 0) % UInt8(Mode.allCases.count)) ?? .long
    self.init(mode, code: bytes.dropFirst().prefix(Self.codeLimit))
  }

  init(_ mode: Mode, code: some Sequence<UInt8>) {
    var configuration = MachineConfiguration()
    configuration.memorySize = 4 << 20
    configuration.probes = .all
    machine = Machine(configuration: configuration)
    fillTables(mode)
    write(Self.code, Array(code))
    write(Self.start, startCode(mode))
    // mov eax, cr0; and al, 0xFE; mov cr0, eax; jmp 0x2000:0
    write(Self.stub16, [0x0F, 0x20, 0xC0, 0x24, 0xFE, 0x0F, 0x22, 0xC0, 0xEA, 0, 0, 0, 0x20])
    machine.enterProtectedMode(eip: UInt32(Self.start), ebx: 0)
  }

  /// How many steps it took until it had enough of them or ended.
  @discardableResult
  func run() -> Steps {
    while machine.steps < Self.steps {
      let exit = machine.run(untilClock: Self.clocks, untilSteps: min(Self.steps, machine.steps + 1_000))
      machine.probes.drain { _, _ in }
      switch exit {
      case .reachedSteps, .probesFull: continue
      default: return machine.steps
      }
    }
    _ = machine.screenText()
    _ = machine.registers
    return machine.steps
  }

  /// Whether what executes is code of the mode.
  func executes(_ mode: Mode) -> Bool {
    let registers = machine.registers
    let isProtected = registers.cr0 & 1 != 0
    let isLong = registers.efer & 1 << 10 != 0
    let selector = registers.selectors[1]
    return switch mode {
    case .real: !isProtected && selector == 0x2000
    case .protected: isProtected && !isLong && selector == 0x28
    case .protected16: isProtected && !isLong && selector == 0x48
    case .compatibility: isLong && selector == 0x28
    case .long: isLong && selector == 8
    }
  }

  private func write(_ address: UInt64, _ bytes: [UInt8]) {
    precondition(machine.write(bytes, at: PhysicalAddress(address)), "the guest's own memory")
  }

  private func words(_ address: UInt64, _ values: [UInt64], size: Int = 8) {
    write(
      address, values.flatMap { value in (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) } })
  }

  private func fillTables(_ mode: Mode) {
    // Four levels, the first 4 MiB in two pages of 2 MiB.
    words(0x1000, [0x2007])
    words(0x2000, [0x3007])
    words(0x3000, [0x87, 0x20_0087])
    // Null, 64-bit code, data, user data, user 64-bit code, 32-bit code, 16-bit code on the way to real-address mode, task of up to 16 bytes, 16-bit code.
    words(
      Self.gdt,
      [
        0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x00CF_F300_0000_FFFF, 0x00AF_FB00_0000_FFFF,
        0x00CF_9B00_0000_FFFF, 0x0000_9B01_0000_FFFF, 0x0000_8900_7000_0067, 0, 0x0000_9B02_0000_FFFF,
      ])
    words(0x7004, [0x8_0000])
    write(Self.registers, [0x4F, 0] + (0..<8).map { UInt8(truncatingIfNeeded: Self.gdt >> UInt64($0 * 8)) })
    write(Self.registers + 16, [0xFF, 0x0F] + (0..<8).map { UInt8(truncatingIfNeeded: Self.idt >> UInt64($0 * 8)) })
    for vector in 0..<UInt64(64) {
      let handler = Self.handlers + vector * 32
      let hasErrorCode = [8, 10, 11, 12, 13, 14, 17].contains(vector)
      switch mode {
      case .long, .compatibility:
        words(Self.idt + vector * 16, [handler & 0xFFFF | 8 << 16 | 0xEE << 40, 0])
        // add qword [rsp + 8], 2; add rsp, 8; iretq, or without an error code add qword [rsp], 2; iretq
        write(
          handler,
          hasErrorCode
            ? [0x48, 0x83, 0x44, 0x24, 8, 2, 0x48, 0x83, 0xC4, 8, 0x48, 0xCF] : [0x48, 0x83, 0x04, 0x24, 2, 0x48, 0xCF])
      case .protected, .protected16:
        words(Self.idt + vector * 8, [handler & 0xFFFF | 0x28 << 16 | 0xEE << 40])
        write(
          handler, hasErrorCode ? [0x83, 0x44, 0x24, 4, 2, 0x83, 0xC4, 4, 0xCF] : [0x83, 0x04, 0x24, 2, 0xCF])
      case .real:
        words(Self.idt + vector * 4, [handler], size: 4)
        // push bp; mov bp, sp; add word [bp + 2], 2; pop bp; iret
        write(handler, [0x55, 0x89, 0xE5, 0x83, 0x46, 2, 2, 0x5D, 0xCF])
      }
    }
  }

  private func startCode(_ mode: Mode) -> [UInt8] {
    // mov esp, 0x90000; lgdt; lidt
    var code: [UInt8] = [0xBC, 0, 0, 9, 0, 0x0F, 0x01, 0x15, 0, 0x50, 0, 0, 0x0F, 0x01, 0x1D, 0x10, 0x50, 0, 0]
    switch mode {
    case .long, .compatibility:
      // CR4, CR3, EFER, CR0; then to the code
      code += [0xB8, 0x20, 6, 0, 0, 0x0F, 0x22, 0xE0, 0xB8, 0, 0x10, 0, 0, 0x0F, 0x22, 0xD8]
      code += [0xB9, 0x80, 0, 0, 0xC0, 0xB8, 0x01, 0x09, 0, 0, 0x31, 0xD2, 0x0F, 0x30]
      code += [0xB8, 0x31, 0, 1, 0x80, 0x0F, 0x22, 0xC0, 0xEA, 0, 0, 2, 0, mode == .long ? 8 : 0x28, 0]
    case .protected: code += [0xB8, 0, 6, 0, 0, 0x0F, 0x22, 0xE0, 0xEA, 0, 0, 2, 0, 0x28, 0]
    case .protected16: code += [0xB8, 0, 6, 0, 0, 0x0F, 0x22, 0xE0, 0xEA, 0, 0, 0, 0, 0x48, 0]
    case .real: code += [0xEA, 0, 0x80, 0, 0, 0x30, 0]
    }
    return code
  }
}
