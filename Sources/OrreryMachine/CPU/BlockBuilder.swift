/// What a block depends on beside its address and bytes: bits of `Block.mode`.
enum BlockMode {
  /// The low two bits are `CodeMode`.
  static let user: UInt8 = 1 << 2
  /// At most one instruction, for the steps left over when the next block is longer than the budget.
  static let single: UInt8 = 1 << 3
  /// A breakpoint at the first instruction is passed.
  static let passesBreakpoint: UInt8 = 1 << 4

  /// SSE instructions execute.
  static let vectors: UInt8 = 1 << 5

  /// What the jump cache finds a block by. The mode lies in bits that are copies of bit 63 in every canonical address.
  @inline(__always)
  static func tag(linear: UInt64, mode: UInt8) -> UInt64 { linear ^ UInt64(mode) << 56 }
}

/// A run of instructions one after the other, all in one page but for one that crosses into the next where a block begins.
private struct CodePart {
  /// The linear address of its first byte, and its offset in CS.
  let linear: UInt64
  let rip: UInt64
  /// The number of the physical page, and the host address of its first byte.
  let frame: UInt64
  let page: UnsafeRawPointer
  /// The length of the instructions decoded, in bytes.
  var used = 0

  /// How far apart the parts of a block may lie, in bytes: `Block.distance` must hold it, with what is decoded.
  static let maximumDistance: UInt64 = 1 << 30

  private var start: Int { Int(linear & 0xFFF) }

  /// The bytes not decoded yet.
  var next: UnsafePointer<UInt8> { page.assumingMemoryBound(to: UInt8.self) + (start + used) }
  /// How many of them the page has left; not positive after an instruction that ends in the next.
  var available: Int { 4096 - start - used }

  /// The 64-byte granules of the page that it touches, one bit each.
  var granules: UInt64 { Self.granules(from: start, count: max(1, min(used, 4096 - start))) }
  /// And those of the next page.
  var granulesOfNextPage: UInt64 { available < 0 ? Self.granules(from: 0, count: -available) : 0 }

  /// The granules that `count` bytes (at least 1) from `start` touch.
  private static func granules(from start: Int, count: Int) -> UInt64 {
    let first = UInt64(start >> 6)
    let last = UInt64(min(start + count - 1, 4095) >> 6)
    return (UInt64.max &<< first) & (UInt64.max &>> (63 &- last))
  }
}

extension CPU {
  /// The mode of blocks to execute now.
  var blockMode: UInt8 {
    pointee.codeMode.rawValue | (pointee.cpl == 3 ? BlockMode.user : 0) | (vectorFault() == nil ? BlockMode.vectors : 0)
  }

  /// The linear address of `rip`.
  @inline(__always)
  func codeAddress(_ rip: UInt64) -> UInt64 {
    pointee.codeMode == .bits64 ? rip : (pointee.segments[1].base &+ rip) & 0xFFFF_FFFF
  }

  /// The block at the present `rip`, decoded if need be; nil when fetching its first instruction faults.
  @inline(never)
  func findBlock(mode: UInt8) -> UnsafeMutablePointer<Block>? {
    let rip = pointee.rip
    let is64 = pointee.codeMode == .bits64
    let segmentBase = is64 ? 0 : pointee.segments[1].base
    let segmentLimit = is64 ? 0 : pointee.segments[1].limit
    guard is64 || rip <= UInt64(segmentLimit) else {
      raise(.generalProtection(0))
      return nil
    }
    let linear = codeAddress(rip)
    if mode & BlockMode.passesBreakpoint == 0 && pointee.breakpoints.pointee.contains(linear) {
      let block = breakpointBlock(linear: linear, mode: mode)
      pointee.blocks.pointee.remember(block, linear: linear)
      return block
    }
    if is64, isCanonical(linear), let block = pointee.blocks.pointee.displacedBlock(linear: linear, mode: mode) {
      return block
    }
    guard let page = fetchPage(linear) else { return nil }
    let frame = page.frame
    var candidate = pointee.blocks.pointee.firstBlock(frame: frame, linear: linear, mode: mode)
    while let block = candidate {
      candidate = block.description.pointee.nextInBucket
      guard
        block.description.pointee.linear == linear && block.description.pointee.frame == frame
          && block.pointee.mode == mode
          && block.description.pointee.codeSegmentBase == segmentBase
          && block.description.pointee.codeSegmentLimit == segmentLimit
      else { continue }
      if let second = block.description.pointee.secondRIP {
        guard (second ^ linear) < 4096 || fetchPageUnseen(second)?.frame == block.description.pointee.secondFrame else {
          continue
        }
      } else if block.description.pointee.secondFrame != frame {
        guard let second = fetchPage(pageAfter(linear)) else { return nil }
        guard second.frame == block.description.pointee.secondFrame else { continue }
      }
      pointee.blocks.pointee.remember(block, linear: linear)
      return block
    }
    guard let block = buildBlock(linear: linear, frame: frame, page: page.host, mode: mode) else { return nil }
    pointee.blocks.pointee.insert(block)
    pointee.blocks.pointee.remember(block, linear: linear)
    return block
  }

  /// A block that only says that there is a breakpoint at `linear`. What stands there is not executed yet, so its page is not looked at.
  private func breakpointBlock(linear: UInt64, mode: UInt8) -> UnsafeMutablePointer<Block> {
    let noFrame = UInt64.max
    var candidate = pointee.blocks.pointee.firstBlock(frame: noFrame, linear: linear, mode: mode)
    while let block = candidate {
      if block.description.pointee.linear == linear && block.description.pointee.frame == noFrame
        && block.pointee.mode == mode && block.pointee.rip == pointee.rip
      {
        return block
      }
      candidate = block.description.pointee.nextInBucket
    }
    let block = pointee.blocks.pointee.allocate(operationCount: 1)
    block.description.initialize(
      to: BlockDescription(
        linear: linear, codeSegmentBase: 0, codeSegmentLimit: 0, frame: noFrame, secondFrame: noFrame, secondRIP: nil,
        granules: 0, secondGranules: 0))
    block.initialize(
      to: Block(
        count: 1, killsFlags: false, mode: mode, distance: 0, rip: pointee.rip,
        tag: BlockMode.tag(linear: linear, mode: mode)))
    var operation = Operation(code: .breakpoint)
    operation.left = 1
    block.operations.initialize(to: operation)
    pointee.blocks.pointee.insert(block)
    return block
  }

  private func pageAfter(_ linear: UInt64) -> UInt64 {
    let next = (linear & ~0xFFF) &+ 0x1000
    return pointee.codeMode == .bits64 ? next : next & 0xFFFF_FFFF
  }

  /// Decodes from `linear` up to the end of the block; only the first instruction may cross into the next page. `page` is the host address of
  /// the page's first byte.
  private func buildBlock(
    linear: UInt64, frame: UInt64, page: UnsafeRawPointer, mode: UInt8
  ) -> UnsafeMutablePointer<Block>? {
    let rip = pointee.rip
    let is64 = pointee.codeMode == .bits64
    let segmentBase = is64 ? 0 : pointee.segments[1].base
    let segmentLimit = is64 ? 0 : pointee.segments[1].limit
    let operations = pointee.blocks.pointee.decodeBuffer
    var part = CodePart(linear: linear, rip: rip, frame: frame, page: page)
    /// The part before the jump, once that was followed.
    var firstPart: CodePart?
    var decoder = Decoder(
      mode: pointee.codeMode, vectorsAreEnabled: mode & BlockMode.vectors != 0, operations: operations,
      bytes: part.next)
    let limit = mode & BlockMode.single != 0 ? 1 : Block.maximumInstructions
    var count = 0
    var secondFrame = frame
    var ended = false
    while count < limit && !ended {
      let isAtBreakpoint = pointee.breakpoints.pointee.contains(part.linear &+ UInt64(part.used))
      if isAtBreakpoint && count > 0 { break }
      if part.available <= 0 { break }
      let instruction = part.rip &+ UInt64(part.used)
      let offset = UInt16(truncatingIfNeeded: part.used) | (firstPart == nil ? 0 : Operation.secondPart)
      decoder.bytes = part.next
      decoder.available = min(part.available, Decoder.maximumLength)
      let firstOperation = decoder.operationCount
      decoder.decode(rip: instruction, offset: offset)
      if decoder.failure == .needsMoreBytes {
        // Only now is the next page touched: an instruction that ends with the page must not fault on it.
        guard count == 0 else { break }
        guard let second = fetchPage(pageAfter(linear)) else { return nil }
        secondFrame = second.frame
        let window = pointee.blocks.pointee.window
        let rest = decoder.available
        window.update(from: part.next, count: rest)
        (window + rest).update(
          from: second.host.assumingMemoryBound(to: UInt8.self), count: Decoder.maximumLength - rest)
        decoder.bytes = UnsafePointer(window)
        decoder.available = Decoder.maximumLength
        decoder.decode(rip: instruction, offset: offset)
        ended = true
      }
      if decoder.failure != .none {
        guard count == 0 else { break }
        decoder.operationCount = firstOperation
        decoder.emit(SystemOperation.generalProtection)
        decoder.position = 1
      }
      if !is64 && instruction &+ UInt64(decoder.position) &- 1 > UInt64(segmentLimit) {
        guard count == 0 else {
          decoder.operationCount = firstOperation
          break
        }
        decoder.operationCount = firstOperation
        decoder.emit(SystemOperation.generalProtection)
        decoder.endsBlock = true
      }
      for number in firstOperation..<decoder.operationCount {
        operations[number].left = UInt8(truncatingIfNeeded: count)
      }
      fuse(&decoder, firstOperation: firstOperation, previousInstructionExists: count > 0)
      count += 1
      part.used += decoder.position
      if decoder.endsBlock {
        guard firstPart == nil && !ended && count < limit,
          let second = secondPart(after: part, jump: operations + (decoder.operationCount - 1))
        else { break }
        decoder.operationCount -= 1
        secondFrame = second.frame
        firstPart = part
        part = second
      }
    }
    if decoder.operationCount == 0 || !operations[decoder.operationCount - 1].code.endsBlock {
      decoder.emit(.proceed)
      operations[decoder.operationCount - 1].left = UInt8(truncatingIfNeeded: count)
    }
    for number in 0..<decoder.operationCount {
      operations[number].left = UInt8(truncatingIfNeeded: count) &- operations[number].left
    }
    let kills = eliminateDeadFlags(operations, count: decoder.operationCount)
    pairOperations(operations, count: decoder.operationCount)
    let block = pointee.blocks.pointee.allocate(operationCount: decoder.operationCount)
    var granules = (firstPart ?? part).granules
    var secondGranules = firstPart == nil ? part.granulesOfNextPage : part.granules
    if secondFrame == frame {
      granules |= secondGranules
      secondGranules = 0
    }
    block.description.initialize(
      to: BlockDescription(
        linear: linear, codeSegmentBase: segmentBase, codeSegmentLimit: segmentLimit, frame: frame,
        secondFrame: secondFrame, secondRIP: firstPart == nil ? nil : part.rip, granules: granules,
        secondGranules: secondGranules))
    block.initialize(
      to: Block(
        count: UInt16(count), killsFlags: kills, mode: mode,
        distance: Int32(truncatingIfNeeded: part.rip &+ UInt64(part.used) &- rip), rip: rip,
        tag: BlockMode.tag(linear: linear, mode: mode)))
    block.operations.initialize(from: operations, count: decoder.operationCount)
    pointee.memory.pointee.markCode(frame: frame, granules: granules)
    if secondFrame != frame { pointee.memory.pointee.markCode(frame: secondFrame, granules: secondGranules) }
    return block
  }

  /// Where a block goes on after its last instruction, if `jump` is a direct one: a block of its own would cost its entry each time. Nothing there may
  /// fault or change because it was looked at.
  private func secondPart(after part: CodePart, jump: UnsafeMutablePointer<Operation>) -> CodePart? {
    let target = jump.pointee.displacement
    guard jump.pointee.code == .jump, pointee.codeMode == .bits64,
      Int64(bitPattern: target &- part.rip).magnitude < CodePart.maximumDistance
    else { return nil }
    if (target ^ part.linear) < 4096 {
      return CodePart(linear: target, rip: target, frame: part.frame, page: part.page)
    }
    guard let page = fetchPageUnseen(target), page.frame != part.frame else { return nil }
    return CodePart(linear: target, rip: target, frame: page.frame, page: page.host)
  }

  /// Makes one operation of two where the second instruction goes well with the last operation of the first: a comparison and what depends on it, a
  /// move and the arithmetic on its destination. Neither may stop in between, so nothing can tell.
  private func fuse(_ decoder: inout Decoder, firstOperation: Int, previousInstructionExists: Bool) {
    guard previousInstructionExists && firstOperation > 0 && decoder.operationCount == firstOperation + 1 else {
      return
    }
    let second = decoder.operations + firstOperation
    let first = second - 1
    guard let fused = first.pointee.fused(with: second.pointee) else {
      if firstOperation > 1, let fused = (first - 1).pointee.fused(with: second.pointee, across: first.pointee) {
        (first - 1).pointee = first.pointee
        first.pointee = fused
        decoder.operationCount = firstOperation
      } else if second.pointee.code == .jumpCondition, let code = first.pointee.code.jumpOnResult(second.pointee.a) {
        second.pointee.code = code
      }
      return
    }
    first.pointee = fused
    decoder.operationCount = firstOperation
  }
}

extension Operation {
  /// One operation that does this one and then `next`; nil when there is none.
  fileprivate func fused(with next: Operation) -> Operation? {
    switch next.code {
    case .jumpCondition:
      guard let code = Code.fused(self, condition: next.a) else { return nil }
      var result = self
      result.code = code
      result.displacement = next.displacement
      result.index = next.a
      // Only the jump can fault, to where no code may be.
      result.offset = next.offset
      result.length = next.length
      result.left = next.left
      return result
    case .setCondition, .conditionalMove64, .conditionalMove32:
      return fused(withCondition: next)
    default:
      guard code == .move64 || code == .move32, next.code.hasLeftOperand, next.base == a, next.a == a,
        a != Register.value
      else { return nil }
      // A 32-bit move cut what a 64-bit operation would read.
      guard code == .move64 || next.sizeLog2 == 2 else { return nil }
      var result = next
      if next.readsSecondRegister && next.b == a { result.b = b }
      result.base = b
      return result
    }
  }

  /// The right operand is a register.
  private var readsSecondRegister: Bool {
    switch code {
    case .add64, .add32, .subtract64, .subtract32, .and64, .and32, .or64, .or32, .xor64, .xor32, .multiply64,
      .multiply32,
      .multiplyImmediate64, .multiplyImmediate32:
      true
    default: false
    }
  }

  /// One operation that does this comparison and then the SETcc, CMOVcc or Jcc `next`, both after `between`, which may as well come first.
  fileprivate func fused(with next: Operation, across between: Operation) -> Operation? {
    switch between.code {
    case .move64, .move32, .moveImmediate64, .moveImmediate8, .not64: break
    default: return nil
    }
    // What a comparison reads lies in one or two general registers; and it writes none, as DEC does, for `between` may read it.
    guard between.a & ~7 != a & ~7, between.a & ~7 != b & ~7, code != .decrement64, code != .decrement32 else {
      return nil
    }
    return next.code == .jumpCondition ? fused(with: next) : fused(withCondition: next)
  }

  private func fused(withCondition next: Operation) -> Operation? {
    let form: UInt16
    switch next.code {
    case .conditionalMove64: form = 0
    case .conditionalMove32: form = 1
    case .setCondition: form = 2
    default: return nil
    }
    guard LazyFlags.comparisonMask(next.condition.code) != 0 else { return nil }
    let first: Code
    switch code {
    case .compare64, .compare32: first = .compareSelect64
    case .compareImmediate64, .compareImmediate32, .compareImmediate8: first = .compareImmediateSelect64
    case .test64, .test32, .test8: first = .testSelect64
    case .testImmediate64, .testImmediate32, .testImmediate8: first = .testImmediateSelect64
    default: return nil
    }
    guard let code = Code(rawValue: first.rawValue + form) else { return nil }
    var result = self
    result.code = code
    result.base = a
    result.a = next.a
    result.index = next.b
    let comparesWithZero = first == .testSelect64 || first == .testImmediateSelect64
    result.condition = comparesWithZero ? next.condition.afterTest : next.condition
    result.offset = next.offset
    result.length = next.length
    result.left = next.left
    return result
  }
}

extension Code {
  /// Whether the operation ends a block by itself: the engine has left the block when it is done.
  var endsBlock: Bool {
    if rawValue >= Code.compare64JumpB.rawValue && rawValue <= Code.stale.rawValue { return true }
    switch self {
    case .proceed, .jump, .jumpIndirect, .jumpCondition, .jumpZero, .jumpNotZero, .jumpOverlayZero, .jumpOverlayNotZero,
      .jumpCarry, .jumpBorrow, .jumpAdditionOverflow64, .jumpSubtractionOverflow64, .call64, .callIndirect64, .return64,
      .branch:
      return true
    default: return false
    }
  }

  /// The jump on `condition` right after this operation that needs no look at the lazy flags' kind; nil where there is none.
  fileprivate func jumpOnResult(_ condition: UInt8) -> Code? {
    switch (condition >> 1, self) {
    case (0, .add64), (0, .addImmediate64): return .jumpAdditionOverflow64
    case (0, .subtract64), (0, .subtractImmediate64): return .jumpSubtractionOverflow64
    case (1, .add64), (1, .add32), (1, .addImmediate64), (1, .addImmediate32), (1, .addImmediate8): return .jumpCarry
    case (1, .subtract64), (1, .subtract32), (1, .subtractImmediate64), (1, .subtractImmediate32): return .jumpBorrow
    case (2, .add64), (2, .add32), (2, .addImmediate64), (2, .addImmediate32), (2, .subtract64), (2, .subtract32),
      (2, .subtractImmediate64), (2, .subtractImmediate32), (2, .and64), (2, .and32), (2, .andImmediate64),
      (2, .andImmediate32), (2, .or64), (2, .or32), (2, .orImmediate64), (2, .orImmediate32), (2, .xor64), (2, .xor32),
      (2, .xorImmediate64), (2, .xorImmediate32), (2, .negate64), (2, .negate32), (2, .and8), (2, .or8), (2, .xor8),
      (2, .addImmediate8):
      return condition & 1 == 0 ? .jumpZero : .jumpNotZero
    case (2, .increment64), (2, .increment32), (2, .decrement64), (2, .decrement32):
      return condition & 1 == 0 ? .jumpOverlayZero : .jumpOverlayNotZero
    default: return nil
    }
  }

  /// The twelve conditions with fused forms, in the order of the codes; nil for overflow and parity.
  private static func fusedIndex(_ condition: UInt8) -> UInt16? {
    switch condition {
    case 2...9: UInt16(condition) - 2
    case 12...15: UInt16(condition) - 4
    default: nil
    }
  }

  /// The operation that does `comparison` and jumps on `condition`.
  static func fused(_ comparison: Operation, condition: UInt8) -> Code? {
    func code(_ first: Code) -> Code? {
      fusedIndex(condition).flatMap { Code(rawValue: first.rawValue + $0) }
    }
    /// TEST has forms for the conditions that it makes sense for.
    func test(_ first: Code) -> Code? {
      let index: UInt16? =
        switch condition {
        case 4: 0
        case 5: 1
        case 8: 2
        case 9: 3
        case 14: 4
        case 15: 5
        default: nil
        }
      return index.flatMap { Code(rawValue: first.rawValue + $0) }
    }
    func equality(_ first: Code) -> Code? {
      condition >> 1 == 2 ? Code(rawValue: first.rawValue + UInt16(condition & 1)) : nil
    }
    switch comparison.code {
    case .compare64: return code(.compare64JumpB)
    case .compareImmediate64: return code(.compareImmediate64JumpB)
    case .compare32: return code(.compare32JumpB)
    case .compareImmediate32: return code(.compareImmediate32JumpB)
    case .compareImmediate8: return equality(.compareImmediate8JumpE) ?? .compareNarrowJump
    case .arithmetic where comparison.detail == ArithmeticOperation.compare.rawValue: return .compareNarrowJump
    case .test64: return test(.test64JumpE)
    case .test32: return test(.test32JumpE)
    case .test8:
      return condition >> 1 == 2 || condition >> 1 == 4
        ? Code(rawValue: Code.test8JumpE.rawValue + UInt16(condition - (condition < 8 ? 4 : 6))) : nil
    case .testImmediate32: return equality(.testImmediate32JumpE)
    case .testImmediate8: return equality(.testImmediate8JumpE)
    case .decrement64: return condition == 5 ? .decrement64JumpNE : nil
    case .decrement32: return condition == 5 ? .decrement32JumpNE : nil
    default: return nil
    }
  }
}
