#if arch(x86_64)
import Glibc

/// Executes short pieces of code on the processor that runs this test.
///
/// A page of generated code loads every register from a context, jumps into the code under test, and stores every register back behind it; an exception
/// on the way leads there, too. Context, code and data lie at fixed addresses, so that the machine under test can use the very same addresses and their
/// results compare equal. Only the thread that made it may use it.
final class HostProcessor {
  /// Where the instruction's memory operands lie. A page that can only be read follows, and then one that cannot be used, as cannot the one before.
  static let dataAddress: UInt64 = 0x1000_0000
  static let dataSize = 16384
  /// Where the generated code lies.
  static let codeAddress: UInt64 = 0x1100_0000
  static let codeSize = 8192
  static let contextAddress = codeAddress + 4096

  /// Every case ends at this address.
  static let endAddress = codeAddress + 2048
  /// What the segment prefix for GS adds.
  static let gsBase: UInt64 = 0x400
  /// Selectors of a Linux program.
  static let codeSelector: UInt16 = 0x33
  static let stackSelector: UInt16 = 0x2B

  private static let pageSize: UInt64 = 4096
  private static let mapStart = dataAddress - pageSize
  private static let mapSize = dataSize + 3 * Int(pageSize)
  private let data = UnsafeMutableRawPointer(bitPattern: UInt(HostProcessor.dataAddress))!
  private let context = UnsafeMutableRawPointer(bitPattern: UInt(HostProcessor.contextAddress))!

  private let entry: @convention(c) () -> Void
  private let setGSBase: @convention(c) () -> Void
  private let exceptions: HostExceptions

  /// Nil when the host refuses memory at the fixed addresses.
  init?() {
    guard
      Self.map(Self.mapStart, Self.mapSize, PROT_NONE),
      Self.map(Self.codeAddress, Self.codeSize, PROT_READ | PROT_WRITE | PROT_EXEC)
    else { return nil }
    mprotect(data, Self.dataSize, PROT_READ | PROT_WRITE)
    let readOnly = data + Self.dataSize
    mprotect(readOnly, Int(Self.pageSize), PROT_READ)
    // The page exists from the first access on; without it the processor would find none to be protected.
    precondition(readOnly.load(as: UInt8.self) == 0)

    var head = Assembler(at: Self.codeAddress)
    for register in Self.calleeSaved { head.push(register) }
    head.storeRSP(to: Self.contextAddress + RegisterContext.hostStackOffset)
    head.pushMemory(Self.contextAddress + RegisterContext.flagsOffset)
    head.emit([0x9D])  // popfq
    head.exchangeState(with: Self.contextAddress + RegisterContext.stateOffset, stores: false)
    for index in 0..<16 { head.moveRegister(index, address: Self.contextAddress + UInt64(index) * 8, stores: false) }
    head.jump(through: Self.contextAddress + RegisterContext.startOffset)
    let trampoline = head.address
    head.emitSignalTrampoline(to: Self.contextAddress + HostExceptions.handlerOffset)
    let arch = head.address
    head.emitSetGSBase()
    Self.write(head.bytes, at: Self.codeAddress)

    var tail = Assembler(at: Self.endAddress)
    for index in 0..<16 { tail.moveRegister(index, address: Self.contextAddress + UInt64(index) * 8, stores: true) }
    tail.loadRSP(from: Self.contextAddress + RegisterContext.hostStackOffset)
    tail.emit([0x9C, 0x58])  // pushfq; pop rax
    tail.moveRegister(0, address: Self.contextAddress + RegisterContext.flagsOffset, stores: true)
    // The code of this test itself expects flags and floating-point units as a program finds them.
    tail.emit([0x68, 2, 2, 0, 0, 0x9D])  // push 0x202; popfq
    tail.exchangeState(with: Self.contextAddress + RegisterContext.stateOffset, stores: true)
    tail.emit([0xDB, 0xE3])  // fninit
    tail.loadMXCSR(from: Self.contextAddress + RegisterContext.hostMXCSROffset)
    for register in Self.calleeSaved.reversed() { tail.pop(register) }
    tail.emit([0xC3])
    Self.write(tail.bytes, at: Self.endAddress)

    entry = Self.function(at: Self.codeAddress)
    setGSBase = Self.function(at: arch)
    exceptions = HostExceptions(context: context, trampoline: trampoline, end: Self.endAddress)
    setGSBase()
  }

  deinit {
    exceptions.restore()
    munmap(UnsafeMutableRawPointer(bitPattern: UInt(Self.mapStart)), Self.mapSize)
    munmap(UnsafeMutableRawPointer(bitPattern: UInt(Self.codeAddress)), Self.codeSize)
  }

  /// Executes the code of `test` once from its registers and data.
  func execute(_ test: InstructionCase) -> ProcessorOutcome {
    let start = Self.endAddress - UInt64(test.code.count)
    test.code.copy(to: UnsafeMutableRawPointer(bitPattern: UInt(start))!)
    test.data.copy(to: data)
    context.storeBytes(of: test.context, as: RegisterContext.self)
    context.storeBytes(of: start, toByteOffset: Int(RegisterContext.startOffset), as: UInt64.self)
    exceptions.arm()
    entry()
    let fault = exceptions.disarm()
    var result = context.loadUnaligned(as: RegisterContext.self)
    if let fault { result.flags = fault.flags }
    return ProcessorOutcome(context: result, fault: fault?.fault, data: UnsafeRawPointer(data))
  }

  private static let calleeSaved: [UInt8] = [3, 5, 12, 13, 14, 15]

  private static func function(at address: UInt64) -> @convention(c) () -> Void {
    unsafeBitCast(UnsafeRawPointer(bitPattern: UInt(address))!, to: (@convention(c) () -> Void).self)
  }

  private static func map(_ address: UInt64, _ size: Int, _ protection: Int32) -> Bool {
    let noReplace: Int32 = 0x100000  // MAP_FIXED_NOREPLACE, which the overlay lacks
    let place = UnsafeMutableRawPointer(bitPattern: UInt(address))
    return mmap(place, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | noReplace, -1, 0) == place
  }

  private static func write(_ bytes: [UInt8], at address: UInt64) {
    UnsafeMutableRawPointer(bitPattern: UInt(address))!.copyMemory(from: bytes, byteCount: bytes.count)
  }
}

extension UnsafeRawPointer {
  func isEqual(to other: UnsafeRawPointer, count: Int) -> Bool { memcmp(self, other, count) == 0 }
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
  mutating func jump(through target: UInt64) { emitRelative([0xFF, 0x25], target) }

  /// The kernel leaves AC as the case set it: it is cleared before any code that a compiler made. pushfq; and qword [rsp], ~AC; popfq; jmp.
  mutating func emitSignalTrampoline(to handler: UInt64) {
    emit([0x9C, 0x48, 0x81, 0x24, 0x24, 0xFF, 0xFF, 0xFB, 0xFF, 0x9D])
    jump(through: handler)
  }

  /// arch_prctl(ARCH_SET_GS, gsBase), as a function. Linux programs have no other use for GS.
  mutating func emitSetGSBase() {
    let base = UInt32(HostProcessor.gsBase)
    emit([0xB8, 0x9E, 0, 0, 0, 0xBF, 1, 0x10, 0, 0, 0xBE])
    emit((0..<4).map { UInt8(truncatingIfNeeded: base >> (8 * UInt32($0))) })
    emit([0x0F, 0x05, 0xC3])
  }

  private mutating func emitRelative(_ opcode: [UInt8], _ target: UInt64) {
    let distance = Int64(bitPattern: target &- (address + UInt64(opcode.count) + 4))
    let displacement = UInt32(bitPattern: Int32(distance))
    emit(opcode + (0..<4).map { UInt8(truncatingIfNeeded: displacement >> (8 * UInt32($0))) })
  }
}
#endif
