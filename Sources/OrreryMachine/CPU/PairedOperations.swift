/// Two operations in a row that the engine executes as one.
///
/// In code that is larger than what the host's branch prediction remembers, finding the next operation costs more than executing it. So the
/// most frequent operations on 64-bit registers, none of which can fault or needs flags written, are executed two at a time, every combination of them, and with them
/// a few that begin and end functions. Only the code of the first changes; both stay where they are, so that whatever faults or
/// stops in the second knows its place.
extension Code {
  /// The place of an operation that pairs with any other of its kind, in the order of the pair codes.
  private var pairIndex: UInt16? {
    switch self {
    case .move64: 0
    case .moveImmediate64: 1
    case .lea64: 2
    case .add64Quiet: 3
    case .xor64Quiet: 4
    case .and64Quiet: 5
    case .or64Quiet: 6
    case .multiply64Quiet: 7
    case .shiftLeft64Quiet: 8
    case .shiftRight64Quiet: 9
    case .shiftArithmetic64Quiet: 10
    case .not64: 11
    case .conditionalMove64: 12
    default: nil
    }
  }

  private static let pairIndexCount: UInt16 = 13

  /// The code that executes this operation and then one with `next`; nil when there is none.
  fileprivate func paired(with next: Code) -> Code? {
    if let first = pairIndex, let second = next.pairIndex {
      return Code(rawValue: Code.pairMoveMove.rawValue + first * Self.pairIndexCount + second)
    }
    return switch (self, next) {
    case (.push64, .push64): .pairPushPush
    case (.pop64, .pop64): .pairPopPop
    case (.load64Base, .load64Base): .pairLoadLoad
    case (.lea64, .testImmediateSelect64): .pairAddressTestSelect
    case (.xorImmediate64Quiet, .compareSelect64): .pairXorCompareSelect
    case (.move64, .call64): .pairMoveCall
    case (.move64, .jump): .pairMoveJump
    case (.move64, .return64): .pairMoveReturn
    case (.pop64, .return64): .pairPopReturn
    case (.add64, .return64): .pairAddReturn
    case (.xor64, .return64): .pairXorReturn
    default: nil
    }
  }
}

/// Pairs what can be paired, from the first operation on. To be called last: nothing else knows these codes.
func pairOperations(_ operations: UnsafeMutablePointer<Operation>, count: Int) {
  var index = 0
  while index + 1 < count {
    if let code = operations[index].code.paired(with: operations[index + 1].code) {
      operations[index].code = code
      index += 1
    }
    index += 1
  }
}

/// The work of the operations that pair; each answers where the next operation is.
extension CPU {
  @inline(__always)
  func move(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.b))
    return operation + 1
  }

  @inline(__always)
  func loadConstant(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, operation.pointee.displacement)
    return operation + 1
  }

  @inline(__always)
  func loadAddress(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, address(operation))
    return operation + 1
  }

  @inline(__always)
  func add(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) &+ raw.read64(operation.pointee.b))
    return operation + 1
  }

  @inline(__always)
  func xor(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) ^ raw.read64(operation.pointee.b))
    return operation + 1
  }

  @inline(__always)
  func and(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) & raw.read64(operation.pointee.b))
    return operation + 1
  }

  @inline(__always)
  func or(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) | raw.read64(operation.pointee.b))
    return operation + 1
  }

  @inline(__always)
  func multiply(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) &* raw.read64(operation.pointee.b))
    return operation + 1
  }

  @inline(__always)
  func shiftLeft(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) &<< operation.pointee.signedImmediate)
    return operation + 1
  }

  @inline(__always)
  func shiftRight(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) &>> operation.pointee.signedImmediate)
    return operation + 1
  }

  @inline(__always)
  func shiftArithmetic(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    let value = Int64(bitPattern: raw.read64(operation.pointee.base))
    raw.write64(operation.pointee.a, UInt64(bitPattern: value &>> Int64(operation.pointee.immediate)))
    return operation + 1
  }

  @inline(__always)
  func not(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, ~raw.read64(operation.pointee.base))
    return operation + 1
  }

  /// CMOVcc.
  @inline(__always)
  func select(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    let source = conditionHolds(operation) ? operation.pointee.b : operation.pointee.a
    raw.write64(operation.pointee.a, raw.read64(source))
    return operation + 1
  }

  @inline(__always)
  func xorImmediate(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    raw.write64(operation.pointee.a, raw.read64(operation.pointee.base) ^ operation.pointee.signedImmediate)
    return operation + 1
  }

  /// CMP with the CMOVcc after it.
  @inline(__always)
  func compareSelect(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    let holds = compareForCondition(operation, readAny(operation.pointee.base), readAny(operation.pointee.b))
    raw.write64(operation.pointee.a, raw.read64(holds ? operation.pointee.index : operation.pointee.a))
    return operation + 1
  }

  /// TEST with the CMOVcc after it.
  @inline(__always)
  func testImmediateSelect(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    let holds = testForCondition(operation, readAny(operation.pointee.base) & operation.pointee.signedImmediate)
    raw.write64(operation.pointee.a, raw.read64(holds ? operation.pointee.index : operation.pointee.a))
    return operation + 1
  }

  @inline(__always)
  func addWithFlags(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    let left = raw.read64(operation.pointee.base)
    let right = raw.read64(operation.pointee.b)
    let result = left &+ right
    raw.write64(operation.pointee.a, result)
    setAddFlags(left, right, result, sizeLog2: 3)
    return operation + 1
  }

  @inline(__always)
  func xorWithFlags(_ operation: UnsafeMutablePointer<Operation>) -> UnsafeMutablePointer<Operation> {
    let result = raw.read64(operation.pointee.base) ^ raw.read64(operation.pointee.b)
    raw.write64(operation.pointee.a, result)
    setLogicFlags(result, sizeLog2: 3)
    return operation + 1
  }
}
