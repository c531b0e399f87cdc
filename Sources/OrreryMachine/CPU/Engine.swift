/// The execution engine: decoded blocks, one switch.
///
/// Steps are counted by block: a block is entered only if all of its instructions fit into the budget, so entering costs one subtraction and one test of
/// the sign, and within a block nothing is counted. `Operation.left` gives back what was not executed when an instruction faults or must stop.
/// When the next block does not fit, what is left of the budget runs in blocks of one instruction. So `execute()` stops after exactly `budget` steps.
///
/// A fused comparison does not write its flags when the block it leads to overwrites them unseen and fits into the budget.
extension CPU {
  /// Executes from `rip` until `budget` steps are taken or something needs the run loop.
  func execute() -> EngineExit {
    pointee.hasFault = false
    guard pointee.budget > 0 else { return .budget }
    guard pointee.stop == nil else { return .stopped }
    let trapFlags = pointee.systemFlags & (Flag.trap | Flag.resume)
    guard trapFlags != 0 || pointee.shadow != .none || pointee.resumesAtBreakpoint else {
      let exit = executeBlocks(budget: pointee.budget, firstMode: 0)
      let debug = pointee.system.pointee.debug
      guard debug.pointee.mustCollect || debug.pointee.met != 0 else { return exit }
      guard debug.pointee.mustCollect else { return trapAfter(exit, isSingleStep: false) }
      pointee.hasFault = false
      return executeOneInstruction(trapFlags: 0)
    }
    return executeOneInstruction(trapFlags: trapFlags)
  }

  /// The debug trap of the instruction that retired last, if it met a breakpoint or is to be followed by one.
  private func trapAfter(_ exit: EngineExit, isSingleStep: Bool) -> EngineExit {
    let debug = pointee.system.pointee.debug
    let met = debug.pointee.met
    debug.pointee.met = 0
    guard exit != .fault && exit != .stopped, met != 0 || isSingleStep else { return exit }
    if met != 0 { noteConditions(met) }
    if isSingleStep { pointee.debugRegisters[6] |= DebugRegister.singleStep }
    var trap = Fault.debug
    trap.isTrap = true
    raise(trap)
    return .fault
  }

  /// Executes one instruction and does what follows it alone: the shadow of STI and MOV SS ends, RF is cleared, TF traps.
  @inline(never)
  private func executeOneInstruction(trapFlags: UInt64) -> EngineExit {
    let shadow = pointee.shadow
    let passes = pointee.resumesAtBreakpoint
    pointee.resumesAtBreakpoint = false
    let before = pointee.steps
    pointee.shadow = .none
    pointee.systemFlags &= ~Flag.resume
    let debug = pointee.system.pointee.debug
    debug.pointee.mustCollect = false
    debug.pointee.isCollecting = true
    pointee.system.pointee.isBetweenIterations = false
    let exit = executeBlocks(budget: 1, firstMode: BlockMode.single | (passes ? BlockMode.passesBreakpoint : 0))
    debug.pointee.isCollecting = false
    guard pointee.steps != before else {
      // Nothing retired: the instruction will be tried again under the same conditions.
      debug.pointee.met = 0
      if exit != .fault { pointee.shadow = shadow }
      pointee.systemFlags |= trapFlags & Flag.resume
      return exit
    }
    // RF holds for all iterations of a string instruction; without an instruction breakpoint that makes no difference.
    if pointee.system.pointee.isBetweenIterations && debug.pointee.instructionCount > 0 {
      pointee.systemFlags |= trapFlags & Flag.resume
    }
    // INT n and its like take TF away, so that nothing is stepped.
    let isStepped =
      trapFlags & Flag.trap != 0 && pointee.shadow != .movSS && !pointee.system.pointee.tookSoftwareInterrupt
    let ended = trapAfter(exit, isSingleStep: isStepped)
    return ended == .budget && pointee.budget > 1 ? .boundary : ended
  }

  /// How the switch was left.
  private enum Exit {
    case fault
    /// The branch at `operation` has a target that is not canonical or beyond the segment's limit.
    case badTarget
    case leave
    case leaveAt
    case breakpoint
  }

  @inline(__always)
  private func isCanonicalTarget(_ address: UInt64) -> Bool {
    (Int64(bitPattern: address &<< 16) &>> 16) == Int64(bitPattern: address)
  }

  @inline(__always)
  private func signExtend8(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value))) }
  @inline(__always)
  private func signExtend16(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value))) }
  @inline(__always)
  private func signExtend32(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) }

  /// Whether the condition of a SETcc or CMOVcc holds: mostly after a comparison of 64 bits.
  @inline(__always)
  func conditionHolds(_ operation: UnsafeMutablePointer<Operation>) -> Bool {
    if pointee.lazyFlags.kinds == LazyFlags.subtract | 3 && operation.pointee.condition.isOrder {
      return operation.pointee.conditionHolds(comparing: pointee.lazyFlags.left, with: pointee.lazyFlags.right)
    }
    return conditionHoldsOtherwise(operation)
  }

  /// The same, most often after a TEST.
  @inline(never)
  private func conditionHoldsOtherwise(_ operation: UnsafeMutablePointer<Operation>) -> Bool {
    let kinds = pointee.lazyFlags.kinds
    let condition = operation.pointee.condition
    if kinds & 0xFFFC == LazyFlags.logic {
      let value = pointee.lazyFlags.result &<< (64 &- UInt64(8 &<< (kinds & 3)))
      if condition.isOrder { return operation.pointee.conditionHolds(comparing: value, with: 0) }
      if condition.isSign { return (Int64(bitPattern: value) < 0) != (condition.code & 1 != 0) }
    }
    return lazyFlags.holds(condition.code)
  }

  @inline(never)
  func conditionHolds(_ code: Int32) -> Bool {
    lazyFlags.holds(UInt8(truncatingIfNeeded: code))
  }

  /// Makes `clock` and `steps` those at which the instruction of `operation` has retired.
  @inline(__always)
  private func retire(_ operation: UnsafeMutablePointer<Operation>, _ remaining: Int64) {
    let distance = UInt64(bitPattern: remaining) &+ UInt64(operation.pointee.left) &- 1
    pointee.clock = pointee.endClock &- distance
    pointee.steps = pointee.endSteps &- distance
  }

  /// The block after `block`, found through `rip`, and linked so that next time it needs no looking up.
  @inline(never)
  private func followLink(
    _ block: UnsafeMutablePointer<Block>, taken: Bool
  ) -> UnsafeMutablePointer<Block>? {
    let generation = pointee.blocks.pointee.generation
    guard let next = findBlock(mode: blockMode) else { return nil }
    if generation == pointee.blocks.pointee.generation && block.pointee.count != 0 {
      pointee.blocks.pointee.link(block, taken: taken, to: next)
    }
    return next
  }

  /// The block that `executeBlocks` begins with, of one instruction if any other has more than `budget` steps. Kept out of the switch's function, whose
  /// registers it would take.
  @inline(never)
  private func firstBlock(mode: UInt8, budget: Int64) -> UnsafeMutablePointer<Block>? {
    // An interrupt's handler is entered here as often as by a branch: it is found as a branch finds its target.
    var block = pointee.blocks.pointee.jumpCache[BlockCache.jumpCacheIndex(pointee.rip)]
    if pointee.codeMode != .bits64 || !isCanonicalTarget(pointee.rip)
      || block.pointee.tag != BlockMode.tag(linear: pointee.rip, mode: mode)
    {
      guard let found = findBlock(mode: mode) else { return nil }
      block = found
    }
    return Int64(block.pointee.count) > budget ? findBlock(mode: blockMode | BlockMode.single) : block
  }

  /// The switch. `firstMode` is added to the mode of the first block.
  @inline(never)
  private func executeBlocks(budget: UInt64, firstMode: UInt8) -> EngineExit {
    let registers = raw
    let tlb = pointee.tlb
    let jumpCache = pointee.blocks.pointee.jumpCache
    let mode = blockMode
    let segmentBase = pointee.codeMode == .bits64 ? 0 : pointee.segments[1].base
    if pointee.codeMode != .bits64 {
      pointee.blocks.pointee.codeSegmentIs(base: segmentBase, limit: pointee.segments[1].limit)
    }
    /// Steps of the budget not yet given to a block. More than 2^62 is for ever.
    var remaining = Int64(clamping: min(budget, 1 << 62))
    pointee.endClock = pointee.clock &+ UInt64(remaining)
    pointee.endSteps = pointee.steps &+ UInt64(remaining)
    pointee.leavesBlock = false

    guard var block = firstBlock(mode: mode | firstMode, budget: remaining) else {
      return pointee.stop == nil ? .fault : .stopped
    }
    remaining &-= Int64(block.pointee.count)
    var operation = block.operations
    var exit = Exit.fault
    /// What a fused comparison compared, and the kind of its flags; 0 when there is none to write.
    var left: UInt64 = 0
    var right: UInt64 = 0
    var pendingKinds: UInt16 = 0
    var taken = false
    var target: UInt64 = 0
    var outcome = Outcome.next

    execution: while true {
      leaving: do {
        direct: do {
          cold: do {
            returning: do {
              switch operation.pointee.code {
              case .move64:
                operation = move(operation)
                continue execution
              case .move32:
                registers.write32(operation.pointee.a, registers.read32(operation.pointee.b))
                operation += 1
                continue execution
              case .move16:
                registers.write16(operation.pointee.a, registers.read16(operation.pointee.b))
                operation += 1
                continue execution
              case .move8:
                registers.write8(operation.pointee.a, registers.read8(operation.pointee.b))
                operation += 1
                continue execution
              case .moveImmediate64:
                operation = loadConstant(operation)
                continue execution
              case .moveImmediate16:
                registers.write16(operation.pointee.a, operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .moveImmediate8:
                registers.write8(operation.pointee.a, operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .zeroExtend8:
                registers.write64(operation.pointee.a, registers.read8(operation.pointee.b))
                operation += 1
                continue execution
              case .zeroExtend16:
                registers.write64(operation.pointee.a, registers.read16(operation.pointee.b))
                operation += 1
                continue execution
              case .zeroExtend8to16:
                registers.write16(operation.pointee.a, registers.read8(operation.pointee.b))
                operation += 1
                continue execution
              case .signExtend8to16:
                registers.write16(operation.pointee.a, signExtend8(registers.read8(operation.pointee.b)))
                operation += 1
                continue execution
              case .signExtend8to32:
                registers.write32(operation.pointee.a, signExtend8(registers.read8(operation.pointee.b)))
                operation += 1
                continue execution
              case .signExtend8to64:
                registers.write64(operation.pointee.a, signExtend8(registers.read8(operation.pointee.b)))
                operation += 1
                continue execution
              case .signExtend16to32:
                registers.write32(operation.pointee.a, signExtend16(registers.read16(operation.pointee.b)))
                operation += 1
                continue execution
              case .signExtend16to64:
                registers.write64(operation.pointee.a, signExtend16(registers.read16(operation.pointee.b)))
                operation += 1
                continue execution
              case .signExtend32to64:
                registers.write64(operation.pointee.a, signExtend32(registers.read32(operation.pointee.b)))
                operation += 1
                continue execution
              case .lea64:
                operation = loadAddress(operation)
                continue execution
              case .lea32:
                registers.write32(operation.pointee.a, address(operation))
                operation += 1
                continue execution
              case .lea16:
                registers.write16(operation.pointee.a, address(operation))
                operation += 1
                continue execution
              case .exchange64:
                let old = registers.read64(operation.pointee.a)
                registers.write64(operation.pointee.a, registers.read64(operation.pointee.b))
                registers.write64(operation.pointee.b, old)
                operation += 1
                continue execution
              case .exchange32:
                let old = registers.read32(operation.pointee.a)
                registers.write32(operation.pointee.a, registers.read32(operation.pointee.b))
                registers.write32(operation.pointee.b, old)
                operation += 1
                continue execution
              case .byteSwap64:
                registers.write64(operation.pointee.a, registers.read64(operation.pointee.a).byteSwapped)
                operation += 1
                continue execution
              case .byteSwap32:
                registers.write64(operation.pointee.a, registers.read32(operation.pointee.a).byteSwapped >> 32)
                operation += 1
                continue execution
              case .address:
                synchronize(operation, block, remaining)
                guard let linear = linearAddress(operation) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, linear)
                operation += 1
                continue execution
              case .pairLoadLoad:
                guard let value = load64(baseAddress(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                fallthrough
              case .load64Base:
                guard let value = load64(baseAddress(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .load64:
                guard let value = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .load32Base:
                guard let value = load32(baseAddress(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .load32:
                guard let value = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .load16:
                guard let value = load16(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write16(operation.pointee.a, value)
                operation += 1
                continue execution
              case .load8:
                guard let value = load8(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write8(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadZero8Base:
                guard let value = load8(baseAddress(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadZero8:
                guard let value = load8(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadZero16Base:
                guard let value = load16(baseAddress(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadZero16:
                guard let value = load16(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadZero8to16:
                guard let value = load8(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write16(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadSign8to16:
                guard let value = load8(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write16(operation.pointee.a, signExtend8(value))
                operation += 1
                continue execution
              case .loadSign8to32:
                guard let value = load8(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write32(operation.pointee.a, signExtend8(value))
                operation += 1
                continue execution
              case .loadSign8to64:
                guard let value = load8(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, signExtend8(value))
                operation += 1
                continue execution
              case .loadSign16to32:
                guard let value = load16(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write32(operation.pointee.a, signExtend16(value))
                operation += 1
                continue execution
              case .loadSign16to64:
                guard let value = load16(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, signExtend16(value))
                operation += 1
                continue execution
              case .loadSign32to64:
                guard let value = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, signExtend32(value))
                operation += 1
                continue execution
              case .loadForWrite64:
                guard let value = loadForWrite(address(operation), size: 8, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadForWrite32:
                guard let value = loadForWrite(address(operation), size: 4, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadForWrite16:
                guard let value = loadForWrite(address(operation), size: 2, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .loadForWrite8:
                guard let value = loadForWrite(address(operation), size: 1, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .store64Base:
                switch store64(
                  baseAddress(operation), registers.read64(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .store32Base:
                switch store32(
                  baseAddress(operation), registers.read32(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .store8Base:
                switch store8(
                  baseAddress(operation), registers.read8(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .store64:
                switch store64(
                  address(operation), registers.read64(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .store32:
                switch store32(
                  address(operation), registers.read32(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .store16:
                switch store16(
                  address(operation), registers.read16(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .store8:
                switch store8(
                  address(operation), registers.read8(operation.pointee.b), tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .storeImmediate64:
                switch store64(address(operation), operation.pointee.signedImmediate, tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .storeImmediate32:
                switch store32(address(operation), operation.pointee.signedImmediate, tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .storeImmediate16:
                switch store16(address(operation), operation.pointee.signedImmediate, tlb, operation, block, remaining)
                {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .storeImmediate8:
                switch store8(address(operation), operation.pointee.signedImmediate, tlb, operation, block, remaining) {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .load128:
                synchronize(operation, block, remaining)
                guard let value = load128(address(operation)) else {
                  exit = .fault
                  break execution
                }
                vectors[Int(operation.pointee.a)] = value
                operation += 1
                continue execution
              case .store128:
                switch store128Synchronized(operation, block, remaining) {
                case .done: break
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .pairPushPush:
                let stack = registers.read64(Register.rsp) &- 8
                switch store64(stack, registers.read64(operation.pointee.b), tlb, operation, block, remaining) {
                case .done: registers.write64(Register.rsp, stack)
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  registers.write64(Register.rsp, stack)
                  exit = .leave
                  break execution
                }
                operation += 1
                fallthrough
              case .push64:
                let stack = registers.read64(Register.rsp) &- 8
                switch store64(stack, registers.read64(operation.pointee.b), tlb, operation, block, remaining) {
                case .done: registers.write64(Register.rsp, stack)
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  registers.write64(Register.rsp, stack)
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .pushImmediate64:
                let stack = registers.read64(Register.rsp) &- 8
                switch store64(stack, operation.pointee.signedImmediate, tlb, operation, block, remaining) {
                case .done: registers.write64(Register.rsp, stack)
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  registers.write64(Register.rsp, stack)
                  exit = .leave
                  break execution
                }
                operation += 1
                continue execution
              case .pairPopPop:
                let stack = registers.read64(Register.rsp)
                guard let value = load64(stack, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(Register.rsp, stack &+ 8)
                registers.write64(operation.pointee.a, value)
                operation += 1
                fallthrough
              case .pop64:
                let stack = registers.read64(Register.rsp)
                guard let value = load64(stack, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(Register.rsp, stack &+ 8)
                registers.write64(operation.pointee.a, value)
                operation += 1
                continue execution
              case .leave64:
                let stack = registers.read64(Register.rbp)
                guard let value = load64(stack, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(Register.rsp, stack &+ 8)
                registers.write64(Register.rbp, value)
                operation += 1
                continue execution
              case .add64:
                operation = addWithFlags(operation)
                continue execution
              case .add64Quiet:
                operation = add(operation)
                continue execution
              case .add32:
                let left = registers.read32(operation.pointee.base)
                let right = registers.read32(operation.pointee.b)
                let result = (left &+ right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setAddFlags(left, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .add32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &+ registers.read32(operation.pointee.b)
                )
                operation += 1
                continue execution
              case .addImmediate64:
                let left = registers.read64(operation.pointee.base)
                let right = operation.pointee.signedImmediate
                let result = left &+ right
                registers.write64(operation.pointee.a, result)
                setAddFlags(left, right, result, sizeLog2: 3)
                operation += 1
                continue execution
              case .addImmediate64Quiet:
                registers.write64(
                  operation.pointee.a, registers.read64(operation.pointee.base) &+ operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .addImmediate32:
                let left = registers.read32(operation.pointee.base)
                let right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                let result = (left &+ right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setAddFlags(left, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .addImmediate32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &+ operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .subtract64:
                let left = registers.read64(operation.pointee.base)
                let right = registers.read64(operation.pointee.b)
                let result = left &- right
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(left, right, result, sizeLog2: 3)
                operation += 1
                continue execution
              case .subtract64Quiet:
                registers.write64(
                  operation.pointee.a, registers.read64(operation.pointee.base) &- registers.read64(operation.pointee.b)
                )
                operation += 1
                continue execution
              case .subtract32:
                let left = registers.read32(operation.pointee.base)
                let right = registers.read32(operation.pointee.b)
                let result = (left &- right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(left, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .subtract32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &- registers.read32(operation.pointee.b)
                )
                operation += 1
                continue execution
              case .subtractImmediate64:
                let left = registers.read64(operation.pointee.base)
                let right = operation.pointee.signedImmediate
                let result = left &- right
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(left, right, result, sizeLog2: 3)
                operation += 1
                continue execution
              case .subtractImmediate64Quiet:
                registers.write64(
                  operation.pointee.a, registers.read64(operation.pointee.base) &- operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .subtractImmediate32:
                let left = registers.read32(operation.pointee.base)
                let right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                let result = (left &- right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(left, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .subtractImmediate32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &- operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .and64:
                let result = registers.read64(operation.pointee.base) & registers.read64(operation.pointee.b)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .and64Quiet:
                operation = and(operation)
                continue execution
              case .and32:
                let result = registers.read32(operation.pointee.base) & registers.read32(operation.pointee.b)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .and32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) & registers.read32(operation.pointee.b))
                operation += 1
                continue execution
              case .andImmediate64:
                let result = registers.read64(operation.pointee.base) & operation.pointee.signedImmediate
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .andImmediate64Quiet:
                registers.write64(
                  operation.pointee.a, registers.read64(operation.pointee.base) & operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .andImmediate32:
                let result =
                  registers.read32(operation.pointee.base) & (operation.pointee.signedImmediate & 0xFFFF_FFFF)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .andImmediate32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) & operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .or64:
                let result = registers.read64(operation.pointee.base) | registers.read64(operation.pointee.b)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .or64Quiet:
                operation = or(operation)
                continue execution
              case .or32:
                let result = registers.read32(operation.pointee.base) | registers.read32(operation.pointee.b)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .or32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) | registers.read32(operation.pointee.b))
                operation += 1
                continue execution
              case .orImmediate64:
                let result = registers.read64(operation.pointee.base) | operation.pointee.signedImmediate
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .orImmediate64Quiet:
                registers.write64(
                  operation.pointee.a, registers.read64(operation.pointee.base) | operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .orImmediate32:
                let result =
                  registers.read32(operation.pointee.base) | (operation.pointee.signedImmediate & 0xFFFF_FFFF)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .orImmediate32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) | operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .xor64:
                operation = xorWithFlags(operation)
                continue execution
              case .xor64Quiet:
                operation = xor(operation)
                continue execution
              case .xor32:
                let result = registers.read32(operation.pointee.base) ^ registers.read32(operation.pointee.b)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .xor32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) ^ registers.read32(operation.pointee.b))
                operation += 1
                continue execution
              case .xorImmediate64:
                let result = registers.read64(operation.pointee.base) ^ operation.pointee.signedImmediate
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .xorImmediate64Quiet:
                operation = xorImmediate(operation)
                continue execution
              case .xorImmediate32:
                let result =
                  registers.read32(operation.pointee.base) ^ (operation.pointee.signedImmediate & 0xFFFF_FFFF)
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .xorImmediate32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) ^ operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .compare64:
                let left = registers.read64(operation.pointee.a)
                let right = registers.read64(operation.pointee.b)
                setSubtractFlags(left, right, left &- right, sizeLog2: 3)
                operation += 1
                continue execution
              case .compare32:
                let left = registers.read32(operation.pointee.a)
                let right = registers.read32(operation.pointee.b)
                setSubtractFlags(left, right, (left &- right) & 0xFFFF_FFFF, sizeLog2: 2)
                operation += 1
                continue execution
              case .compareImmediate64:
                let left = registers.read64(operation.pointee.a)
                let right = operation.pointee.signedImmediate
                setSubtractFlags(left, right, left &- right, sizeLog2: 3)
                operation += 1
                continue execution
              case .compareImmediate32:
                let left = registers.read32(operation.pointee.a)
                let right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                setSubtractFlags(left, right, (left &- right) & 0xFFFF_FFFF, sizeLog2: 2)
                operation += 1
                continue execution
              case .compareImmediate8:
                let left = registers.read8(operation.pointee.a)
                let right = operation.pointee.signedImmediate & 0xFF
                setSubtractFlags(left, right, (left &- right) & 0xFF, sizeLog2: 0)
                operation += 1
                continue execution
              case .test64:
                setLogicFlags(
                  registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b), sizeLog2: 3)
                operation += 1
                continue execution
              case .testImmediate64:
                setLogicFlags(registers.read64(operation.pointee.a) & operation.pointee.signedImmediate, sizeLog2: 3)
                operation += 1
                continue execution
              case .test32:
                setLogicFlags(
                  registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b), sizeLog2: 2)
                operation += 1
                continue execution
              case .testImmediate32:
                setLogicFlags(registers.read32(operation.pointee.a) & operation.pointee.signedImmediate, sizeLog2: 2)
                operation += 1
                continue execution
              case .test8:
                setLogicFlags(registers.read8(operation.pointee.a) & registers.read8(operation.pointee.b), sizeLog2: 0)
                operation += 1
                continue execution
              case .testImmediate8:
                setLogicFlags(registers.read8(operation.pointee.a) & operation.pointee.signedImmediate, sizeLog2: 0)
                operation += 1
                continue execution
              case .and8:
                let result = registers.read8(operation.pointee.a) & registers.read8(operation.pointee.b)
                registers.write8(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 0)
                operation += 1
                continue execution
              case .or8:
                let result = registers.read8(operation.pointee.a) | registers.read8(operation.pointee.b)
                registers.write8(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 0)
                operation += 1
                continue execution
              case .xor8:
                let result = registers.read8(operation.pointee.a) ^ registers.read8(operation.pointee.b)
                registers.write8(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 0)
                operation += 1
                continue execution
              case .addImmediate8:
                let left = registers.read8(operation.pointee.a)
                let right = operation.pointee.signedImmediate & 0xFF
                let result = (left &+ right) & 0xFF
                registers.write8(operation.pointee.a, result)
                setAddFlags(left, right, result, sizeLog2: 0)
                operation += 1
                continue execution
              case .addLoad64:
                guard let right = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read64(operation.pointee.a)
                let result = left &+ right
                registers.write64(operation.pointee.a, result)
                setAddFlags(left, right, result, sizeLog2: 3)
                operation += 1
                continue execution
              case .addLoad32:
                guard let right = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read32(operation.pointee.a)
                let result = (left &+ right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setAddFlags(left, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .subtractLoad64:
                guard let right = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read64(operation.pointee.a)
                let result = left &- right
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(left, right, result, sizeLog2: 3)
                operation += 1
                continue execution
              case .subtractLoad32:
                guard let right = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read32(operation.pointee.a)
                let result = (left &- right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(left, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .andLoad64:
                guard let right = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read64(operation.pointee.a)
                let result = left & right
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .andLoad32:
                guard let right = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read32(operation.pointee.a)
                let result = left & right
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .orLoad64:
                guard let right = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read64(operation.pointee.a)
                let result = left | right
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .orLoad32:
                guard let right = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read32(operation.pointee.a)
                let result = left | right
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .xorLoad64:
                guard let right = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read64(operation.pointee.a)
                let result = left ^ right
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .xorLoad32:
                guard let right = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read32(operation.pointee.a)
                let result = left ^ right
                registers.write64(operation.pointee.a, result)
                setLogicFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .compareLoad64:
                guard let right = load64(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read64(operation.pointee.a)
                setSubtractFlags(left, right, left &- right, sizeLog2: 3)
                operation += 1
                continue execution
              case .compareLoad32:
                guard let right = load32(address(operation), tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                let left = registers.read32(operation.pointee.a)
                setSubtractFlags(left, right, (left &- right) & 0xFFFF_FFFF, sizeLog2: 2)
                operation += 1
                continue execution
              case .increment64:
                let result = registers.read64(operation.pointee.base) &+ 1
                registers.write64(operation.pointee.a, result)
                setIncrementFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .increment64Quiet:
                registers.write64(operation.pointee.a, registers.read64(operation.pointee.base) &+ 1)
                operation += 1
                continue execution
              case .increment32:
                let result = (registers.read32(operation.pointee.base) &+ 1) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setIncrementFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .increment32Quiet:
                registers.write32(operation.pointee.a, registers.read32(operation.pointee.base) &+ 1)
                operation += 1
                continue execution
              case .decrement64:
                let result = registers.read64(operation.pointee.base) &- 1
                registers.write64(operation.pointee.a, result)
                setDecrementFlags(result, sizeLog2: 3)
                operation += 1
                continue execution
              case .decrement64Quiet:
                registers.write64(operation.pointee.a, registers.read64(operation.pointee.base) &- 1)
                operation += 1
                continue execution
              case .decrement32:
                let result = (registers.read32(operation.pointee.base) &- 1) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setDecrementFlags(result, sizeLog2: 2)
                operation += 1
                continue execution
              case .decrement32Quiet:
                registers.write32(operation.pointee.a, registers.read32(operation.pointee.base) &- 1)
                operation += 1
                continue execution
              case .negate64:
                let right = registers.read64(operation.pointee.base)
                let result = 0 &- right
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(0, right, result, sizeLog2: 3)
                operation += 1
                continue execution
              case .negate64Quiet:
                registers.write64(operation.pointee.a, 0 &- registers.read64(operation.pointee.base))
                operation += 1
                continue execution
              case .negate32:
                let right = registers.read32(operation.pointee.base)
                let result = (0 &- right) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, result)
                setSubtractFlags(0, right, result, sizeLog2: 2)
                operation += 1
                continue execution
              case .negate32Quiet:
                registers.write32(operation.pointee.a, 0 &- registers.read32(operation.pointee.base))
                operation += 1
                continue execution
              case .not64:
                operation = not(operation)
                continue execution
              case .not32:
                registers.write32(operation.pointee.a, ~registers.read32(operation.pointee.base))
                operation += 1
                continue execution
              case .multiply64:
                registers.write64(
                  operation.pointee.a,
                  multiply64(registers.read64(operation.pointee.base), registers.read64(operation.pointee.b)))
                operation += 1
                continue execution
              case .multiply64Quiet:
                operation = multiply(operation)
                continue execution
              case .multiply32:
                registers.write64(
                  operation.pointee.a,
                  multiply32(registers.read32(operation.pointee.base), registers.read32(operation.pointee.b)))
                operation += 1
                continue execution
              case .multiply32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &* registers.read32(operation.pointee.b)
                )
                operation += 1
                continue execution
              case .multiplyImmediate64:
                registers.write64(
                  operation.pointee.a,
                  multiply64(registers.read64(operation.pointee.b), operation.pointee.signedImmediate))
                operation += 1
                continue execution
              case .multiplyImmediate64Quiet:
                registers.write64(
                  operation.pointee.a, registers.read64(operation.pointee.b) &* operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .multiplyImmediate32:
                registers.write64(
                  operation.pointee.a,
                  multiply32(registers.read32(operation.pointee.b), operation.pointee.signedImmediate))
                operation += 1
                continue execution
              case .multiplyImmediate32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.b) &* operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .shiftLeft64:
                let value = registers.read64(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                let result = (value &<< count)
                let carry = (value &>> (64 &- count)) & 1
                registers.write64(operation.pointee.a, result)
                setShiftFlags(result, carry: carry, overflow: count == 1 ? (result &>> 63 ^ carry) & 1 : 0, sizeLog2: 3)
                operation += 1
                continue execution
              case .shiftLeft64Quiet:
                operation = shiftLeft(operation)
                continue execution
              case .shiftLeft32:
                let value = registers.read32(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                let result = (value &<< count) & 0xFFFF_FFFF
                let carry = (value &>> (32 &- count)) & 1
                registers.write64(operation.pointee.a, result)
                setShiftFlags(result, carry: carry, overflow: count == 1 ? (result &>> 31 ^ carry) & 1 : 0, sizeLog2: 2)
                operation += 1
                continue execution
              case .shiftLeft32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &<< operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .shiftRight64:
                let value = registers.read64(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                let result = (value &>> count)
                let carry = (value &>> (count &- 1)) & 1
                registers.write64(operation.pointee.a, result)
                setShiftFlags(result, carry: carry, overflow: count == 1 ? value &>> 63 : 0, sizeLog2: 3)
                operation += 1
                continue execution
              case .shiftRight64Quiet:
                operation = shiftRight(operation)
                continue execution
              case .shiftRight32:
                let value = registers.read32(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                let result = (value &>> count) & 0xFFFF_FFFF
                let carry = (value &>> (count &- 1)) & 1
                registers.write64(operation.pointee.a, result)
                setShiftFlags(result, carry: carry, overflow: count == 1 ? value &>> 31 : 0, sizeLog2: 2)
                operation += 1
                continue execution
              case .shiftRight32Quiet:
                registers.write32(
                  operation.pointee.a, registers.read32(operation.pointee.base) &>> operation.pointee.signedImmediate)
                operation += 1
                continue execution
              case .shiftArithmetic64:
                let value = registers.read64(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                let result = (UInt64(bitPattern: Int64(bitPattern: value) &>> Int64(bitPattern: count)))
                let carry = (UInt64(bitPattern: Int64(bitPattern: value) &>> Int64(bitPattern: count &- 1))) & 1
                registers.write64(operation.pointee.a, result)
                setShiftFlags(result, carry: carry, overflow: count == 1 ? 0 : 0, sizeLog2: 3)
                operation += 1
                continue execution
              case .shiftArithmetic64Quiet:
                operation = shiftArithmetic(operation)
                continue execution
              case .shiftArithmetic32:
                let value = registers.read32(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                let result =
                  (UInt64(bitPattern: Int64(bitPattern: signExtend32(value)) &>> Int64(bitPattern: count)))
                  & 0xFFFF_FFFF
                let carry =
                  (UInt64(bitPattern: Int64(bitPattern: signExtend32(value)) &>> Int64(bitPattern: count &- 1))) & 1
                registers.write64(operation.pointee.a, result)
                setShiftFlags(result, carry: carry, overflow: count == 1 ? 0 : 0, sizeLog2: 2)
                operation += 1
                continue execution
              case .shiftArithmetic32Quiet:
                registers.write32(
                  operation.pointee.a,
                  UInt64(
                    bitPattern: Int64(bitPattern: signExtend32(registers.read32(operation.pointee.base)))
                      &>> Int64(operation.pointee.immediate)))
                operation += 1
                continue execution
              case .rotateLeft64Quiet:
                let value = registers.read64(operation.pointee.base)
                let count = operation.pointee.signedImmediate
                registers.write64(operation.pointee.a, value &<< count | value &>> (0 &- count))
                operation += 1
                continue execution
              case .rotateLeft32Quiet:
                let value = registers.read32(operation.pointee.base)
                let count = operation.pointee.signedImmediate & 31
                registers.write32(operation.pointee.a, value &<< count | value &>> (32 &- count))
                operation += 1
                continue execution
              case .shiftLeftCount64Quiet:
                registers.write64(
                  operation.pointee.a,
                  registers.read64(operation.pointee.a) &<< (registers.read8(Register.rcx) & 63))
                operation += 1
                continue execution
              case .shiftRightCount64Quiet:
                registers.write64(
                  operation.pointee.a,
                  registers.read64(operation.pointee.a) &>> (registers.read8(Register.rcx) & 63))
                operation += 1
                continue execution
              case .shiftArithmeticCount64Quiet:
                let value = Int64(bitPattern: registers.read64(operation.pointee.a))
                let count = Int64(bitPattern: registers.read8(Register.rcx) & 63)
                registers.write64(operation.pointee.a, UInt64(bitPattern: value &>> count))
                operation += 1
                continue execution
              case .shiftLeftCount32Quiet:
                registers.write32(
                  operation.pointee.a,
                  registers.read32(operation.pointee.a) &<< (registers.read8(Register.rcx) & 31))
                operation += 1
                continue execution
              case .shiftRightCount32Quiet:
                registers.write32(
                  operation.pointee.a,
                  registers.read32(operation.pointee.a) &>> (registers.read8(Register.rcx) & 31))
                operation += 1
                continue execution
              case .shiftArithmeticCount32Quiet:
                let value = Int64(bitPattern: signExtend32(registers.read32(operation.pointee.a)))
                let count = Int64(bitPattern: registers.read8(Register.rcx) & 31)
                registers.write32(operation.pointee.a, UInt64(bitPattern: value &>> count))
                operation += 1
                continue execution
              case .setCondition:
                registers.write8(operation.pointee.a, conditionHolds(operation) ? 1 : 0)
                operation += 1
                continue execution
              case .conditionalMove64:
                operation = select(operation)
                continue execution
              case .conditionalMove32:
                let source = conditionHolds(operation) ? operation.pointee.b : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read32(source))
                operation += 1
                continue execution
              case .compareSelect64:
                operation = compareSelect(operation)
                continue execution
              case .compareSelect32:
                let holds = compareForCondition(
                  operation, readAny(operation.pointee.base), readAny(operation.pointee.b))
                let source = holds ? operation.pointee.index : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read32(source))
                operation += 1
                continue execution
              case .compareSet:
                let holds = compareForCondition(
                  operation, readAny(operation.pointee.base), readAny(operation.pointee.b))
                registers.write8(operation.pointee.a, holds ? 1 : 0)
                operation += 1
                continue execution
              case .compareImmediateSelect64:
                let holds = compareForCondition(
                  operation, readAny(operation.pointee.base), operation.pointee.signedImmediate)
                let source = holds ? operation.pointee.index : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read64(source))
                operation += 1
                continue execution
              case .compareImmediateSelect32:
                let holds = compareForCondition(
                  operation, readAny(operation.pointee.base), operation.pointee.signedImmediate)
                let source = holds ? operation.pointee.index : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read32(source))
                operation += 1
                continue execution
              case .compareImmediateSet:
                let holds = compareForCondition(
                  operation, readAny(operation.pointee.base), operation.pointee.signedImmediate)
                registers.write8(operation.pointee.a, holds ? 1 : 0)
                operation += 1
                continue execution
              case .testSelect64:
                let holds = testForCondition(operation, readAny(operation.pointee.base) & readAny(operation.pointee.b))
                let source = holds ? operation.pointee.index : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read64(source))
                operation += 1
                continue execution
              case .testSelect32:
                let holds = testForCondition(operation, readAny(operation.pointee.base) & readAny(operation.pointee.b))
                let source = holds ? operation.pointee.index : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read32(source))
                operation += 1
                continue execution
              case .testSet:
                let holds = testForCondition(operation, readAny(operation.pointee.base) & readAny(operation.pointee.b))
                registers.write8(operation.pointee.a, holds ? 1 : 0)
                operation += 1
                continue execution
              case .testImmediateSelect64:
                operation = testImmediateSelect(operation)
                continue execution
              case .testImmediateSelect32:
                let holds = testForCondition(
                  operation, readAny(operation.pointee.base) & operation.pointee.signedImmediate)
                let source = holds ? operation.pointee.index : operation.pointee.a
                registers.write64(operation.pointee.a, registers.read32(source))
                operation += 1
                continue execution
              case .testImmediateSet:
                let holds = testForCondition(
                  operation, readAny(operation.pointee.base) & operation.pointee.signedImmediate)
                registers.write8(operation.pointee.a, holds ? 1 : 0)
                operation += 1
                continue execution

              // Ends of a block: `break direct` follows the link for `taken`, `break leaving` looks `target` up.
              case .proceed:
                taken = false
                pendingKinds = 0
                break direct
              case .jump:
                taken = true
                pendingKinds = 0
                break direct
              case .jumpCondition:
                taken = conditionHolds(Int32(operation.pointee.a))
                pendingKinds = 0
                break direct
              case .jumpZero:
                taken = pointee.lazyFlags.result == 0
                pendingKinds = 0
                break direct
              case .jumpNotZero:
                taken = pointee.lazyFlags.result != 0
                pendingKinds = 0
                break direct
              case .jumpCarry:
                taken = (pointee.lazyFlags.result < pointee.lazyFlags.left) != (operation.pointee.a & 1 != 0)
                pendingKinds = 0
                break direct
              case .jumpBorrow:
                taken = (pointee.lazyFlags.left < pointee.lazyFlags.right) != (operation.pointee.a & 1 != 0)
                pendingKinds = 0
                break direct
              case .jumpAdditionOverflow64:
                taken = lazyFlags.additionOverflows &>> 63 != UInt64(operation.pointee.a & 1)
                pendingKinds = 0
                break direct
              case .jumpSubtractionOverflow64:
                taken = lazyFlags.subtractionOverflows &>> 63 != UInt64(operation.pointee.a & 1)
                pendingKinds = 0
                break direct
              case .jumpOverlayZero:
                taken = pointee.lazyFlags.overlay == 0
                pendingKinds = 0
                break direct
              case .jumpOverlayNotZero:
                taken = pointee.lazyFlags.overlay != 0
                pendingKinds = 0
                break direct
              case .jumpIndirect:
                target = registers.read64(operation.pointee.b)
                guard isCanonicalTarget(target) else {
                  exit = .badTarget
                  break execution
                }
                break leaving
              case .pairMoveCall:
                operation = move(operation)
                fallthrough
              case .call64:
                let stack = registers.read64(Register.rsp) &- 8
                switch store64(stack, block.pointee.nextRIP, tlb, operation, block, remaining) {
                case .done: registers.write64(Register.rsp, stack)
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  registers.write64(Register.rsp, stack)
                  pointee.rip = operation.pointee.displacement
                  exit = .leaveAt
                  break execution
                }
                taken = true
                pendingKinds = 0
                break direct
              case .callIndirect64:
                target = registers.read64(operation.pointee.b)
                guard isCanonicalTarget(target) else {
                  exit = .badTarget
                  break execution
                }
                let stack = registers.read64(Register.rsp) &- 8
                switch store64(stack, block.pointee.nextRIP, tlb, operation, block, remaining) {
                case .done: registers.write64(Register.rsp, stack)
                case .fault:
                  exit = .fault
                  break execution
                case .leave:
                  registers.write64(Register.rsp, stack)
                  pointee.rip = target
                  exit = .leaveAt
                  break execution
                }
                break leaving
              case .return64:
                break returning
              case .compare64JumpB:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = left < right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpAE:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = left >= right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpE:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = left == right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpNE:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = left != right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpBE:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = left <= right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpA:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = left > right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpS:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left &- right) < 0
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpNS:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left &- right) >= 0
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpL:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) < Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpGE:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) >= Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpLE:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) <= Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare64JumpG:
                left = registers.read64(operation.pointee.a)
                right = registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) > Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpB:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = left < right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpAE:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = left >= right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpE:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = left == right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpNE:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = left != right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpBE:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = left <= right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpA:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = left > right
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpS:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = Int64(bitPattern: left &- right) < 0
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpNS:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = Int64(bitPattern: left &- right) >= 0
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpL:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = Int64(bitPattern: left) < Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpGE:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = Int64(bitPattern: left) >= Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpLE:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = Int64(bitPattern: left) <= Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compareImmediate64JumpG:
                left = registers.read64(operation.pointee.a)
                right = operation.pointee.signedImmediate
                taken = Int64(bitPattern: left) > Int64(bitPattern: right)
                pendingKinds = LazyFlags.subtract | 3
                break direct
              case .compare32JumpB:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = left < right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpAE:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = left >= right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpE:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = left == right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpNE:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = left != right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpBE:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = left <= right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpA:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = left > right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpS:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left &- right) < 0
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpNS:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left &- right) >= 0
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpL:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) < Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpGE:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) >= Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpLE:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) <= Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compare32JumpG:
                left = registers.read32(operation.pointee.a)
                right = registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) > Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpB:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = left < right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpAE:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = left >= right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpE:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = left == right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpNE:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = left != right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpBE:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = left <= right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpA:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = left > right
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpS:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = Int32(truncatingIfNeeded: left &- right) < 0
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpNS:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = Int32(truncatingIfNeeded: left &- right) >= 0
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpL:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = Int32(truncatingIfNeeded: left) < Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpGE:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = Int32(truncatingIfNeeded: left) >= Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpLE:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = Int32(truncatingIfNeeded: left) <= Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .compareImmediate32JumpG:
                left = registers.read32(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFFFF_FFFF
                taken = Int32(truncatingIfNeeded: left) > Int32(truncatingIfNeeded: right)
                pendingKinds = LazyFlags.subtract | 2
                break direct
              case .test64JumpE:
                left = registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b)
                taken = left == 0
                pendingKinds = LazyFlags.logic | 3
                break direct
              case .test64JumpNE:
                left = registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b)
                taken = left != 0
                pendingKinds = LazyFlags.logic | 3
                break direct
              case .test64JumpS:
                left = registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) < 0
                pendingKinds = LazyFlags.logic | 3
                break direct
              case .test64JumpNS:
                left = registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) >= 0
                pendingKinds = LazyFlags.logic | 3
                break direct
              case .test64JumpLE:
                left = registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) <= 0
                pendingKinds = LazyFlags.logic | 3
                break direct
              case .test64JumpG:
                left = registers.read64(operation.pointee.a) & registers.read64(operation.pointee.b)
                taken = Int64(bitPattern: left) > 0
                pendingKinds = LazyFlags.logic | 3
                break direct
              case .test32JumpE:
                left = registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b)
                taken = left == 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .test32JumpNE:
                left = registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b)
                taken = left != 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .test32JumpS:
                left = registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) < 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .test32JumpNS:
                left = registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) >= 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .test32JumpLE:
                left = registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) <= 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .test32JumpG:
                left = registers.read32(operation.pointee.a) & registers.read32(operation.pointee.b)
                taken = Int32(truncatingIfNeeded: left) > 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .compareImmediate8JumpE:
                left = registers.read8(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFF
                taken = left == right
                pendingKinds = LazyFlags.subtract
                break direct
              case .compareImmediate8JumpNE:
                left = registers.read8(operation.pointee.a)
                right = operation.pointee.signedImmediate & 0xFF
                taken = left != right
                pendingKinds = LazyFlags.subtract
                break direct
              case .compareNarrowJump:
                let sizeLog2 = operation.pointee.sizeLog2
                let mask: UInt64 = sizeLog2 == 0 ? 0xFF : sizeLog2 == 1 ? 0xFFFF : sizeLog2 == 2 ? 0xFFFF_FFFF : .max
                left = registers.read(operation.pointee.a, sizeLog2: sizeLog2)
                right =
                  operation.pointee.b == Register.immediate
                  ? operation.pointee.signedImmediate & mask : registers.read(operation.pointee.b, sizeLog2: sizeLog2)
                setSubtractFlags(left, right, (left &- right) & mask, sizeLog2: UInt16(sizeLog2))
                taken = conditionHolds(Int32(operation.pointee.index))
                pendingKinds = 0
                break direct
              case .test8JumpE:
                left = registers.read8(operation.pointee.a) & registers.read8(operation.pointee.b)
                taken = left == 0
                pendingKinds = LazyFlags.logic | 0
                break direct
              case .test8JumpNE:
                left = registers.read8(operation.pointee.a) & registers.read8(operation.pointee.b)
                taken = left != 0
                pendingKinds = LazyFlags.logic | 0
                break direct
              case .test8JumpS:
                left = registers.read8(operation.pointee.a) & registers.read8(operation.pointee.b)
                taken = left & 0x80 != 0
                pendingKinds = LazyFlags.logic | 0
                break direct
              case .test8JumpNS:
                left = registers.read8(operation.pointee.a) & registers.read8(operation.pointee.b)
                taken = left & 0x80 == 0
                pendingKinds = LazyFlags.logic | 0
                break direct
              case .testImmediate32JumpE:
                left = registers.read32(operation.pointee.a) & operation.pointee.signedImmediate
                taken = left == 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .testImmediate32JumpNE:
                left = registers.read32(operation.pointee.a) & operation.pointee.signedImmediate
                taken = left != 0
                pendingKinds = LazyFlags.logic | 2
                break direct
              case .testImmediate8JumpE:
                left = registers.read8(operation.pointee.a) & operation.pointee.signedImmediate
                taken = left == 0
                pendingKinds = LazyFlags.logic | 0
                break direct
              case .testImmediate8JumpNE:
                left = registers.read8(operation.pointee.a) & operation.pointee.signedImmediate
                taken = left != 0
                pendingKinds = LazyFlags.logic | 0
                break direct
              case .decrement64JumpNE:
                left = registers.read64(operation.pointee.a) &- 1
                registers.write64(operation.pointee.a, left)
                taken = left != 0
                pendingKinds = LazyFlags.decrement | 3 << 8
                break direct
              case .decrement32JumpNE:
                left = (registers.read32(operation.pointee.a) &- 1) & 0xFFFF_FFFF
                registers.write64(operation.pointee.a, left)
                taken = left != 0
                pendingKinds = LazyFlags.decrement | 2 << 8
                break direct
              case .breakpoint:
                synchronize(operation, block, remaining)
                exit = .breakpoint
                break execution
              case .stale:
                target = block.pointee.rip
                break leaving

              // Two operations in one.
              case .pairMoveMove:
                operation = move(move(operation))
                continue execution
              case .pairMoveConstant:
                operation = loadConstant(move(operation))
                continue execution
              case .pairMoveAddress:
                operation = loadAddress(move(operation))
                continue execution
              case .pairMoveAdd:
                operation = add(move(operation))
                continue execution
              case .pairMoveXor:
                operation = xor(move(operation))
                continue execution
              case .pairMoveAnd:
                operation = and(move(operation))
                continue execution
              case .pairMoveOr:
                operation = or(move(operation))
                continue execution
              case .pairMoveMultiply:
                operation = multiply(move(operation))
                continue execution
              case .pairMoveShiftLeft:
                operation = shiftLeft(move(operation))
                continue execution
              case .pairMoveShiftRight:
                operation = shiftRight(move(operation))
                continue execution
              case .pairMoveShiftArithmetic:
                operation = shiftArithmetic(move(operation))
                continue execution
              case .pairMoveNot:
                operation = not(move(operation))
                continue execution
              case .pairMoveSelect:
                operation = select(move(operation))
                continue execution
              case .pairConstantMove:
                operation = move(loadConstant(operation))
                continue execution
              case .pairConstantConstant:
                operation = loadConstant(loadConstant(operation))
                continue execution
              case .pairConstantAddress:
                operation = loadAddress(loadConstant(operation))
                continue execution
              case .pairConstantAdd:
                operation = add(loadConstant(operation))
                continue execution
              case .pairConstantXor:
                operation = xor(loadConstant(operation))
                continue execution
              case .pairConstantAnd:
                operation = and(loadConstant(operation))
                continue execution
              case .pairConstantOr:
                operation = or(loadConstant(operation))
                continue execution
              case .pairConstantMultiply:
                operation = multiply(loadConstant(operation))
                continue execution
              case .pairConstantShiftLeft:
                operation = shiftLeft(loadConstant(operation))
                continue execution
              case .pairConstantShiftRight:
                operation = shiftRight(loadConstant(operation))
                continue execution
              case .pairConstantShiftArithmetic:
                operation = shiftArithmetic(loadConstant(operation))
                continue execution
              case .pairConstantNot:
                operation = not(loadConstant(operation))
                continue execution
              case .pairConstantSelect:
                operation = select(loadConstant(operation))
                continue execution
              case .pairAddressMove:
                operation = move(loadAddress(operation))
                continue execution
              case .pairAddressConstant:
                operation = loadConstant(loadAddress(operation))
                continue execution
              case .pairAddressAddress:
                operation = loadAddress(loadAddress(operation))
                continue execution
              case .pairAddressAdd:
                operation = add(loadAddress(operation))
                continue execution
              case .pairAddressXor:
                operation = xor(loadAddress(operation))
                continue execution
              case .pairAddressAnd:
                operation = and(loadAddress(operation))
                continue execution
              case .pairAddressOr:
                operation = or(loadAddress(operation))
                continue execution
              case .pairAddressMultiply:
                operation = multiply(loadAddress(operation))
                continue execution
              case .pairAddressShiftLeft:
                operation = shiftLeft(loadAddress(operation))
                continue execution
              case .pairAddressShiftRight:
                operation = shiftRight(loadAddress(operation))
                continue execution
              case .pairAddressShiftArithmetic:
                operation = shiftArithmetic(loadAddress(operation))
                continue execution
              case .pairAddressNot:
                operation = not(loadAddress(operation))
                continue execution
              case .pairAddressSelect:
                operation = select(loadAddress(operation))
                continue execution
              case .pairAddMove:
                operation = move(add(operation))
                continue execution
              case .pairAddConstant:
                operation = loadConstant(add(operation))
                continue execution
              case .pairAddAddress:
                operation = loadAddress(add(operation))
                continue execution
              case .pairAddAdd:
                operation = add(add(operation))
                continue execution
              case .pairAddXor:
                operation = xor(add(operation))
                continue execution
              case .pairAddAnd:
                operation = and(add(operation))
                continue execution
              case .pairAddOr:
                operation = or(add(operation))
                continue execution
              case .pairAddMultiply:
                operation = multiply(add(operation))
                continue execution
              case .pairAddShiftLeft:
                operation = shiftLeft(add(operation))
                continue execution
              case .pairAddShiftRight:
                operation = shiftRight(add(operation))
                continue execution
              case .pairAddShiftArithmetic:
                operation = shiftArithmetic(add(operation))
                continue execution
              case .pairAddNot:
                operation = not(add(operation))
                continue execution
              case .pairAddSelect:
                operation = select(add(operation))
                continue execution
              case .pairXorMove:
                operation = move(xor(operation))
                continue execution
              case .pairXorConstant:
                operation = loadConstant(xor(operation))
                continue execution
              case .pairXorAddress:
                operation = loadAddress(xor(operation))
                continue execution
              case .pairXorAdd:
                operation = add(xor(operation))
                continue execution
              case .pairXorXor:
                operation = xor(xor(operation))
                continue execution
              case .pairXorAnd:
                operation = and(xor(operation))
                continue execution
              case .pairXorOr:
                operation = or(xor(operation))
                continue execution
              case .pairXorMultiply:
                operation = multiply(xor(operation))
                continue execution
              case .pairXorShiftLeft:
                operation = shiftLeft(xor(operation))
                continue execution
              case .pairXorShiftRight:
                operation = shiftRight(xor(operation))
                continue execution
              case .pairXorShiftArithmetic:
                operation = shiftArithmetic(xor(operation))
                continue execution
              case .pairXorNot:
                operation = not(xor(operation))
                continue execution
              case .pairXorSelect:
                operation = select(xor(operation))
                continue execution
              case .pairAndMove:
                operation = move(and(operation))
                continue execution
              case .pairAndConstant:
                operation = loadConstant(and(operation))
                continue execution
              case .pairAndAddress:
                operation = loadAddress(and(operation))
                continue execution
              case .pairAndAdd:
                operation = add(and(operation))
                continue execution
              case .pairAndXor:
                operation = xor(and(operation))
                continue execution
              case .pairAndAnd:
                operation = and(and(operation))
                continue execution
              case .pairAndOr:
                operation = or(and(operation))
                continue execution
              case .pairAndMultiply:
                operation = multiply(and(operation))
                continue execution
              case .pairAndShiftLeft:
                operation = shiftLeft(and(operation))
                continue execution
              case .pairAndShiftRight:
                operation = shiftRight(and(operation))
                continue execution
              case .pairAndShiftArithmetic:
                operation = shiftArithmetic(and(operation))
                continue execution
              case .pairAndNot:
                operation = not(and(operation))
                continue execution
              case .pairAndSelect:
                operation = select(and(operation))
                continue execution
              case .pairOrMove:
                operation = move(or(operation))
                continue execution
              case .pairOrConstant:
                operation = loadConstant(or(operation))
                continue execution
              case .pairOrAddress:
                operation = loadAddress(or(operation))
                continue execution
              case .pairOrAdd:
                operation = add(or(operation))
                continue execution
              case .pairOrXor:
                operation = xor(or(operation))
                continue execution
              case .pairOrAnd:
                operation = and(or(operation))
                continue execution
              case .pairOrOr:
                operation = or(or(operation))
                continue execution
              case .pairOrMultiply:
                operation = multiply(or(operation))
                continue execution
              case .pairOrShiftLeft:
                operation = shiftLeft(or(operation))
                continue execution
              case .pairOrShiftRight:
                operation = shiftRight(or(operation))
                continue execution
              case .pairOrShiftArithmetic:
                operation = shiftArithmetic(or(operation))
                continue execution
              case .pairOrNot:
                operation = not(or(operation))
                continue execution
              case .pairOrSelect:
                operation = select(or(operation))
                continue execution
              case .pairMultiplyMove:
                operation = move(multiply(operation))
                continue execution
              case .pairMultiplyConstant:
                operation = loadConstant(multiply(operation))
                continue execution
              case .pairMultiplyAddress:
                operation = loadAddress(multiply(operation))
                continue execution
              case .pairMultiplyAdd:
                operation = add(multiply(operation))
                continue execution
              case .pairMultiplyXor:
                operation = xor(multiply(operation))
                continue execution
              case .pairMultiplyAnd:
                operation = and(multiply(operation))
                continue execution
              case .pairMultiplyOr:
                operation = or(multiply(operation))
                continue execution
              case .pairMultiplyMultiply:
                operation = multiply(multiply(operation))
                continue execution
              case .pairMultiplyShiftLeft:
                operation = shiftLeft(multiply(operation))
                continue execution
              case .pairMultiplyShiftRight:
                operation = shiftRight(multiply(operation))
                continue execution
              case .pairMultiplyShiftArithmetic:
                operation = shiftArithmetic(multiply(operation))
                continue execution
              case .pairMultiplyNot:
                operation = not(multiply(operation))
                continue execution
              case .pairMultiplySelect:
                operation = select(multiply(operation))
                continue execution
              case .pairShiftLeftMove:
                operation = move(shiftLeft(operation))
                continue execution
              case .pairShiftLeftConstant:
                operation = loadConstant(shiftLeft(operation))
                continue execution
              case .pairShiftLeftAddress:
                operation = loadAddress(shiftLeft(operation))
                continue execution
              case .pairShiftLeftAdd:
                operation = add(shiftLeft(operation))
                continue execution
              case .pairShiftLeftXor:
                operation = xor(shiftLeft(operation))
                continue execution
              case .pairShiftLeftAnd:
                operation = and(shiftLeft(operation))
                continue execution
              case .pairShiftLeftOr:
                operation = or(shiftLeft(operation))
                continue execution
              case .pairShiftLeftMultiply:
                operation = multiply(shiftLeft(operation))
                continue execution
              case .pairShiftLeftShiftLeft:
                operation = shiftLeft(shiftLeft(operation))
                continue execution
              case .pairShiftLeftShiftRight:
                operation = shiftRight(shiftLeft(operation))
                continue execution
              case .pairShiftLeftShiftArithmetic:
                operation = shiftArithmetic(shiftLeft(operation))
                continue execution
              case .pairShiftLeftNot:
                operation = not(shiftLeft(operation))
                continue execution
              case .pairShiftLeftSelect:
                operation = select(shiftLeft(operation))
                continue execution
              case .pairShiftRightMove:
                operation = move(shiftRight(operation))
                continue execution
              case .pairShiftRightConstant:
                operation = loadConstant(shiftRight(operation))
                continue execution
              case .pairShiftRightAddress:
                operation = loadAddress(shiftRight(operation))
                continue execution
              case .pairShiftRightAdd:
                operation = add(shiftRight(operation))
                continue execution
              case .pairShiftRightXor:
                operation = xor(shiftRight(operation))
                continue execution
              case .pairShiftRightAnd:
                operation = and(shiftRight(operation))
                continue execution
              case .pairShiftRightOr:
                operation = or(shiftRight(operation))
                continue execution
              case .pairShiftRightMultiply:
                operation = multiply(shiftRight(operation))
                continue execution
              case .pairShiftRightShiftLeft:
                operation = shiftLeft(shiftRight(operation))
                continue execution
              case .pairShiftRightShiftRight:
                operation = shiftRight(shiftRight(operation))
                continue execution
              case .pairShiftRightShiftArithmetic:
                operation = shiftArithmetic(shiftRight(operation))
                continue execution
              case .pairShiftRightNot:
                operation = not(shiftRight(operation))
                continue execution
              case .pairShiftRightSelect:
                operation = select(shiftRight(operation))
                continue execution
              case .pairShiftArithmeticMove:
                operation = move(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticConstant:
                operation = loadConstant(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticAddress:
                operation = loadAddress(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticAdd:
                operation = add(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticXor:
                operation = xor(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticAnd:
                operation = and(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticOr:
                operation = or(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticMultiply:
                operation = multiply(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticShiftLeft:
                operation = shiftLeft(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticShiftRight:
                operation = shiftRight(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticShiftArithmetic:
                operation = shiftArithmetic(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticNot:
                operation = not(shiftArithmetic(operation))
                continue execution
              case .pairShiftArithmeticSelect:
                operation = select(shiftArithmetic(operation))
                continue execution
              case .pairNotMove:
                operation = move(not(operation))
                continue execution
              case .pairNotConstant:
                operation = loadConstant(not(operation))
                continue execution
              case .pairNotAddress:
                operation = loadAddress(not(operation))
                continue execution
              case .pairNotAdd:
                operation = add(not(operation))
                continue execution
              case .pairNotXor:
                operation = xor(not(operation))
                continue execution
              case .pairNotAnd:
                operation = and(not(operation))
                continue execution
              case .pairNotOr:
                operation = or(not(operation))
                continue execution
              case .pairNotMultiply:
                operation = multiply(not(operation))
                continue execution
              case .pairNotShiftLeft:
                operation = shiftLeft(not(operation))
                continue execution
              case .pairNotShiftRight:
                operation = shiftRight(not(operation))
                continue execution
              case .pairNotShiftArithmetic:
                operation = shiftArithmetic(not(operation))
                continue execution
              case .pairNotNot:
                operation = not(not(operation))
                continue execution
              case .pairNotSelect:
                operation = select(not(operation))
                continue execution
              case .pairSelectMove:
                operation = move(select(operation))
                continue execution
              case .pairSelectConstant:
                operation = loadConstant(select(operation))
                continue execution
              case .pairSelectAddress:
                operation = loadAddress(select(operation))
                continue execution
              case .pairSelectAdd:
                operation = add(select(operation))
                continue execution
              case .pairSelectXor:
                operation = xor(select(operation))
                continue execution
              case .pairSelectAnd:
                operation = and(select(operation))
                continue execution
              case .pairSelectOr:
                operation = or(select(operation))
                continue execution
              case .pairSelectMultiply:
                operation = multiply(select(operation))
                continue execution
              case .pairSelectShiftLeft:
                operation = shiftLeft(select(operation))
                continue execution
              case .pairSelectShiftRight:
                operation = shiftRight(select(operation))
                continue execution
              case .pairSelectShiftArithmetic:
                operation = shiftArithmetic(select(operation))
                continue execution
              case .pairSelectNot:
                operation = not(select(operation))
                continue execution
              case .pairSelectSelect:
                operation = select(select(operation))
                continue execution
              case .pairAddressTestSelect:
                operation = testImmediateSelect(loadAddress(operation))
                continue execution
              case .pairXorCompareSelect:
                operation = compareSelect(xorImmediate(operation))
                continue execution
              case .pairMoveJump:
                operation = move(operation)
                taken = true
                pendingKinds = 0
                break direct
              case .pairMoveReturn:
                operation = move(operation)
                break returning
              case .pairAddReturn:
                operation = addWithFlags(operation)
                break returning
              case .pairXorReturn:
                operation = xorWithFlags(operation)
                break returning
              case .pairPopReturn:
                let stack = registers.read64(Register.rsp)
                guard let value = load64(stack, tlb, operation, block, remaining) else {
                  exit = .fault
                  break execution
                }
                registers.write64(Register.rsp, stack &+ 8)
                registers.write64(operation.pointee.a, value)
                operation += 1
                break returning

              // Cold groups: each has its own switch.
              case .arithmetic:
                synchronize(operation, block, remaining)
                outcome = executeArithmetic(operation, block)
                break cold
              case .memory:
                synchronize(operation, block, remaining)
                outcome = executeMemory(operation, block)
                break cold
              case .branch:
                synchronize(operation, block, remaining)
                outcome = executeBranch(operation, block)
                break cold
              case .string:
                synchronize(operation, block, remaining)
                outcome = executeString(operation, block, &remaining)
                break cold
              case .vector:
                synchronize(operation, block, remaining)
                outcome = executeVector(operation, block)
                break cold
              case .vectorArithmetic:
                synchronize(operation, block, remaining)
                outcome = executeVectorArithmetic(operation)
                break cold
              case .floatingPoint:
                synchronize(operation, block, remaining)
                outcome = executeX87(operation)
                break cold
              case .system:
                synchronize(operation, block, remaining)
                outcome = executeSystem(operation, block)
                break cold
              }
            }
            // A near return in 64-bit mode.
            let stack = registers.read64(Register.rsp)
            guard let value = load64(stack, tlb, operation, block, remaining) else {
              exit = .fault
              break execution
            }
            guard isCanonicalTarget(value) else {
              exit = .badTarget
              break execution
            }
            registers.write64(Register.rsp, stack &+ 8 &+ operation.pointee.signedImmediate)
            target = value
            break leaving
          }
          // A cold operation ended.
          switch outcome {
          case .next:
            operation += 1
            continue execution
          case .taken:
            taken = true
            pendingKinds = 0
            break direct
          case .notTaken:
            taken = false
            pendingKinds = 0
            break direct
          case .target:
            target = pointee.rip
            break leaving
          case .fault:
            exit = .fault
            break execution
          case .leave:
            exit = .leave
            break execution
          case .leaveAt:
            exit = .leaveAt
            break execution
          }
        }
        // A direct branch: the link, and the flags of a fused comparison unless nobody will see them.
        let link = block.link(taken: taken)
        if let next = link {
          remaining &-= Int64(next.pointee.count)
          if _fastPath(remaining >= 0) {
            if !next.pointee.killsFlags && pendingKinds != 0 { writePendingFlags(left, right, pendingKinds) }
            block = next
            operation = next.operations
            continue execution
          }
          remaining &+= Int64(next.pointee.count)
        }
        if pendingKinds != 0 { writePendingFlags(left, right, pendingKinds) }
        target = taken ? operation.pointee.displacement : nextRIP(block)
        if taken && !isTargetInBounds(target) {
          exit = .badTarget
          break execution
        }
        if link == nil && remaining > 0 {
          pointee.clock = pointee.endClock &- UInt64(remaining)
          pointee.steps = pointee.endSteps &- UInt64(remaining)
          pointee.rip = target
          guard let next = followLink(block, taken: taken) else { return pointee.stop == nil ? .fault : .stopped }
          if Int64(next.pointee.count) <= remaining {
            remaining &-= Int64(next.pointee.count)
            block = next
            operation = next.operations
            continue execution
          }
        }
      }
      // An indirect branch, or a direct one to a block that is longer than the budget.
      let linear = target &+ segmentBase
      let cached = jumpCache[BlockCache.jumpCacheIndex(linear)]
      if _fastPath(cached.pointee.tag == BlockMode.tag(linear: linear, mode: mode)) {
        remaining &-= Int64(cached.pointee.count)
        if _fastPath(remaining >= 0) {
          block = cached
          operation = cached.operations
          continue execution
        }
        remaining &+= Int64(cached.pointee.count)
      }
      pointee.clock = pointee.endClock &- UInt64(remaining)
      pointee.steps = pointee.endSteps &- UInt64(remaining)
      pointee.rip = target
      if remaining == 0 { return .budget }
      guard var next = findBlock(mode: mode) else { return pointee.stop == nil ? .fault : .stopped }
      if Int64(next.pointee.count) > remaining {
        guard let single = findBlock(mode: mode | BlockMode.single) else {
          return pointee.stop == nil ? .fault : .stopped
        }
        next = single
      }
      remaining &-= Int64(next.pointee.count)
      block = next
      operation = next.operations
    }

    switch exit {
    case .fault:
      if pointee.system.pointee.metNonCanonicalAddress { becomeStackFault(operation, block) }
      return pointee.stop == nil ? .fault : .stopped
    case .badTarget:
      synchronize(operation, block, remaining)
      raise(.generalProtection(0))
      return .fault
    case .breakpoint:
      return .breakpoint
    case .leave:
      retire(operation, remaining)
      pointee.rip = nextRIP(operation, block)
      return pointee.stop == nil ? .boundary : .stopped
    case .leaveAt:
      retire(operation, remaining)
      return pointee.stop == nil ? .boundary : .stopped
    }
  }

  /// The offset in CS of the instruction after the last of `block`.
  private func nextRIP(_ block: UnsafeMutablePointer<Block>) -> UInt64 {
    pointee.codeMode == .bits64 ? block.pointee.nextRIP : block.pointee.nextRIP & 0xFFFF_FFFF
  }

  /// The address of the instruction after that of `operation`.
  @inline(__always)
  func nextRIP(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) -> UInt64 {
    let next = block.rip(of: operation) &+ UInt64(operation.pointee.length)
    return pointee.codeMode == .bits64 ? next : next & 0xFFFF_FFFF
  }

  /// Whether a near branch may go to `target`.
  func isTargetInBounds(_ target: UInt64) -> Bool {
    pointee.codeMode == .bits64 ? isCanonicalTarget(target) : target <= UInt64(pointee.segments[1].limit)
  }

  /// Sets the fault of the instruction in progress.
  func raise(_ fault: Fault) {
    pointee.fault = fault
    pointee.hasFault = true
  }

  @inline(__always)
  private func store128Synchronized(
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> StoreOutcome {
    synchronize(operation, block, remaining)
    return store128(address(operation), vectors[Int(operation.pointee.a)])
  }

  // MARK: Fused conditions

  /// 64 bits from any place, the parts above the operand size to be shifted out.
  @inline(__always)
  func readAny(_ place: UInt8) -> UInt64 { raw.loadUnaligned(fromByteOffset: Int(place), as: UInt64.self) }

  /// Compares as the CMP of `operation` does, writes the flags, and says whether the condition in `detail` holds.
  @inline(__always)
  func compareForCondition(
    _ operation: UnsafeMutablePointer<Operation>, _ left: UInt64, _ right: UInt64
  ) -> Bool {
    let up = 64 &- UInt64(8 &<< operation.pointee.sizeLog2)
    let (a, b) = (left &<< up, right &<< up)
    setSubtractFlags(a &>> up, b &>> up, (a &- b) &>> up, sizeLog2: UInt16(operation.pointee.sizeLog2))
    if operation.pointee.condition.isOrder { return operation.pointee.conditionHolds(comparing: a, with: b) }
    return conditionHolds(Int32(operation.pointee.condition.code))
  }

  @inline(__always)
  func testForCondition(_ operation: UnsafeMutablePointer<Operation>, _ value: UInt64) -> Bool {
    let up = 64 &- UInt64(8 &<< operation.pointee.sizeLog2)
    let a = value &<< up
    setLogicFlags(a &>> up, sizeLog2: UInt16(operation.pointee.sizeLog2))
    return operation.pointee.conditionHolds(comparing: a, with: 0)
  }

  // MARK: Flags

  /// The flags of a fused comparison.
  @inline(__always)
  private func writePendingFlags(_ left: UInt64, _ right: UInt64, _ kinds: UInt16) {
    if kinds >= LazyFlags.increment {
      pointee.lazyFlags.overlay = left
      pointee.lazyFlags.kinds = pointee.lazyFlags.kinds & 0xFF | kinds
    } else if kinds & 0xFC == LazyFlags.logic {
      pointee.lazyFlags.result = left
      pointee.lazyFlags.kinds = kinds
    } else {
      let up = 64 &- UInt64(8 &<< (kinds & 3))
      setSubtractFlags(left, right, ((left &- right) &<< up) &>> up, sizeLog2: kinds & 3)
    }
  }

  @inline(__always)
  private func setIncrementFlags(_ result: UInt64, sizeLog2: UInt16) {
    pointee.lazyFlags.overlay = result
    pointee.lazyFlags.kinds = pointee.lazyFlags.kinds & 0xFF | LazyFlags.increment | sizeLog2 << 8
  }

  @inline(__always)
  private func setDecrementFlags(_ result: UInt64, sizeLog2: UInt16) {
    pointee.lazyFlags.overlay = result
    pointee.lazyFlags.kinds = pointee.lazyFlags.kinds & 0xFF | LazyFlags.decrement | sizeLog2 << 8
  }

  /// A shift by at least 1: AF and, for a count above 1, OF are undefined and cleared (docs/UNDEFINED_FLAGS.md).
  @inline(__always)
  private func setShiftFlags(_ result: UInt64, carry: UInt64, overflow: UInt64, sizeLog2: UInt64) {
    setArithmeticFlags(LazyFlags.resultBits(result, sizeLog2: sizeLog2) | carry | overflow << 11)
  }

  /// IMUL of two operands: CF and OF say that the product does not fit; the others are undefined and cleared.
  @inline(__always)
  private func multiply64(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = Int64(bitPattern: left).multipliedFullWidth(by: Int64(bitPattern: right))
    let fits = product.high == Int64(bitPattern: product.low) >> 63
    setArithmeticFlags(fits ? 0 : Flag.carry | Flag.overflow)
    return product.low
  }

  @inline(__always)
  private func multiply32(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = Int64(Int32(truncatingIfNeeded: left)) &* Int64(Int32(truncatingIfNeeded: right))
    setArithmeticFlags(Int64(Int32(truncatingIfNeeded: product)) == product ? 0 : Flag.carry | Flag.overflow)
    return UInt64(bitPattern: product) & 0xFFFF_FFFF
  }
}
