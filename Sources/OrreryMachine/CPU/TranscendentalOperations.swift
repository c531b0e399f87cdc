/// The transcendental x87 instructions on the register stack (Intel SDM volume 1, 8.3.7 to 8.3.10).
extension CPU {
  func x87Transcendental(_ kind: X87Operation) {
    switch kind {
    case .logarithm, .logarithmOf1Plus, .arctangent: x87OfTwo(kind)
    case .exponential: x87Exponential()
    default: x87OfAngle(kind)
    }
  }

  /// FYL2X, FYL2XP1 and FPATAN: the result takes the place of both.
  private func x87OfTwo(_ kind: X87Operation) {
    guard !x87IsEmpty(0) && !x87IsEmpty(1) else {
      if x87StackFault(isOverflow: false) == .delivers {
        x87Write(1, .indefinite)
        x87Pop()
      }
      return
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let (x, y) = (x87Number(0), x87Number(1))
    let result =
      switch kind {
      case .logarithm: environment.logarithm(of: x, times: y)
      case .logarithmOf1Plus: environment.logarithm(of1Plus: x, times: y)
      default: environment.arctangent(y, x)
      }
    guard x87Finish(environment) == .delivers else { return }
    x87Write(1, result.extended)
    x87Pop()
  }

  private func x87Exponential() {
    guard !x87IsEmpty(0) else {
      if x87StackFault(isOverflow: false) == .delivers { x87Write(0, .indefinite) }
      return
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let result = environment.exponentialLess1(x87Number(0))
    if x87Finish(environment) == .delivers { x87Write(0, result.extended) }
  }

  /// FSIN, FCOS, FSINCOS and FPTAN; the last two push a second result.
  private func x87OfAngle(_ kind: X87Operation) {
    let pushes = kind == .sineAndCosine || kind == .tangent
    x87SetConditions(X87Status.c2, 0)
    let isUnderflow = x87IsEmpty(0)
    guard !isUnderflow && (!pushes || x87IsEmpty(-1)) else {
      if x87StackFault(isOverflow: !isUnderflow) == .delivers {
        x87Write(0, .indefinite)
        if pushes { x87Push(.indefinite) }
      }
      return
    }
    let angle = x87Number(0)
    guard !FloatingPointEnvironment.isBeyondReduction(angle) else {
      return x87SetConditions(X87Status.c1 | X87Status.c2, X87Status.c2)
    }
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let result =
      switch kind {
      case .cosine: environment.cosine(angle)
      case .tangent: environment.tangent(angle)
      default: environment.sine(angle)
      }
    var pushed: FloatingPointNumber?
    if kind == .sineAndCosine {
      pushed = environment.cosine(angle)
    } else if kind == .tangent {
      pushed = result.isNaN ? result : .one
    }
    guard x87Finish(environment) == .delivers else { return }
    x87Write(0, result.extended)
    if let pushed { x87Push(pushed.extended) }
  }
}
