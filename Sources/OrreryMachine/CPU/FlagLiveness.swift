/// Which arithmetic flags an operation touches, for leaving out flags nobody will look at.
///
/// Flags count as one: an operation that leaves any of them alone does not kill them. An operation that may fault, store, or stop is a barrier: at it all
/// flags must be right, because execution may leave the block there.
enum FlagEffect {
  /// Neither reads nor writes flags, and cannot stop.
  case none
  /// Writes all six, reads none, and cannot stop.
  case kills
  /// Everything else.
  case needs
}

extension Code {
  var flagEffect: FlagEffect {
    switch self {
    case .move64, .move32, .move16, .move8, .moveImmediate64, .moveImmediate16, .moveImmediate8, .zeroExtend8,
      .zeroExtend16, .zeroExtend8to16, .signExtend8to16, .signExtend8to32, .signExtend8to64, .signExtend16to32,
      .signExtend16to64, .signExtend32to64, .lea64, .lea32, .lea16, .exchange64, .exchange32, .byteSwap64, .byteSwap32,
      .not64, .not32, .add64Quiet, .add32Quiet, .addImmediate64Quiet, .addImmediate32Quiet, .subtract64Quiet,
      .subtract32Quiet, .subtractImmediate64Quiet, .subtractImmediate32Quiet, .and64Quiet, .and32Quiet,
      .andImmediate64Quiet, .andImmediate32Quiet, .or64Quiet, .or32Quiet, .orImmediate64Quiet, .orImmediate32Quiet,
      .xor64Quiet, .xor32Quiet, .xorImmediate64Quiet, .xorImmediate32Quiet, .increment64Quiet, .increment32Quiet,
      .decrement64Quiet, .decrement32Quiet, .negate64Quiet, .negate32Quiet, .multiply64Quiet, .multiply32Quiet,
      .multiplyImmediate64Quiet, .multiplyImmediate32Quiet, .shiftLeft64Quiet, .shiftLeft32Quiet, .shiftRight64Quiet,
      .shiftRight32Quiet, .shiftArithmetic64Quiet, .shiftArithmetic32Quiet, .rotateLeft64Quiet, .rotateLeft32Quiet,
      .shiftLeftCount64Quiet, .shiftRightCount64Quiet, .shiftArithmeticCount64Quiet, .shiftLeftCount32Quiet,
      .shiftRightCount32Quiet, .shiftArithmeticCount32Quiet:
      .none
    case .add64, .add32, .addImmediate64, .addImmediate32, .subtract64, .subtract32, .subtractImmediate64,
      .subtractImmediate32, .and64, .and32, .andImmediate64, .andImmediate32, .or64, .or32, .orImmediate64,
      .orImmediate32, .xor64, .xor32, .xorImmediate64, .xorImmediate32, .compare64, .compare32, .compareImmediate64,
      .compareImmediate32, .compareImmediate8, .test64, .test32, .testImmediate64, .testImmediate32, .test8,
      .testImmediate8, .negate64, .negate32, .multiply64, .multiply32, .multiplyImmediate64, .multiplyImmediate32,
      .shiftLeft64, .shiftLeft32, .shiftRight64, .shiftRight32, .shiftArithmetic64, .shiftArithmetic32, .and8, .or8,
      .xor8, .addImmediate8:
      .kills
    default:
      isFusedComparison || isFusedCondition ? .kills : .needs
    }
  }

  /// A comparison with its SETcc or CMOVcc.
  private var isFusedCondition: Bool {
    rawValue >= Code.compareSelect64.rawValue && rawValue <= Code.testImmediateSet.rawValue
  }

  /// A comparison with its jump: it overwrites all flags, or the block it leads to does.
  var isFusedComparison: Bool {
    rawValue >= Code.compare64JumpB.rawValue && rawValue <= Code.testImmediate8JumpNE.rawValue
  }

  /// The same work without writing flags; nil where there is no such operation.
  var quiet: Code? {
    switch self {
    case .add64: .add64Quiet
    case .add32: .add32Quiet
    case .addImmediate64: .addImmediate64Quiet
    case .addImmediate32: .addImmediate32Quiet
    case .subtract64: .subtract64Quiet
    case .subtract32: .subtract32Quiet
    case .subtractImmediate64: .subtractImmediate64Quiet
    case .subtractImmediate32: .subtractImmediate32Quiet
    case .and64: .and64Quiet
    case .and32: .and32Quiet
    case .andImmediate64: .andImmediate64Quiet
    case .andImmediate32: .andImmediate32Quiet
    case .or64: .or64Quiet
    case .or32: .or32Quiet
    case .orImmediate64: .orImmediate64Quiet
    case .orImmediate32: .orImmediate32Quiet
    case .xor64: .xor64Quiet
    case .xor32: .xor32Quiet
    case .xorImmediate64: .xorImmediate64Quiet
    case .xorImmediate32: .xorImmediate32Quiet
    case .increment64: .increment64Quiet
    case .increment32: .increment32Quiet
    case .decrement64: .decrement64Quiet
    case .decrement32: .decrement32Quiet
    case .negate64: .negate64Quiet
    case .negate32: .negate32Quiet
    case .multiply64: .multiply64Quiet
    case .multiply32: .multiply32Quiet
    case .multiplyImmediate64: .multiplyImmediate64Quiet
    case .multiplyImmediate32: .multiplyImmediate32Quiet
    case .shiftLeft64: .shiftLeft64Quiet
    case .shiftLeft32: .shiftLeft32Quiet
    case .shiftRight64: .shiftRight64Quiet
    case .shiftRight32: .shiftRight32Quiet
    case .shiftArithmetic64: .shiftArithmetic64Quiet
    case .shiftArithmetic32: .shiftArithmetic32Quiet
    default: nil
    }
  }
}

/// Goes through the operations of a block from the end, makes those quiet whose flags are dead, and says whether the block overwrites all flags
/// before anything could look at them.
func eliminateDeadFlags(_ operations: UnsafeMutablePointer<Operation>, count: Int) -> Bool {
  var flagsAreLive = true
  var index = count
  while index > 0 {
    index -= 1
    if !flagsAreLive {
      if let quiet = operations[index].code.quiet {
        operations[index].code = quiet
        continue
      }
      if let quiet = operations[index].quietRotate {
        if operations[index].detail == ArithmeticOperation.rotateRight.rawValue {
          operations[index].immediate = (8 << Int32(operations[index].sizeLog2)) - operations[index].immediate
        }
        operations[index].code = quiet
        operations[index].base = operations[index].a
        continue
      }
      if let quiet = operations[index].quietShiftByCount {
        operations[index].code = quiet
        continue
      }
    }
    switch operations[index].code.flagEffect {
    case .none: break
    case .kills: flagsAreLive = false
    case .needs: flagsAreLive = true
    }
  }
  return !flagsAreLive
}

extension Operation {
  /// The quiet form of a shift by CL.
  fileprivate var quietShiftByCount: Code? {
    guard code == .arithmetic, b == Register.countCL, sizeLog2 >= 2 else { return nil }
    let is64 = sizeLog2 == 3
    return switch ArithmeticOperation(rawValue: detail) {
    case .shiftLeft, .shiftLeftAlias: is64 ? .shiftLeftCount64Quiet : .shiftLeftCount32Quiet
    case .shiftRight: is64 ? .shiftRightCount64Quiet : .shiftRightCount32Quiet
    case .shiftArithmetic: is64 ? .shiftArithmeticCount64Quiet : .shiftArithmeticCount32Quiet
    default: nil
    }
  }

  /// A rotate by a constant, for which a quiet form exists.
  fileprivate var quietRotate: Code? {
    guard code == .arithmetic, b == Register.immediate, sizeLog2 >= 2,
      detail == ArithmeticOperation.rotateLeft.rawValue || detail == ArithmeticOperation.rotateRight.rawValue
    else { return nil }
    return sizeLog2 == 3 ? .rotateLeft64Quiet : .rotateLeft32Quiet
  }
}
