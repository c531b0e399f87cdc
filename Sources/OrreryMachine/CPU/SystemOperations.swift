internal import OrreryBase

/// Hands system instructions to the methods that do them, and says how the engine goes on.
extension CPU {
  @inline(never)
  func executeSystem(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) -> Outcome {
    guard let kind = SystemOperation(rawValue: operation.pointee.detail) else {
      preconditionFailure("the decoder made a system operation that does not exist")
    }
    let sizeLog2 = operation.pointee.sizeLog2
    let a = operation.pointee.a
    let b = operation.pointee.b
    let next = nextRIP(operation, block)
    let size = 1 << Int(sizeLog2)
    let pointer = raw.read64(Register.pointer)
    switch kind {
    case .invalidOpcode: return fails(.invalidOpcode)
    case .generalProtection: return fails(.generalProtection(0))

    // Interrupts
    case .halt: return ended(halt())
    case .clearInterrupt: return ended(clearInterruptFlag())
    case .setInterrupt: return ended(setInterruptFlag())

    // Ports
    case .inputByte:
      let port = UInt16(truncatingIfNeeded: b == Register.immediate ? operation.pointee.signedImmediate : raw.read16(b))
      guard checkPortPermission(port: port, size: size), let value = readPort(port, size: size) else { return .fault }
      raw.write(Register.rax, UInt64(value), sizeLog2: sizeLog2)
      return .leave
    case .outputByte:
      let port = UInt16(truncatingIfNeeded: b == Register.immediate ? operation.pointee.signedImmediate : raw.read16(b))
      guard checkPortPermission(port: port, size: size) else { return .fault }
      return ended(writePort(port, UInt32(truncatingIfNeeded: raw.read(Register.rax, sizeLog2: sizeLog2)), size: size))

    // Segments
    case .moveFromSegment:
      raw.write(a, UInt64(pointee.segments[Int(b)].selector), sizeLog2: sizeLog2)
      return .next
    case .moveToSegment:
      return loadSegmentRegister(a, selector: raw.read16(b)) ? .leave : .fault
    case .pushSegment:
      // A push of 32 or 64 bits has zeros above the selector.
      return outcome(push(UInt64(pointee.segments[Int(a)].selector), sizeLog2: sizeLog2))
    case .popSegment:
      guard let selector = loadStack(sizeLog2: sizeLog2), loadSegmentRegister(a, selector: selector) else {
        return .fault
      }
      moveStackPointer(by: UInt64(size))
      return .leave
    case .loadFarPointer:
      guard let offset = load(pointer, sizeLog2: sizeLog2), let selector = load(pointer &+ UInt64(size), sizeLog2: 1),
        let segment = SegmentRegister(rawValue: Int(b)),
        loadSegment(segment, selector: UInt16(truncatingIfNeeded: selector))
      else { return .fault }
      raw.write(a, offset, sizeLog2: sizeLog2)
      return .leave

    // Control registers
    case .moveFromControl:
      guard let value = readControl(b) else { return .fault }
      writeNative(a, value)
      return .next
    case .moveToControl: return ended(writeControl(a, readNative(b)))
    case .moveFromDebug:
      guard let value = readDebug(b) else { return .fault }
      writeNative(a, value)
      return .next
    case .moveToDebug: return ended(writeDebug(a, readNative(b)))
    case .loadMachineStatus:
      guard pointee.cpl == 0 else { return fails(.generalProtection(0)) }
      // LMSW sets PE, MP, EM, TS, and cannot clear PE.
      let value = raw.read16(b) & 0xF
      return ended(writeControl(0, pointee.cr0 & ~0xE | value))
    case .storeMachineStatus:
      raw.write(a, pointee.cr0, sizeLog2: sizeLog2)
      return .next
    case .clearTaskSwitched:
      guard pointee.cpl == 0 else { return fails(.generalProtection(0)) }
      pointee.cr0 &= ~(1 << 3)
      return .leave

    // Descriptor tables
    case .loadGDT: return ended(loadGDT(from: pointer, operandSize: size))
    case .loadIDT: return ended(loadIDT(from: pointer, operandSize: size))
    case .storeGDT: return ended(storeGDT(to: pointer, operandSize: size))
    case .storeIDT: return ended(storeIDT(to: pointer, operandSize: size))
    case .loadLDT: return ended(loadLDT(selector: UInt16(truncatingIfNeeded: raw.read16(b))))
    case .loadTask: return ended(loadTask(selector: UInt16(truncatingIfNeeded: raw.read16(b))))
    case .storeLDT, .storeTask:
      guard isProtected && pointee.systemFlags & Flag.virtual8086 == 0 else { return fails(.invalidOpcode) }
      raw.write(a, UInt64(kind == .storeLDT ? pointee.ldtr.selector : pointee.tr.selector), sizeLog2: sizeLog2)
      return .next
    case .loadAccessRights, .loadSegmentLimit:
      guard isProtected && pointee.systemFlags & Flag.virtual8086 == 0 else { return fails(.invalidOpcode) }
      let selector = UInt16(truncatingIfNeeded: raw.read16(b))
      let value = kind == .loadAccessRights ? accessRights(selector: selector) : segmentLimit(selector: selector)
      guard !pointee.hasFault else { return .fault }
      if let value { raw.write(a, UInt64(value), sizeLog2: sizeLog2) }
      setZeroFlag(value != nil)
      return .next
    case .verifyRead, .verifyWrite:
      guard isProtected && pointee.systemFlags & Flag.virtual8086 == 0 else { return fails(.invalidOpcode) }
      let answer = verify(selector: UInt16(truncatingIfNeeded: raw.read16(b)), forWrite: kind == .verifyWrite)
      guard !pointee.hasFault else { return .fault }
      setZeroFlag(answer)
      return .next

    // Caches
    case .invalidatePage: return ended(invalidatePage(pointer))
    case .invalidateCaches: return pointee.cpl == 0 ? .leave : fails(.generalProtection(0))

    // Fast calls, which set `rip`
    case .systemCall: return transferred(syscall(next: next))
    case .systemReturn: return transferred(sysret(operandSize: size))
    case .systemEnter: return transferred(sysenter(next: next))
    case .systemExit: return transferred(sysexit(operandSize: size))
    case .swapGS: return ended(swapgs())

    // Model-specific registers and counters
    case .readMSR: return readMSR() ? .next : .fault
    case .writeMSR: return ended(writeMSR())
    case .readTSC, .readTSCP:
      guard let value = readTSC() else { return .fault }
      raw.write32(Register.rax, value)
      raw.write32(Register.rdx, value >> 32)
      if kind == .readTSCP { raw.write32(Register.rcx, pointee.tscAux) }
      return .next
    case .readPerformance:
      // No performance counter exists.
      return fails(.generalProtection(0))
    case .identify:
      cpuid()
      return .next

    // SSE control
    case .vectorFault: return fails(vectorFault() ?? .invalidOpcode)
    case .loadMXCSR, .storeMXCSR:
      if let fault = vectorFault() { return fails(fault) }
      if kind == .storeMXCSR {
        raw.write64(a, UInt64(pointee.mxcsr))
        return .next
      }
      let value = UInt32(truncatingIfNeeded: raw.read32(b))
      guard value & ~Self.mxcsrMask == 0 else { return fails(.generalProtection(0)) }
      pointee.mxcsr = value
      return .next
    }
  }

  /// The bits of MXCSR that exist.
  static var mxcsrMask: UInt32 { 0xFFFF }

  private func fails(_ fault: Fault) -> Outcome {
    raise(fault)
    return .fault
  }

  /// After an instruction of the system half that ends its block.
  private func ended(_ succeeded: Bool) -> Outcome { succeeded ? .leave : .fault }

  private func loadSegmentRegister(_ number: UInt8, selector: UInt64) -> Bool {
    guard let segment = SegmentRegister(rawValue: Int(number)),
      loadSegment(segment, selector: UInt16(truncatingIfNeeded: selector))
    else { return false }
    if segment == .ss { pointee.shadow = .movSS }
    return true
  }

  /// Moves to and from control and debug registers have 64 bits in 64-bit mode and 32 elsewhere.
  private func readNative(_ place: UInt8) -> UInt64 {
    pointee.codeMode == .bits64 ? raw.read64(place) : raw.read32(place)
  }

  private func writeNative(_ place: UInt8, _ value: UInt64) {
    if pointee.codeMode == .bits64 { raw.write64(place, value) } else { raw.write32(place, value) }
  }

  private func setZeroFlag(_ value: Bool) {
    setArithmeticFlags(lazyFlags.bits & ~Flag.zero | (value ? Flag.zero : 0))
  }

  /// What a vector instruction of the SSE group raises at present, if anything (Intel SDM volume 2, 2.4).
  func vectorFault() -> Fault? {
    // CR0.EM or no CR4.OSFXSR: #UD; CR0.TS: #NM.
    if pointee.cr0 & 4 != 0 || pointee.cr4 & 1 << 9 == 0 { return .invalidOpcode }
    return pointee.cr0 & 8 != 0 ? .deviceNotAvailable : nil
  }
}
