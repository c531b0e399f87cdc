import Intrinsics
import KernelLogic

/// Looks at each instruction of the main flow before it runs, when asked for at boot, and tells mistakes with memory that leave no trace in a heap:
///
/// - `stack=checked`: an access to memory of a function that has returned, which is what lies below the stack pointer;
/// - `races=checked`: an update that is lost to an interrupt.
///
/// The processor's own single-step trap makes it possible (Intel SDM vol. 3B, 17.3.1.4 "Single-Step Exception Condition"), and makes the main flow a few
/// hundred times slower. Handlers run unwatched, as they run with the trap flag clear.
package enum StepByStep {
  static let trapFlag: UInt64 = 1 << 8
  private static let interruptFlag: UInt64 = 1 << 9
  /// What the library code may use below its stack pointer, through that or the frame pointer (System V ABI 3.2.2).
  private static let redZoneByteCount: UInt64 = 128

  nonisolated(unsafe) private static var checksStack = false
  nonisolated(unsafe) private static var checksRaces = false
  nonisolated(unsafe) private static var isOn = false
  nonisolated(unsafe) private static var updates = LostUpdateChecker()

  package static func start(checksStack: Bool, checksRaces: Bool) {
    guard checksStack || checksRaces else { return }
    self.checksStack = checksStack
    self.checksRaces = checksRaces
    updates = LostUpdateChecker()
    InterruptDescriptorTable.keepStackAtDebugExceptions()
    isOn = true
    setTrapFlag()
  }

  /// The step in progress is the last.
  static func stop() { isOn = false }

  /// What the flags of an interrupted program must have, so that its steps go on.
  static var flag: UInt64 { isOn ? trapFlag : 0 }

  /// Between two instructions of the main flow. False when the exception is somebody else's.
  static func step(_ frame: UnsafeMutablePointer<InterruptFrame>) -> Bool {
    // The flag is gone behind the instruction that leads to ring 3, which still traps; set in ring 3, it is that program's own.
    if frame.pointee.rflags & trapFlag == 0 { return isOn }
    if frame.pointee.cs & 3 != 0 { return false }
    let rip = frame.pointee.rip
    guard isOn, let instruction = UnsafePointer<UInt8>(bitPattern: UInt(rip)) else {
      frame.pointee.rflags &= ~trapFlag
      return true
    }
    if let vector = updates.complete() {
      panic(
        "race check: the main flow stored over what the handler of vector \(vector) had stored since the main flow loaded it"
      )
    }
    // What is not the kernel's code is about to fault.
    guard (kernelTextStartAddress()..<kernelTextEndAddress()).contains(rip) else { return true }
    // A trap between `sti` and `hlt`, or after `hlt`, would end the sleep: the interrupt that ends it sets the flag again.
    let (sti, hlt): (UInt8, UInt8) = (0xfb, 0xf4)
    if instruction[0] == hlt || (instruction[0] == sti && instruction[1] == hlt) {
      frame.pointee.rflags &= ~trapFlag
      return true
    }
    MemoryAccess.forEach(of: instruction) {
      frame.pointee.register($0)
    } _: { access in
      if checksStack { checkStack(access, stackPointer: frame.pointee.rsp) }
      if checksRaces && isShared(access.address) {
        updates.prepare(access, isInterruptible: frame.pointee.rflags & interruptFlag != 0)
      }
    }
    return true
  }

  private static func checkStack(_ access: MemoryAccess, stackPointer: UInt64) {
    let stack = kernelStackGuardAddress() + Frame.byteCount..<kernelStackTopAddress()
    guard stack.contains(stackPointer), (stack.lowerBound..<stackPointer).contains(access.address) else { return }
    let isOwnFrame = access.base == MemoryAccess.stackPointer || access.base == MemoryAccess.framePointer
    if isOwnFrame && stackPointer - access.address <= redZoneByteCount { return }
    let use: StaticString = access.kind == .store ? "written" : "read"
    panic("stack check: memory of a function that has returned was \(use)")
  }

  /// What an interrupt's handler may change too, and what stays mapped: the kernel's variables and its heap.
  private static func isShared(_ address: UInt64) -> Bool {
    let heap = Heap.firstAddress.rawValue
    return (kernelDataStartAddress()..<kernelStackGuardAddress()).contains(address)
      || (heap..<heap + UInt64(Heap.mappedByteCount)).contains(address)
  }

  /// A hardware interrupt: `serve` is its handler. It comes when a step's trap has been served, before the instruction that was looked at has run.
  static func aroundInterrupt(
    vector: UInt8, _ frame: UnsafeMutablePointer<InterruptFrame>, _ serve: () -> Void
  ) {
    guard isOn else { return serve() }
    updates.interruptBegins(loadVolatile64)
    serve()
    updates.interruptEnds(vector: vector, loadVolatile64)
    if frame.pointee.cs & 3 == 0 { frame.pointee.rflags |= trapFlag }
  }
}

extension InterruptFrame {
  /// A general register by its number in instructions (Intel SDM vol. 2A, table 2-4).
  func register(_ number: UInt8) -> UInt64 {
    switch number {
    case 0: rax
    case 1: rcx
    case 2: rdx
    case 3: rbx
    case 4: rsp
    case 5: rbp
    case 6: rsi
    case 7: rdi
    case 8: r8
    case 9: r9
    case 10: r10
    case 11: r11
    case 12: r12
    case 13: r13
    case 14: r14
    default: r15
    }
  }
}
