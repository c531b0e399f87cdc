/// x87 arithmetic and comparisons on the register stack.
extension CPU {
  /// ST(0) and the source in either order, to ST(`destination`); `number` as the reg field has it.
  func x87Arithmetic(
    _ number: UInt8, _ operand: X87Operand, _ memory: Extended, index: Int, destination: Int, pops: Int
  ) {
    guard !x87IsEmpty(0), operand != .register || !x87IsEmpty(index) else {
      if x87StackFault(isOverflow: false) == .delivers {
        x87Write(destination, .indefinite)
        x87Pop(pops)
      }
      return
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let format = FloatingPointFormat.x87(control: pointee.fpuControl)
    let left = x87Number(0)
    let right = operand == .register ? x87Number(index) : Self.x87Source(operand, memory)
    let result =
      switch number {
      case 0: environment.add(left, right, to: format)
      case 1: environment.multiply(left, right, to: format)
      case 4: environment.subtract(left, right, to: format)
      case 5: environment.subtract(right, left, to: format)
      case 6: environment.divide(left, by: right, to: format)
      default: environment.divide(right, by: left, to: format)
      }
    guard x87Finish(environment) == .delivers else { return }
    x87Write(destination, result.extended)
    x87Pop(pops)
  }

  // MARK: Comparisons

  func x87Compare(_ operand: X87Operand, _ memory: Extended, index: Int, signalsQuiet: Bool, pops: Int) {
    // The condition codes are set in any case; only the stack stays as it was when an exception is not masked.
    guard !x87IsEmpty(0), operand != .register || !x87IsEmpty(index) else {
      x87SetRelation(.unordered)
      if x87StackFault(isOverflow: false) == .delivers { x87Pop(pops) }
      return
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let right = operand == .register ? x87Number(index) : Self.x87Source(operand, memory)
    let relation = environment.compare(x87Number(0), right, signalsQuiet: signalsQuiet)
    x87SetRelation(relation)
    if x87Finish(environment) == .delivers { x87Pop(pops) }
  }

  private func x87SetRelation(_ relation: FloatingPointRelation) {
    let bits =
      switch relation {
      case .greater: 0 as UInt16
      case .less: X87Status.c0
      case .equal: X87Status.c3
      case .unordered: X87Status.c0 | X87Status.c2 | X87Status.c3
      }
    x87SetConditions(X87Status.c0 | X87Status.c2 | X87Status.c3, bits)
  }

  func x87CompareToFlags(index: Int, signalsQuiet: Bool, pops: Int) {
    guard !x87IsEmpty(0), !x87IsEmpty(index) else {
      setRelationFlags(.unordered)
      if x87StackFault(isOverflow: false) == .delivers { x87Pop(pops) }
      return
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let relation = environment.compare(x87Number(0), x87Number(index), signalsQuiet: signalsQuiet)
    setRelationFlags(relation)
    // C1 too stays as it was.
    let conditions = pointee.fpuStatus & X87Status.c1
    let reaction = x87Finish(environment)
    x87SetConditions(X87Status.c1, conditions)
    if reaction == .delivers { x87Pop(pops) }
  }

  /// ZF, PF and CF as FCOMI and COMISS set them; OF, SF and AF are cleared.
  func setRelationFlags(_ relation: FloatingPointRelation) {
    switch relation {
    case .greater: setArithmeticFlags(0)
    case .less: setArithmeticFlags(Flag.carry)
    case .equal: setArithmeticFlags(Flag.zero)
    case .unordered: setArithmeticFlags(Flag.zero | Flag.parity | Flag.carry)
    }
  }

  // MARK: ST(0) alone, or with ST(1)

  func x87Unary(_ kind: X87Operation) {
    if kind == .examine { return x87Examine() }
    let usesSecond = kind == .scale || kind == .remainder || kind == .remainderNearest
    guard !x87IsEmpty(0), !usesSecond || !x87IsEmpty(1) else { return x87UnaryUnderflow(kind) }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let number = x87Number(0)
    let result: FloatingPointNumber
    switch kind {
    case .changeSign, .absolute:
      x87SetConditions(X87Status.c1, 0)
      var value = x87Read(0)
      value.signAndExponent = kind == .absolute ? value.signAndExponent & 0x7FFF : value.signAndExponent ^ 0x8000
      return x87Write(0, value)
    case .test:
      x87SetRelation(environment.compare(number, .zero(isNegative: false), signalsQuiet: true))
      _ = x87Finish(environment)
      return
    case .extract: return x87Extract(number)
    case .remainder, .remainderNearest:
      return x87Remainder(number, x87Number(1), toNearest: kind == .remainderNearest)
    case .squareRoot: result = environment.squareRoot(number, to: .x87(control: pointee.fpuControl))
    case .scale: result = environment.scale(number, by: x87Number(1))
    default: result = environment.roundToIntegral(number)
    }
    if x87Finish(environment) == .delivers { x87Write(0, result.extended) }
  }

  private func x87UnaryUnderflow(_ kind: X87Operation) {
    let reaction = x87StackFault(isOverflow: false)
    if kind == .test { return x87SetRelation(.unordered) }
    if kind == .remainder || kind == .remainderNearest { x87SetConditions(X87Status.c2, 0) }
    guard reaction == .delivers else { return }
    x87Write(0, .indefinite)
    if kind == .extract { x87Push(.indefinite) }
  }

  /// FXAM: the class in C3, C2, C0 and the sign in C1, of an empty register too.
  private func x87Examine() {
    let value = x87Read(0)
    let number = FloatingPointNumber(value)
    var bits: UInt16 = value.signAndExponent >> 15 != 0 ? X87Status.c1 : 0
    if x87IsEmpty(0) {
      bits |= X87Status.c3 | X87Status.c0
    } else {
      switch number.kind {
      case .unsupported: break
      case .quietNaN, .signalingNaN: bits |= X87Status.c0
      case .infinity: bits |= X87Status.c2 | X87Status.c0
      case .zero: bits |= X87Status.c3
      case .finite: bits |= number.isDenormal ? X87Status.c3 | X87Status.c2 : X87Status.c2
      }
    }
    x87SetConditions(X87Status.conditions, bits)
  }

  private func x87Extract(_ number: FloatingPointNumber) {
    guard x87IsEmpty(-1) else {
      if x87StackFault(isOverflow: true) == .delivers {
        x87Write(0, .indefinite)
        x87Push(.indefinite)
      }
      return
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let parts = environment.extract(number)
    guard x87Finish(environment) == .delivers else { return }
    x87Write(0, parts.exponent.extended)
    x87Push(parts.significand.extended)
  }

  private func x87Remainder(_ a: FloatingPointNumber, _ b: FloatingPointNumber, toNearest: Bool) {
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let step = environment.remainder(a, b, toNearest: toNearest)
    environment.roundedUp = false
    x87SetConditions(X87Status.c2, 0)
    guard x87Finish(environment) == .delivers else { return }
    x87Write(0, step.value.extended)
    // Without a quotient, after a NaN or an invalid operation, the others stay.
    guard !step.value.isNaN else { return }
    var bits: UInt16 = step.isPartial ? X87Status.c2 : 0
    if step.quotient & 1 != 0 { bits |= X87Status.c1 }
    if step.quotient & 2 != 0 { bits |= X87Status.c3 }
    if step.quotient & 4 != 0 { bits |= X87Status.c0 }
    x87SetConditions(X87Status.conditions, bits)
  }
}
