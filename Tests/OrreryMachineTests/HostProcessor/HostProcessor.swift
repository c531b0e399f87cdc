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
    for index in 0..<16 {
      head.moveVector(index, address: Self.contextAddress + RegisterContext.vectorOffset(index), stores: false)
    }
    for index in 0..<16 { head.moveRegister(index, address: Self.contextAddress + UInt64(index) * 8, stores: false) }
    start = head.address
    Self.write(head.bytes, at: Self.codeAddress)
    var tail = Assembler(at: Self.endAddress)
    for index in 0..<16 { tail.moveRegister(index, address: Self.contextAddress + UInt64(index) * 8, stores: true) }
    tail.loadRSP(from: Self.contextAddress + RegisterContext.hostStackOffset)
    tail.emit([0x9C, 0x58])  // pushfq; pop rax
    tail.moveRegister(0, address: Self.contextAddress + RegisterContext.flagsOffset, stores: true)
    for index in 0..<16 {
      tail.moveVector(index, address: Self.contextAddress + RegisterContext.vectorOffset(index), stores: true)
    }
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
    precondition(data.count == Self.dataSize)
    let room = Int(Self.endAddress - start)
    precondition(code.count <= room)
    Self.write([UInt8](repeating: 0x90, count: room - code.count) + code, at: start)
    Self.write(data, at: Self.dataAddress)
    let place = UnsafeMutableRawPointer(bitPattern: UInt(Self.contextAddress))!
    place.storeBytes(of: context, as: RegisterContext.self)
    entry()
    let result = place.loadUnaligned(as: RegisterContext.self)
    let memory = UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: UInt(Self.dataAddress)), count: Self.dataSize)
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
struct RegisterContext: Equatable {
  var registers: InlineArray<16, UInt64> = .init(repeating: 0)
  var vectors: InlineArray<32, UInt64> = .init(repeating: 0)
  var flags: UInt64 = 2
  var hostStack: UInt64 = 0

  static func vectorOffset(_ index: Int) -> UInt64 { 128 + UInt64(index) * 16 }
  static let flagsOffset: UInt64 = 128 + 256
  static let hostStackOffset: UInt64 = flagsOffset + 8

  static func == (left: Self, right: Self) -> Bool {
    for index in 0..<16 where left.registers[index] != right.registers[index] { return false }
    for index in 0..<32 where left.vectors[index] != right.vectors[index] { return false }
    return left.flags == right.flags
  }
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

  /// `movdqu` between a vector register and [rip + …].
  mutating func moveVector(_ register: Int, address target: UInt64, stores: Bool) {
    let number = UInt8(register)
    emitRelative(
      [0xF3] + (number >= 8 ? [0x44] : []) + [0x0F, stores ? 0x7F : 0x6F, 0x05 | (number & 7) << 3], target)
  }

  mutating func pushMemory(_ target: UInt64) { emitRelative([0xFF, 0x35], target) }

  private mutating func emitRelative(_ opcode: [UInt8], _ target: UInt64) {
    let distance = Int64(bitPattern: target &- (address + UInt64(opcode.count) + 4))
    let displacement = UInt32(bitPattern: Int32(distance))
    emit(opcode + (0..<4).map { UInt8(truncatingIfNeeded: displacement >> (8 * UInt32($0))) })
  }
}
#endif
