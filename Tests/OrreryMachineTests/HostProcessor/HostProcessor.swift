#if arch(x86_64)
import Glibc

/// Executes short straight-line code on the processor that runs this test.
///
/// A page of generated code loads every register from a context, falls into the code under test, and stores every register back. Context, code and
/// data lie at fixed addresses, so that the machine under test can use the very same addresses and their results compare equal.
final class HostProcessor {
  /// Where the instruction's memory operands lie.
  static let dataAddress: UInt64 = 0x1000_0000
  static let dataSize = 16384
  /// Where the generated code lies; the instruction itself is at `instructionAddress`.
  static let codeAddress: UInt64 = 0x1100_0000
  static let codeSize = 8192
  static let contextAddress = codeAddress + 4096

  /// Every case ends at this address; the generated code runs into it through `nop`s.
  static let endAddress = codeAddress + 1024

  private let entry: @convention(c) () -> Void
  /// Where the generated code before the case ends.
  private let start: UInt64

  /// Nil when the host refuses memory at the fixed addresses.
  init?() {
    guard
      Self.map(Self.dataAddress, Self.dataSize, PROT_READ | PROT_WRITE),
      Self.map(Self.codeAddress, Self.codeSize, PROT_READ | PROT_WRITE | PROT_EXEC)
    else { return nil }
    var head = Assembler(at: Self.codeAddress)
    for register in Self.calleeSaved { head.push(register) }
    head.storeRSP(to: Self.contextAddress + RegisterContext.hostStackOffset)
    head.pushMemory(Self.contextAddress + RegisterContext.flagsOffset)
    head.emit([0x9D])  // popfq
    head.exchangeState(with: Self.contextAddress + RegisterContext.stateOffset, stores: false)
    for index in 0..<16 { head.moveRegister(index, address: Self.contextAddress + UInt64(index) * 8, stores: false) }
    start = head.address
    Self.write(head.bytes, at: Self.codeAddress)
    var tail = Assembler(at: Self.endAddress)
    for index in 0..<16 { tail.moveRegister(index, address: Self.contextAddress + UInt64(index) * 8, stores: true) }
    tail.loadRSP(from: Self.contextAddress + RegisterContext.hostStackOffset)
    tail.emit([0x9C, 0x58])  // pushfq; pop rax
    tail.moveRegister(0, address: Self.contextAddress + RegisterContext.flagsOffset, stores: true)
    tail.exchangeState(with: Self.contextAddress + RegisterContext.stateOffset, stores: true)
    // The code of this test itself expects the floating-point units as a program finds them.
    tail.emit([0xDB, 0xE3])  // fninit
    tail.loadMXCSR(from: Self.contextAddress + RegisterContext.hostMXCSROffset)
    for register in Self.calleeSaved.reversed() { tail.pop(register) }
    tail.emit([0xC3])
    Self.write(tail.bytes, at: Self.endAddress)
    entry = unsafeBitCast(UnsafeRawPointer(bitPattern: UInt(Self.codeAddress))!, to: (@convention(c) () -> Void).self)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(bitPattern: UInt(Self.dataAddress)), Self.dataSize)
    munmap(UnsafeMutableRawPointer(bitPattern: UInt(Self.codeAddress)), Self.codeSize)
  }

  /// Executes `code` once from `context`, with `data` as the memory at `dataAddress`; gives what both are afterwards.
  func execute(_ code: [UInt8], _ context: RegisterContext, _ data: [UInt8]) -> (RegisterContext, [UInt8]) {
    precondition(data.count <= Self.dataSize)
    let room = Int(Self.endAddress - start)
    precondition(code.count <= room)
    Self.write([UInt8](repeating: 0x90, count: room - code.count) + code, at: start)
    Self.write(data, at: Self.dataAddress)
    let place = UnsafeMutableRawPointer(bitPattern: UInt(Self.contextAddress))!
    place.storeBytes(of: context, as: RegisterContext.self)
    entry()
    let result = place.loadUnaligned(as: RegisterContext.self)
    let memory = UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: UInt(Self.dataAddress)), count: data.count)
    return (result, Array(memory))
  }

  private static let calleeSaved: [UInt8] = [3, 5, 12, 13, 14, 15]

  private static func map(_ address: UInt64, _ size: Int, _ protection: Int32) -> Bool {
    let noReplace: Int32 = 0x100000  // MAP_FIXED_NOREPLACE, which the overlay lacks
    let place = UnsafeMutableRawPointer(bitPattern: UInt(address))
    return mmap(place, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | noReplace, -1, 0) == place
  }

  private static func write(_ bytes: [UInt8], at address: UInt64) {
    UnsafeMutableRawPointer(bitPattern: UInt(address))!.copyMemory(from: bytes, byteCount: bytes.count)
  }
}

/// The registers of a case, in the layout the generated code uses.
struct RegisterContext {
  var registers: InlineArray<16, UInt64> = .init(repeating: 0)
  // From here on 512 bytes as FXSAVE stores them (Intel SDM volume 1, 10.5.1).
  var x87 = X87Context()
  var vectors: InlineArray<32, UInt64> = .init(repeating: 0)
  private var reserved: InlineArray<12, UInt64> = .init(repeating: 0)
  var flags: UInt64 = 2
  var hostStack: UInt64 = 0
  private var hostMXCSR: UInt64 = 0x1F80

  static let stateOffset: UInt64 = 128
  static let flagsOffset: UInt64 = stateOffset + 512
  static let hostStackOffset: UInt64 = flagsOffset + 8
  static let hostMXCSROffset: UInt64 = hostStackOffset + 8
}

/// The x87 unit and MXCSR, as the first 160 bytes of what FXSAVE stores.
struct X87Context {
  var control: UInt16 = 0x37F
  var status: UInt16 = 0
  /// One bit for each of R0…R7, set when it is not empty.
  var tags: UInt8 = 0
  private var reserved: UInt8 = 0
  var opcode: UInt16 = 0
  var instruction: UInt64 = 0
  var data: UInt64 = 0
  var mxcsr: UInt32 = 0x1F80
  private var mxcsrMask: UInt32 = 0
  /// ST(0)…ST(7), each as its significand and a word with sign and exponent.
  var registers: InlineArray<16, UInt64> = .init(repeating: 0)
}

/// The few instructions that the generated code around a case needs.
private struct Assembler {
  private(set) var bytes: [UInt8] = []
  private(set) var address: UInt64

  init(at address: UInt64) { self.address = address }

  mutating func emit(_ new: [UInt8]) {
    bytes += new
    address += UInt64(new.count)
  }

  mutating func push(_ register: UInt8) { emit((register >= 8 ? [0x41] : []) + [0x50 | register & 7]) }
  mutating func pop(_ register: UInt8) { emit((register >= 8 ? [0x41] : []) + [0x58 | register & 7]) }
  mutating func storeRSP(to target: UInt64) { moveRegister(4, address: target, stores: true) }
  mutating func loadRSP(from source: UInt64) { moveRegister(4, address: source, stores: false) }

  /// `mov` between a register and [rip + …].
  mutating func moveRegister(_ register: Int, address target: UInt64, stores: Bool) {
    let number = UInt8(register)
    emitRelative([0x48 | (number >= 8 ? 4 : 0), stores ? 0x89 : 0x8B, 0x05 | (number & 7) << 3], target)
  }

  /// `fxsave64` or `fxrstor64` with [rip + …].
  mutating func exchangeState(with target: UInt64, stores: Bool) {
    emitRelative([0x48, 0x0F, 0xAE, stores ? 0x05 : 0x0D], target)
  }

  /// `ldmxcsr` with [rip + …].
  mutating func loadMXCSR(from source: UInt64) { emitRelative([0x0F, 0xAE, 0x15], source) }

  mutating func pushMemory(_ target: UInt64) { emitRelative([0xFF, 0x35], target) }

  private mutating func emitRelative(_ opcode: [UInt8], _ target: UInt64) {
    let distance = Int64(bitPattern: target &- (address + UInt64(opcode.count) + 4))
    let displacement = UInt32(bitPattern: Int32(distance))
    emit(opcode + (0..<4).map { UInt8(truncatingIfNeeded: displacement >> (8 * UInt32($0))) })
  }
}
#endif
