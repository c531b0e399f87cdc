#if arch(x86_64)
import Glibc

/// Takes the signals that Linux makes of exceptions while a case executes: notes what the processor reported, and continues at the end of the case.
///
/// The handler runs on a stack of its own, as the case has the stack pointer it wants, and touches nothing but raw memory. A signal on another thread, or
/// while no case executes, goes to whoever had it before.
final class HostExceptions {
  fileprivate static let signals = [SIGFPE, SIGILL, SIGTRAP, SIGSEGV, SIGBUS]
  private static let stackSize = 256 << 10

  // Where the record and the actions that others had installed lie, in bytes behind the beginning of the context page.
  fileprivate static let recordOffset = 1024
  fileprivate static let oldActionsOffset = 2048
  /// The address of the handler proper, for the generated code that the kernel calls.
  static let handlerOffset: UInt64 = 1024 + 128

  private let context: UnsafeMutableRawPointer
  private let stack: UnsafeMutableRawPointer
  private var oldStack = stack_t()

  init(context: UnsafeMutableRawPointer, trampoline: UInt64, end: UInt64) {
    self.context = context
    stack = .allocate(byteCount: Self.stackSize, alignment: 64)
    set(.end, end)
    set(.stackStart, UInt64(UInt(bitPattern: stack)))
    set(.stackEnd, UInt64(UInt(bitPattern: stack + Self.stackSize)))
    context.storeBytes(
      of: unsafeBitCast(handleException, to: UInt.self), toByteOffset: Int(Self.handlerOffset), as: UInt.self)
    var newStack = stack_t(ss_sp: stack, ss_flags: 0, ss_size: Self.stackSize)
    sigaltstack(&newStack, &oldStack)
    for (index, signal) in Self.signals.enumerated() {
      var action = sigaction()
      action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK
      action.__sigaction_handler.sa_sigaction = unsafeBitCast(
        UnsafeRawPointer(bitPattern: UInt(trampoline))!, to: SignalHandler.self)
      sigaction(signal, &action, Self.oldAction(index, context))
    }
  }

  /// Gives signals and stack back.
  func restore() {
    for (index, signal) in Self.signals.enumerated() { sigaction(signal, Self.oldAction(index, context), nil) }
    sigaltstack(&oldStack, nil)
    stack.deallocate()
  }

  func arm() {
    set(.isCaught, 0)
    set(.isArmed, 1)
  }

  /// The exception since `arm`, with the flags at it.
  func disarm() -> (fault: CaughtFault, flags: UInt64)? {
    set(.isArmed, 0)
    guard get(.isCaught) != 0 else { return nil }
    let vector = get(.vector)
    let fault = CaughtFault(
      vector: vector, errorCode: get(.errorCode), rip: get(.rip), address: vector == 14 ? get(.address) : 0)
    return (fault, get(.flags))
  }

  fileprivate static func oldAction(
    _ index: Int, _ context: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<sigaction> {
    (context + oldActionsOffset + index * MemoryLayout<sigaction>.stride).assumingMemoryBound(to: sigaction.self)
  }

  private func set(_ field: Field, _ value: UInt64) {
    context.storeBytes(of: value, toByteOffset: field.offset, as: UInt64.self)
  }

  private func get(_ field: Field) -> UInt64 { context.load(fromByteOffset: field.offset, as: UInt64.self) }
}

private typealias SignalHandler =
  @convention(c) (CInt, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

/// What the handler is told and what it notes, eight bytes each.
private enum Field: Int {
  case isArmed, isCaught, vector, errorCode, rip, flags, address, end, stackStart, stackEnd

  var offset: Int { HostExceptions.recordOffset + rawValue * 8 }
}

/// In the general registers of `ucontext_t`, which begin at its byte 40: the numbers of those that matter.
private enum SavedRegister: Int {
  case rip = 16
  case flags = 17
  case errorCode = 19
  case vector = 20
  case address = 22

  var offset: Int { 40 + rawValue * 8 }
}

private let handleException: SignalHandler = { signal, _, saved in
  guard let saved, let context = UnsafeMutableRawPointer(bitPattern: UInt(HostProcessor.contextAddress)) else { return }
  func get(_ field: Field) -> UInt64 { context.load(fromByteOffset: field.offset, as: UInt64.self) }
  let place = UInt64(UInt(bitPattern: saved))
  guard get(.isArmed) != 0, place >= get(.stackStart), place < get(.stackEnd) else {
    // Not the case's: executed again, the instruction finds the handler that was there before.
    for index in 0..<HostExceptions.signals.count where HostExceptions.signals[index] == signal {
      sigaction(signal, HostExceptions.oldAction(index, context), nil)
    }
    return
  }
  func note(_ field: Field, _ register: SavedRegister) {
    let value = saved.load(fromByteOffset: register.offset, as: UInt64.self)
    context.storeBytes(of: value, toByteOffset: field.offset, as: UInt64.self)
  }
  note(.vector, .vector)
  note(.errorCode, .errorCode)
  note(.rip, .rip)
  note(.flags, .flags)
  note(.address, .address)
  context.storeBytes(of: 0, toByteOffset: Field.isArmed.offset, as: UInt64.self)
  context.storeBytes(of: 1, toByteOffset: Field.isCaught.offset, as: UInt64.self)
  // No code behind the case may run with TF, DF, RF or AC.
  let flags = get(.flags) & ~(1 << 8 | 1 << 10 | 1 << 16 | 1 << 18)
  saved.storeBytes(of: flags, toByteOffset: SavedRegister.flags.offset, as: UInt64.self)
  saved.storeBytes(of: get(.end), toByteOffset: SavedRegister.rip.offset, as: UInt64.self)
}
#endif
