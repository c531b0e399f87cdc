/// Instructions that use memory in more than one place: the stack in every mode, bit strings, pairs.
extension CPU {
  @inline(never)
  func executeMemory(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) -> Outcome {
    guard let kind = MemoryOperation(rawValue: operation.pointee.detail) else {
      preconditionFailure("the decoder made a memory operation that does not exist")
    }
    let sizeLog2 = operation.pointee.sizeLog2
    let a = operation.pointee.a
    let b = operation.pointee.b
    let pointer = raw.read64(Register.pointer)
    switch kind {
    case .push:
      let value = b == Register.immediate ? operation.pointee.signedImmediate : raw.read(a, sizeLog2: sizeLog2)
      return outcome(push(value, sizeLog2: sizeLog2))
    case .pop:
      guard let value = loadStack(sizeLog2: sizeLog2) else { return .fault }
      moveStackPointer(by: 1 &<< UInt64(sizeLog2))
      raw.write(a, value, sizeLog2: sizeLog2)
      return .next
    case .popMemory:
      guard let value = loadStack(sizeLog2: sizeLog2) else { return .fault }
      let result = store(pointer, value, sizeLog2: sizeLog2)
      if result != .fault { moveStackPointer(by: 1 &<< UInt64(sizeLog2)) }
      return outcome(result)
    case .pushFlags:
      guard allowsFlagsAccess() else { return .fault }
      return outcome(push(flags & ~(Flag.resume | Flag.virtual8086), sizeLog2: sizeLog2))
    case .popFlags: return popFlags(sizeLog2: sizeLog2)
    case .pushAll: return pushAll(sizeLog2: sizeLog2)
    case .popAll: return popAll(sizeLog2: sizeLog2)
    case .enter: return enter(size: operation.pointee.signedImmediate & 0xFFFF, level: a & 31, sizeLog2: sizeLog2)
    case .leave:
      let frame = stackOffset(raw.read64(Register.rbp))
      let old = raw.read64(Register.rsp)
      setStackPointer(frame)
      guard let value = loadStack(sizeLog2: sizeLog2) else {
        raw.write64(Register.rsp, old)
        return .fault
      }
      moveStackPointer(by: 1 &<< UInt64(sizeLog2))
      raw.write(Register.rbp, value, sizeLog2: sizeLog2)
      return .next
    case .bitAddress:
      let up = 64 &- 8 &<< UInt64(sizeLog2)
      let bit = Int64(bitPattern: raw.read(a, sizeLog2: sizeLog2) &<< up) >> Int64(up)
      // The distance is in whole operands, rounded down.
      let distance = (bit >> Int64(sizeLog2 &+ 3)) << Int64(sizeLog2)
      raw.write64(Register.pointer, (pointer &+ UInt64(bitPattern: distance)) & (.max &>> (64 &- 8 &<< UInt64(b))))
      return .next
    case .compareExchangePair: return compareExchangePair(pointer, sizeLog2: sizeLog2)
    case .bound:
      let size: UInt64 = 1 &<< UInt64(sizeLog2)
      let up = 64 &- 8 &* size
      guard let low = load(pointer, sizeLog2: sizeLog2), let high = load(pointer &+ size, sizeLog2: sizeLog2) else {
        return .fault
      }
      let index = Int64(bitPattern: raw.read(a, sizeLog2: sizeLog2) &<< up)
      guard index >= Int64(bitPattern: low &<< up) && index <= Int64(bitPattern: high &<< up) else {
        raise(.boundRange)
        return .fault
      }
      return .next
    case .saveVectorState: return saveVectorState(pointer, sizeLog2: sizeLog2)
    case .restoreVectorState: return restoreVectorState(pointer, sizeLog2: sizeLog2)
    }
  }

  func outcome(_ store: StoreOutcome) -> Outcome {
    switch store {
    case .done: .next
    case .fault: .fault
    case .leave: .leave
    }
  }

  // MARK: Flags

  /// PUSHF and POPF in virtual-8086 mode want IOPL 3.
  private func allowsFlagsAccess() -> Bool {
    guard pointee.systemFlags & Flag.virtual8086 != 0 && pointee.systemFlags >> 12 & 3 != 3 else { return true }
    raise(.generalProtection(0))
    return false
  }

  private func popFlags(sizeLog2: UInt8) -> Outcome {
    guard allowsFlagsAccess(), let value = loadStack(sizeLog2: sizeLog2) else { return .fault }
    moveStackPointer(by: 1 &<< UInt64(sizeLog2))
    var changeable =
      Flag.arithmetic | Flag.trap | Flag.direction | Flag.nestedTask | Flag.alignmentCheck | Flag.identification
    let privilegeLevel = pointee.systemFlags >> 12 & 3
    let isReal = pointee.cr0 & 1 == 0
    if isReal || pointee.cpl == 0 { changeable |= 3 << 12 }
    if isReal || UInt64(pointee.cpl) <= privilegeLevel { changeable |= Flag.interrupt }
    if sizeLog2 == 1 { changeable &= 0xFFFF }
    // RF is cleared, VM, VIP and VIF stay.
    setFlags((flags & ~changeable | value & changeable) & ~Flag.resume)
    return .leave
  }

  // MARK: Frames

  private func pushAll(sizeLog2: UInt8) -> Outcome {
    let size: UInt64 = 1 &<< UInt64(sizeLog2)
    let top = raw.read64(Register.rsp)
    guard checkStackWrite(top &- 8 &* size, size: Int(size)), checkStackWrite(top &- size, size: Int(size)) else {
      return .fault
    }
    var result = StoreOutcome.done
    for number in 0..<8 as Range<UInt8> {
      let value = number == 4 ? top : raw.read(Register.general(number), sizeLog2: sizeLog2)
      switch push(value, sizeLog2: sizeLog2) {
      case .done: break
      case .leave: result = .leave
      case .fault:
        raw.write64(Register.rsp, top)
        return .fault
      }
    }
    return outcome(result)
  }

  private func popAll(sizeLog2: UInt8) -> Outcome {
    let size: UInt64 = 1 &<< UInt64(sizeLog2)
    var values: InlineArray<8, UInt64> = .init(repeating: 0)
    for number in 0..<8 {
      guard let value = loadStack(distance: UInt64(7 - number) &* size, sizeLog2: sizeLog2) else { return .fault }
      values[number] = value
    }
    for number in 0..<8 where number != 4 {
      raw.write(Register.general(UInt8(truncatingIfNeeded: number)), values[number], sizeLog2: sizeLog2)
    }
    moveStackPointer(by: 8 &* size)
    return .next
  }

  private func enter(size: UInt64, level: UInt8, sizeLog2: UInt8) -> Outcome {
    let unit: UInt64 = 1 &<< UInt64(sizeLog2)
    let oldStack = raw.read64(Register.rsp)
    let oldBase = raw.read64(Register.rbp)
    func undo() -> Outcome {
      raw.write64(Register.rsp, oldStack)
      raw.write64(Register.rbp, oldBase)
      return .fault
    }
    var leaves = false
    func pushed(_ value: UInt64) -> Bool {
      switch push(value, sizeLog2: sizeLog2) {
      case .done: return true
      case .leave:
        leaves = true
        return true
      case .fault: return false
      }
    }
    guard pushed(oldBase) else { return undo() }
    let frame = raw.read64(Register.rsp)
    if level > 0 {
      var base = oldBase
      for _ in 1..<max(level, 1) {
        base = base &- unit
        let distance = stackOffset(base) &- stackOffset(raw.read64(Register.rsp))
        guard let value = loadStack(distance: distance, sizeLog2: sizeLog2), pushed(value) else { return undo() }
      }
      guard pushed(frame) else { return undo() }
    }
    // The manual's last check: the new top of the stack must be writable.
    guard checkStackWrite(raw.read64(Register.rsp) &- size, size: Int(unit)) else { return undo() }
    moveStackPointer(by: 0 &- size)
    raw.write(Register.rbp, frame, sizeLog2: sizeLog2)
    return leaves ? .leave : .next
  }

  // MARK: Pairs

  /// CMPXCHG8B and CMPXCHG16B: `sizeLog2` is that of each half.
  private func compareExchangePair(_ linear: UInt64, sizeLog2: UInt8) -> Outcome {
    let size: UInt64 = 1 &<< UInt64(sizeLog2)
    if sizeLog2 == 3 && linear & 15 != 0 {
      raise(.generalProtection(0))
      return .fault
    }
    guard checkWrite(linear, size: Int(size &* 2)), let low = load(linear, sizeLog2: sizeLog2),
      let high = load(linear &+ size, sizeLog2: sizeLog2)
    else { return .fault }
    let isEqual =
      low == raw.read(Register.rax, sizeLog2: sizeLog2) && high == raw.read(Register.rdx, sizeLog2: sizeLog2)
    let newLow = isEqual ? raw.read(Register.rbx, sizeLog2: sizeLog2) : low
    let newHigh = isEqual ? raw.read(Register.rcx, sizeLog2: sizeLog2) : high
    let first = store(linear, newLow, sizeLog2: sizeLog2)
    let second = store(linear &+ size, newHigh, sizeLog2: sizeLog2)
    guard first != .fault && second != .fault else { return .fault }
    let kept = lazyFlags.bits & ~Flag.zero
    setArithmeticFlags(kept | (isEqual ? Flag.zero : 0))
    if !isEqual {
      raw.write(Register.rax, low, sizeLog2: sizeLog2)
      raw.write(Register.rdx, high, sizeLog2: sizeLog2)
    }
    return first == .leave || second == .leave ? .leave : .next
  }
}
