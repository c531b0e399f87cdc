/// Bits of the x87 status word (Intel SDM volume 1, 8.1.3).
enum X87Status {
  static let stackFault: UInt16 = 1 << 6
  /// An exception that is not masked waits (ES), and the bit that since the 80287 says the same (B).
  static let summary: UInt16 = 1 << 7
  static let busy: UInt16 = 1 << 15
  static let c0: UInt16 = 1 << 8
  static let c1: UInt16 = 1 << 9
  static let c2: UInt16 = 1 << 10
  static let c3: UInt16 = 1 << 14
  static let conditions: UInt16 = c0 | c1 | c2 | c3
  static let exceptions: UInt16 = 0x3F
}

/// The x87 register stack and what its instructions have in common (Intel SDM volume 1, chapter 8).
///
/// Registers are kept by their number R0…R7. A tag is 3 for an empty register and 0 for any other: what a number is like follows from its bits.
extension CPU {
  // MARK: The stack

  /// The number of the register that is ST(`index`).
  func x87Register(_ index: Int) -> Int { (Int(pointee.fpuStatus >> 11) &+ index) & 7 }

  func x87IsEmpty(_ index: Int) -> Bool { pointee.fpuTags >> UInt16(2 * x87Register(index)) & 3 == 3 }

  func x87Read(_ index: Int) -> Extended {
    let register = x87Register(index)
    return Extended(significand: pointee.fpuSignificands[register], signAndExponent: pointee.fpuExponents[register])
  }

  func x87Number(_ index: Int) -> FloatingPointNumber { FloatingPointNumber(x87Read(index)) }

  func x87Write(_ index: Int, _ value: Extended) {
    let register = x87Register(index)
    pointee.fpuSignificands[register] = value.significand
    pointee.fpuExponents[register] = value.signAndExponent
    pointee.fpuTags &= ~(3 << UInt16(2 * register))
  }

  func x87MakeEmpty(_ index: Int) { pointee.fpuTags |= 3 << UInt16(2 * x87Register(index)) }

  /// Adds to TOP.
  func x87MoveTop(by distance: Int) {
    let top = UInt16(truncatingIfNeeded: x87Register(distance))
    pointee.fpuStatus = pointee.fpuStatus & ~(7 << 11) | top << 11
  }

  func x87Push(_ value: Extended) {
    x87MoveTop(by: -1)
    x87Write(0, value)
  }

  func x87Pop() {
    x87MakeEmpty(0)
    x87MoveTop(by: 1)
  }

  func x87Pop(_ count: Int) {
    for _ in 0..<count { x87Pop() }
  }

  // MARK: Exceptions

  /// What an instruction raised beside a result.
  enum X87Reaction {
    /// The result is delivered.
    case delivers
    /// An exception of the operands is not masked: operands, stack and destination stay as they are.
    case withholds
  }

  /// Records the exceptions of `environment` and sets C1 by its rounding.
  func x87Finish(_ environment: FloatingPointEnvironment) -> X87Reaction {
    let found = environment.raised.intersection(environment.unmasked)
    let withholds = !found.isDisjoint(with: .ofOperands)
    // An instruction that stops at its operands never came to a result that could be inexact.
    let raised = withholds ? environment.raised.intersection(.ofOperands) : environment.raised
    x87SetConditions(X87Status.c1, environment.roundedUp && !withholds ? X87Status.c1 : 0)
    pointee.fpuStatus |= UInt16(raised.rawValue)
    if !found.isEmpty { pointee.fpuStatus |= X87Status.summary | X87Status.busy }
    return withholds ? .withholds : .delivers
  }

  /// As `x87Finish` for a result that goes to memory: overflow and underflow that are not masked withhold it too, and then nothing is inexact.
  func x87FinishStore(_ environment: FloatingPointEnvironment) -> X87Reaction {
    let found = environment.raised.intersection(environment.unmasked)
    guard !found.isDisjoint(with: [.overflow, .underflow]) else { return x87Finish(environment) }
    var withheld = environment
    withheld.raised.remove(.precision)
    withheld.roundedUp = false
    _ = x87Finish(withheld)
    return .withholds
  }

  /// An empty register was read (`isOverflow` false) or a full one would be overwritten: invalid, with the stack fault bit.
  func x87StackFault(isOverflow: Bool) -> X87Reaction {
    pointee.fpuStatus |= X87Status.stackFault | 1
    x87SetConditions(X87Status.c1, isOverflow ? X87Status.c1 : 0)
    guard pointee.fpuControl & 1 == 0 else { return .delivers }
    pointee.fpuStatus |= X87Status.summary | X87Status.busy
    return .withholds
  }

  func x87SetConditions(_ mask: UInt16, _ value: UInt16) { pointee.fpuStatus = pointee.fpuStatus & ~mask | value }

  /// Makes ES and B say whether an exception that is not masked waits.
  func x87UpdateSummary() {
    let waits = pointee.fpuStatus & ~pointee.fpuControl & X87Status.exceptions != 0
    let bits = X87Status.summary | X87Status.busy
    pointee.fpuStatus = pointee.fpuStatus & ~bits | (waits ? bits : 0)
  }

  /// What keeps an x87 instruction from executing: CR0.EM or CR0.TS, or, when it is one that waits, an exception of an earlier one.
  func x87CanExecute(waits: Bool) -> Bool {
    guard pointee.cr0 & (ControlRegister.em | ControlRegister.ts) == 0 else { return faults(.deviceNotAvailable) }
    return !waits || x87NothingWaits()
  }

  /// Reports an exception that waits, as #MF.
  func x87NothingWaits() -> Bool {
    guard pointee.fpuStatus & X87Status.summary != 0 else { return true }
    guard pointee.cr0 & ControlRegister.ne != 0 else {
      unmodelled("an x87 exception reported through IRQ 13 (CR0.NE is clear)")
      return false
    }
    return faults(.floatingPointError)
  }

  // MARK: Words

  func x87Initialize() {
    pointee.fpuControl = 0x37F
    pointee.fpuStatus = 0
    pointee.fpuTags = 0xFFFF
    pointee.fpuInstruction = X87Pointer()
    pointee.fpuData = X87Pointer()
    pointee.fpuOpcode = 0
  }

  func x87SetControl(_ value: UInt16) {
    pointee.fpuControl = value & 0x1F3F | 0x40
    x87UpdateSummary()
  }

  /// The tag word as FNSTENV gives it: 0 valid, 1 zero, 2 special, 3 empty, for each register.
  var x87TagWord: UInt16 {
    var tags: UInt16 = 0
    for register in 0..<8 {
      let shift = UInt16(2 * register)
      guard pointee.fpuTags >> shift & 3 != 3 else {
        tags |= 3 << shift
        continue
      }
      let exponent = pointee.fpuExponents[register] & 0x7FFF
      let significand = pointee.fpuSignificands[register]
      let tag: UInt16 =
        exponent == 0 && significand == 0 ? 1 : exponent == 0 || exponent == 0x7FFF || significand >> 63 == 0 ? 2 : 0
      tags |= tag << shift
    }
    return tags
  }

  /// Takes a tag word: all that counts is which registers are empty.
  func x87SetTags(_ word: UInt16) {
    var tags: UInt16 = 0
    for shift in stride(from: 0 as UInt16, to: 16, by: 2) where word >> shift & 3 == 3 { tags |= 3 << shift }
    pointee.fpuTags = tags
  }
}

/// Where the last instruction of the x87 unit, or its memory operand, was.
struct X87Pointer: Equatable {
  var offset: UInt64 = 0
  var selector: UInt16 = 0
}
