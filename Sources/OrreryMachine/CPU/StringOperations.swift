/// MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS, alone or repeated (Intel SDM volume 1, 7.3.9).
///
/// One iteration is one step. A repeated instruction ends its block and takes as many iterations as the budget allows; stopped by the budget,
/// a fault or a watched store it leaves `rip` on itself and rCX, rSI, rDI at where it is. Forward MOVS and STOS go in bulk within a page.
extension CPU {
  /// The parts of one string instruction in execution.
  private struct StringAccess {
    let kind: StringOperation
    let sizeLog2: UInt8
    let addressMask: UInt64
    let addressSizeLog2: UInt8
    let segment: SegmentRegister
    /// 64-bit mode with a 64-bit address size: offsets need no cutting and no limit.
    let isPlain: Bool
    /// Base of FS or GS for the source; 0 otherwise.
    let sourceBase: UInt64
    /// What to add to rSI and rDI after an element.
    let stride: UInt64
  }

  @inline(never)
  func executeString(
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: inout Int64
  ) -> Outcome {
    guard let kind = StringOperation(rawValue: operation.pointee.detail),
      let segment = SegmentRegister(rawValue: Int(operation.pointee.immediate))
    else { preconditionFailure("the decoder made a string operation that does not exist") }
    let addressSizeLog2 = operation.pointee.b
    let sizeLog2 = operation.pointee.sizeLog2
    let isBackward = pointee.systemFlags & Flag.direction != 0
    let size: UInt64 = 1 &<< UInt64(sizeLog2)
    let is64 = pointee.codeMode == .bits64
    let access = StringAccess(
      kind: kind, sizeLog2: sizeLog2, addressMask: Self.mask(addressSizeLog2), addressSizeLog2: addressSizeLog2,
      segment: segment, isPlain: is64 && addressSizeLog2 == 3,
      sourceBase: is64 && (segment == .fs || segment == .gs) ? pointee.segments[segment.rawValue].base : 0,
      stride: isBackward ? 0 &- size : size)
    let repeats = operation.pointee.a
    guard repeats != 0 else { return iterate(access) }

    var count = raw.read(Register.rcx, sizeLog2: addressSizeLog2)
    guard count != 0 else { return .next }
    let rip = pointee.rip
    /// Iterations done beyond the first, which the block has paid for.
    while true {
      // In bulk as far as pages, count and budget go.
      if access.isPlain && !isBackward && (kind == .move || kind == .store) {
        let limit = min(count, UInt64(bitPattern: remaining) &+ 1)
        let done = kind == .move ? moveInBulk(access, limit: limit) : storeInBulk(access, limit: limit)
        if done > 0 {
          count &-= done
          raw.write64(Register.rcx, count)
          remaining &-= Int64(bitPattern: done) &- 1
          if count == 0 { return .next }
          if remaining == 0 { return stay(at: rip) }
          remaining &-= 1
          synchronize(operation, block, remaining)
          continue
        }
      }
      let result = iterate(access)
      guard result != .fault else { return .fault }
      count &-= 1
      raw.write(Register.rcx, count, sizeLog2: addressSizeLog2)
      let isOver: Bool
      switch kind {
      case .compare, .scan: isOver = count == 0 || lazyFlags.holds(4) != (repeats == 0xF3)
      default: isOver = count == 0
      }
      if isOver { return result }
      if result == .leave {
        pointee.rip = rip
        pointee.system.pointee.isBetweenIterations = true
        return .leaveAt
      }
      if remaining == 0 { return stay(at: rip) }
      remaining &-= 1
      synchronize(operation, block, remaining)
    }
  }

  /// The budget is used up: `rip` stays.
  private func stay(at rip: UInt64) -> Outcome {
    pointee.rip = rip
    pointee.system.pointee.isBetweenIterations = true
    return .target
  }

  private func sourceAddress(_ access: StringAccess) -> UInt64? {
    let offset = raw.read64(Register.rsi) & access.addressMask
    if pointee.codeMode == .bits64 { return offset &+ access.sourceBase }
    return linearAddress(segment: access.segment, offset: offset, size: 1 << Int(access.sizeLog2), forWrite: false)
  }

  private func destinationAddress(_ access: StringAccess, forWrite: Bool) -> UInt64? {
    let offset = raw.read64(Register.rdi) & access.addressMask
    if pointee.codeMode == .bits64 { return offset }
    return linearAddress(segment: .es, offset: offset, size: 1 << Int(access.sizeLog2), forWrite: forWrite)
  }

  private func advance(_ register: UInt8, _ access: StringAccess) {
    raw.write(register, raw.read64(register) &+ access.stride, sizeLog2: access.addressSizeLog2)
  }

  /// One element.
  private func iterate(_ access: StringAccess) -> Outcome {
    let sizeLog2 = access.sizeLog2
    switch access.kind {
    case .move:
      guard let source = sourceAddress(access), let value = load(source, sizeLog2: sizeLog2),
        let destination = destinationAddress(access, forWrite: true)
      else { return .fault }
      let result = store(destination, value, sizeLog2: sizeLog2)
      guard result != .fault else { return .fault }
      advance(Register.rsi, access)
      advance(Register.rdi, access)
      return outcome(result)
    case .store:
      guard let destination = destinationAddress(access, forWrite: true) else { return .fault }
      let result = store(destination, raw.read64(Register.rax), sizeLog2: sizeLog2)
      guard result != .fault else { return .fault }
      advance(Register.rdi, access)
      return outcome(result)
    case .load:
      guard let source = sourceAddress(access), let value = load(source, sizeLog2: sizeLog2) else { return .fault }
      raw.write(Register.rax, value, sizeLog2: sizeLog2)
      advance(Register.rsi, access)
    case .compare:
      guard let source = sourceAddress(access), let left = load(source, sizeLog2: sizeLog2),
        let destination = destinationAddress(access, forWrite: false), let right = load(destination, sizeLog2: sizeLog2)
      else { return .fault }
      setSubtractFlags(left, right, (left &- right) & Self.mask(sizeLog2), sizeLog2: UInt16(sizeLog2))
      advance(Register.rsi, access)
      advance(Register.rdi, access)
    case .scan:
      guard let destination = destinationAddress(access, forWrite: false),
        let right = load(destination, sizeLog2: sizeLog2)
      else { return .fault }
      let left = raw.read(Register.rax, sizeLog2: sizeLog2)
      setSubtractFlags(left, right, (left &- right) & Self.mask(sizeLog2), sizeLog2: UInt16(sizeLog2))
      advance(Register.rdi, access)
    case .input:
      let port = UInt16(truncatingIfNeeded: raw.read16(Register.rdx))
      let size = 1 << Int(sizeLog2)
      // The destination is checked first: a port read cannot be taken back.
      guard checkPortPermission(port: port, size: size), let destination = destinationAddress(access, forWrite: true),
        checkWrite(destination, size: size), let value = readPort(port, size: size)
      else { return .fault }
      guard store(destination, UInt64(value), sizeLog2: sizeLog2) != .fault else { return .fault }
      advance(Register.rdi, access)
      return .leave
    case .output:
      let port = UInt16(truncatingIfNeeded: raw.read16(Register.rdx))
      guard checkPortPermission(port: port, size: 1 << Int(sizeLog2)), let source = sourceAddress(access),
        let value = load(source, sizeLog2: sizeLog2)
      else { return .fault }
      guard writePort(port, UInt32(truncatingIfNeeded: value), size: 1 << Int(sizeLog2)) else { return .fault }
      advance(Register.rsi, access)
      return .leave
    }
    return .next
  }

  // MARK: In bulk

  /// The host address of `linear` if it is plain memory that may be accessed so.
  private func plainMemory(_ linear: UInt64, forWrite: Bool) -> UnsafeMutableRawPointer? {
    let entry = Self.entry(pointee.tlb, linear)
    if (forWrite ? entry.pointee.writeTag : entry.pointee.readTag) == linear & ~0xFFF {
      return Self.host(entry, linear)
    }
    return hostPointer(linear, forWrite: forWrite)
  }

  /// Moves at most `limit` elements within one page of source and destination; how many were moved, 0 when one must go alone.
  private func moveInBulk(_ access: StringAccess, limit: UInt64) -> UInt64 {
    let source = raw.read64(Register.rsi) &+ access.sourceBase
    let destination = raw.read64(Register.rdi)
    let size = UInt64(access.sizeLog2)
    let room = min(0x1000 &- source & 0xFFF, 0x1000 &- destination & 0xFFF) &>> size
    let count = min(limit, room)
    guard count > 0, let from = plainMemory(source, forWrite: false), let to = plainMemory(destination, forWrite: true)
    else { return 0 }
    let bytes = Int(count &<< size)
    let distance = to - from
    if distance > 0 && distance < bytes {
      // Overlapping forwards: each element may read what an earlier one wrote.
      let step = 1 << Int(access.sizeLog2)
      var offset = 0
      while offset < bytes {
        switch access.sizeLog2 {
        case 0:
          to.storeBytes(of: from.load(fromByteOffset: offset, as: UInt8.self), toByteOffset: offset, as: UInt8.self)
        case 1:
          to.storeBytes(
            of: from.loadUnaligned(fromByteOffset: offset, as: UInt16.self), toByteOffset: offset, as: UInt16.self)
        case 2:
          to.storeBytes(
            of: from.loadUnaligned(fromByteOffset: offset, as: UInt32.self), toByteOffset: offset, as: UInt32.self)
        default:
          to.storeBytes(
            of: from.loadUnaligned(fromByteOffset: offset, as: UInt64.self), toByteOffset: offset, as: UInt64.self)
        }
        offset += step
      }
    } else {
      to.copyMemory(from: from, byteCount: bytes)
    }
    raw.write64(Register.rsi, raw.read64(Register.rsi) &+ UInt64(bytes))
    raw.write64(Register.rdi, destination &+ UInt64(bytes))
    return count
  }

  /// Stores at most `limit` elements within one page; how many were stored, 0 when one must go alone.
  private func storeInBulk(_ access: StringAccess, limit: UInt64) -> UInt64 {
    let destination = raw.read64(Register.rdi)
    let size = UInt64(access.sizeLog2)
    let count = min(limit, (0x1000 &- destination & 0xFFF) &>> size)
    guard count > 0, let to = plainMemory(destination, forWrite: true) else { return 0 }
    let bytes = Int(count &<< size)
    let value = raw.read64(Register.rax)
    var pattern = value
    switch access.sizeLog2 {
    case 0: pattern = (value & 0xFF) &* 0x0101_0101_0101_0101
    case 1: pattern = (value & 0xFFFF) &* 0x0001_0001_0001_0001
    case 2: pattern = value & 0xFFFF_FFFF | value &<< 32
    default: break
    }
    var offset = 0
    while offset &+ 8 <= bytes {
      to.storeBytes(of: pattern, toByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < bytes {
      to.storeBytes(of: UInt8(truncatingIfNeeded: pattern), toByteOffset: offset, as: UInt8.self)
      pattern = pattern &>> 8 | pattern &<< 56
      offset &+= 1
    }
    raw.write64(Register.rdi, destination &+ UInt64(bytes))
    return count
  }
}
