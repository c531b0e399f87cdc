internal import OrreryBase

/// A call gate (Intel SDM volume 3, 5.8.3).
struct CallGate {
  /// Of the code segment it leads to.
  var selector: UInt16
  var offset: UInt64
  /// Bytes of an element of the frame: 2, 4, or 8 in IA-32e mode.
  var size: Int
  /// Elements to copy from the caller's stack to the new one.
  var parameterCount: Int
}

/// What a call through a gate pushes: the old stack, 31 parameters at most, the return address.
private typealias GateFrame = StackFrame<35>

/// JMP and CALL through call gates (Intel SDM volume 2, CALL and JMP; volume 3, 5.8.4 and 5.8.5).
extension CPU {
  /// Whether `descriptor` is a call gate that the mode has.
  func isCallGate(_ descriptor: Descriptor) -> Bool {
    !descriptor.isCodeOrData && (descriptor.type == 12 || descriptor.type == 4 && !isLongMode)
  }

  /// The gate at `address`, which `selector` names; nil with the fault set when it cannot be used.
  private func gate(_ found: Descriptor, at address: UInt64, _ selector: UInt16) -> CallGate? {
    func fail(_ fault: Fault) -> CallGate? {
      raise(fault)
      return nil
    }
    let code = selector.errorCode
    guard found.privilegeLevel >= max(pointee.cpl, selector.requestedPrivilegeLevel) else {
      return fail(.generalProtection(code))
    }
    guard found.isPresent else { return fail(.segmentNotPresent(code)) }
    var gate = CallGate(
      selector: UInt16(truncatingIfNeeded: found.raw >> 16), offset: found.raw & 0xFFFF, size: found.type == 4 ? 2 : 4,
      parameterCount: Int(found.raw >> 32 & 0x1F))
    if gate.size == 4 { gate.offset |= found.raw >> 32 & 0xFFFF_0000 }
    if isLongMode {
      // Sixteen bytes, of which the second half has type 0.
      guard
        UInt64(selector & 0xFFF8) + 15 <= UInt64((selector & 4 == 0 ? UInt32(pointee.gdtr.limit) : pointee.ldtr.limit))
      else { return fail(.generalProtection(code)) }
      guard let high = loadSystem(address &+ 8, size: 8) else { return nil }
      guard high >> 40 & 0x1F == 0 else { return fail(.generalProtection(code)) }
      gate.offset |= high << 32
      gate.size = 8
      gate.parameterCount = 0
    }
    return gate
  }

  /// The code segment that `gate` leads to, and where its descriptor is. A jump cannot change the privilege level.
  private func gateCode(_ gate: CallGate, isCall: Bool) -> (Descriptor, address: UInt64)? {
    func fail(_ fault: Fault) -> (Descriptor, address: UInt64)? {
      raise(fault)
      return nil
    }
    guard !gate.selector.isNullSelector else { return fail(.generalProtection(0)) }
    let fault = Fault.generalProtection(gate.selector.errorCode)
    guard let (found, address) = descriptor(gate.selector, beyondTable: fault) else { return nil }
    let level = found.privilegeLevel
    guard found.isCode, isCall || found.isConforming ? level <= pointee.cpl : level == pointee.cpl else {
      return fail(fault)
    }
    guard !isLongMode || found.isLong && !found.isBig else { return fail(fault) }
    guard found.isPresent else { return fail(.segmentNotPresent(gate.selector.errorCode)) }
    return (found, address)
  }

  func farJump(through found: Descriptor, at address: UInt64, selector: UInt16) -> Bool {
    guard let gate = gate(found, at: address, selector), let (code, codeAddress) = gateCode(gate, isCall: false),
      checkTarget(code.segment(gate.selector), gate.offset), let loaded = markAccessed(code, at: codeAddress)
    else { return false }
    enter(FarTarget(segment: loaded.segment(gate.selector), offset: gate.offset), privilegeLevel: pointee.cpl)
    return true
  }

  /// `next` is the address of the instruction after the call.
  func farCall(through found: Descriptor, at address: UInt64, selector: UInt16, next: UInt64) -> Bool {
    guard let gate = gate(found, at: address, selector), let (code, codeAddress) = gateCode(gate, isCall: true) else {
      return false
    }
    let level = code.isConforming ? pointee.cpl : code.privilegeLevel
    var frame = GateFrame()
    var stack = self[segment: .ss]
    var pointer = pointee.gpr[4]
    if level < pointee.cpl {
      guard let (segment, innerPointer) = innerStack(level, external: 0) else { return false }
      guard isCanonical(innerPointer) else { return faults(.stackSegment(0)) }
      frame.push(UInt64(stack.selector))
      frame.push(pointer)
      // Parameter 0 was pushed last, so it is the lowest.
      for index in (0..<gate.parameterCount).reversed() {
        guard let parameter = peekStack(index * gate.size, size: gate.size) else { return false }
        frame.push(parameter)
      }
      stack = segment
      pointer = innerPointer
    }
    frame.push(UInt64(self[segment: .cs].selector))
    frame.push(next)
    let target = FarTarget(segment: code.segment(gate.selector), offset: gate.offset)
    guard let newPointer = pushed(frame, size: gate.size, on: stack, below: pointer, level: level, target: target),
      let loaded = markAccessed(code, at: codeAddress)
    else { return false }
    enter(FarTarget(segment: loaded.segment(gate.selector), offset: gate.offset), privilegeLevel: level)
    self[segment: .ss] = stack
    pointee.gpr[4] = newPointer
    return true
  }

  /// Pushes all of `frame`, or nothing; the stack pointer after it. The target's offset is looked at after the stack's limit and before its pages.
  private func pushed(
    _ frame: GateFrame, size: Int, on stack: Segment, below pointer: UInt64, level: UInt8, target: FarTarget
  ) -> UInt64? {
    let isInner = level < pointee.cpl
    let mask: UInt64 = size == 8 ? .max : stack.isBig ? 0xFFFF_FFFF : 0xFFFF
    var addresses: InlineArray<35, UInt64> = .init(repeating: 0)
    for index in 0..<frame.count {
      let offset = (pointer &- UInt64(size * (index + 1))) & mask
      if size == 8 {
        guard isCanonical(offset), isCanonical(offset &+ 7) else {
          raise(.stackSegment(0))
          return nil
        }
        addresses[index] = offset
        continue
      }
      guard let linear = linearAddress(in: stack, isStack: true, offset: offset, size: size, forWrite: true) else {
        if isInner { raise(.stackSegment(stack.selector.errorCode)) }
        return nil
      }
      addresses[index] = linear
    }
    guard checkTarget(target.segment, target.offset) else { return nil }
    for index in 0..<frame.count {
      guard isInner ? checkSystemWrite(addresses[index], size: size) : checkWrite(addresses[index], size: size) else {
        return nil
      }
    }
    for index in 0..<frame.count {
      let isUser = level == 3
      guard store(addresses[index], frame.elements[index], size: size, isUser: isUser) else { return nil }
    }
    let moved = pointer &- UInt64(size * frame.count)
    return moved & mask | pointer & ~mask
  }
}
