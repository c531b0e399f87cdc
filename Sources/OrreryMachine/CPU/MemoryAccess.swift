/// Loads and stores of the engine: a hit in the TLB is inline, everything else goes through the slow paths of the memory system.
///
/// All of them first make `rip`, `clock` and `steps` exact, so that a device, a page walk or a fault sees the point at which it happens.
extension CPU {
  @inline(__always)
  var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// The address of the memory operand of `operation`.
  @inline(__always)
  func address(_ operation: UnsafeMutablePointer<Operation>) -> UInt64 {
    raw.read64(operation.pointee.base)
      &+ (raw.read64(operation.pointee.index) &<< UInt64(operation.pointee.shift)) &+ operation.pointee.displacement
  }

  /// The address of the memory operand of `operation`, which has no index.
  @inline(__always)
  func baseAddress(_ operation: UnsafeMutablePointer<Operation>) -> UInt64 {
    raw.read64(operation.pointee.base) &+ operation.pointee.displacement
  }

  /// Makes `rip`, `clock` and `steps` those at which the instruction of `operation` begins.
  @inline(__always)
  func synchronize(
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) {
    let distance = UInt64(bitPattern: remaining) &+ UInt64(operation.pointee.left)
    pointee.clock = pointee.endClock &- distance
    pointee.steps = pointee.endSteps &- distance
    pointee.rip = block.rip(of: operation)
  }

  @inline(__always)
  static func entry(_ tlb: UnsafeMutablePointer<TLBEntry>, _ linear: UInt64) -> UnsafeMutablePointer<TLBEntry> {
    tlb + TLBEntry.slot(of: linear)
  }

  @inline(__always)
  static func host(_ entry: UnsafeMutablePointer<TLBEntry>, _ linear: UInt64) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: linear &+ entry.pointee.addend)).unsafelyUnwrapped
  }

  // MARK: Loads

  @inline(__always)
  func load64(
    _ linear: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>, _ operation: UnsafeMutablePointer<Operation>,
    _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> UInt64? {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.readTag == (linear &+ 7) & ~0xFFF) {
      return Self.host(entry, linear).loadUnaligned(as: UInt64.self)
    }
    return slowLoad(linear, 8, operation, block, remaining)
  }

  @inline(__always)
  func load32(
    _ linear: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>, _ operation: UnsafeMutablePointer<Operation>,
    _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> UInt64? {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.readTag == (linear &+ 3) & ~0xFFF) {
      return UInt64(Self.host(entry, linear).loadUnaligned(as: UInt32.self))
    }
    return slowLoad(linear, 4, operation, block, remaining)
  }

  @inline(__always)
  func load16(
    _ linear: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>, _ operation: UnsafeMutablePointer<Operation>,
    _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> UInt64? {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.readTag == (linear &+ 1) & ~0xFFF) {
      return UInt64(Self.host(entry, linear).loadUnaligned(as: UInt16.self))
    }
    return slowLoad(linear, 2, operation, block, remaining)
  }

  @inline(__always)
  func load8(
    _ linear: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>, _ operation: UnsafeMutablePointer<Operation>,
    _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> UInt64? {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.readTag == linear & ~0xFFF) {
      return UInt64(Self.host(entry, linear).load(as: UInt8.self))
    }
    return slowLoad(linear, 1, operation, block, remaining)
  }

  @inline(never)
  func slowLoad(
    _ linear: UInt64, _ size: Int, _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>,
    _ remaining: Int64
  ) -> UInt64? {
    synchronize(operation, block, remaining)
    return loadSlow(linear, size: size)
  }

  /// Loads what a later operation of the same instruction will store: faults as that store would, and then the store cannot.
  @inline(__always)
  func loadForWrite(
    _ linear: UInt64, size: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>,
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> UInt64? {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.writeTag == (linear &+ (size &- 1)) & ~0xFFF) {
      let host = Self.host(entry, linear)
      switch size {
      case 1: return UInt64(host.load(as: UInt8.self))
      case 2: return UInt64(host.loadUnaligned(as: UInt16.self))
      case 4: return UInt64(host.loadUnaligned(as: UInt32.self))
      default: return host.loadUnaligned(as: UInt64.self)
      }
    }
    return slowLoadForWrite(linear, Int(size), operation, block, remaining)
  }

  @inline(never)
  func slowLoadForWrite(
    _ linear: UInt64, _ size: Int, _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>,
    _ remaining: Int64
  ) -> UInt64? {
    synchronize(operation, block, remaining)
    guard checkWrite(linear, size: size) else { return nil }
    return loadSlow(linear, size: size)
  }

  // MARK: Stores

  @inline(__always)
  func store64(
    _ linear: UInt64, _ value: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>,
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> StoreOutcome {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.writeTag == (linear &+ 7) & ~0xFFF) {
      Self.host(entry, linear).storeBytes(of: value, as: UInt64.self)
      return .done
    }
    return slowStore(linear, value, 8, operation, block, remaining)
  }

  @inline(__always)
  func store32(
    _ linear: UInt64, _ value: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>,
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> StoreOutcome {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.writeTag == (linear &+ 3) & ~0xFFF) {
      Self.host(entry, linear).storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
      return .done
    }
    return slowStore(linear, value, 4, operation, block, remaining)
  }

  @inline(__always)
  func store16(
    _ linear: UInt64, _ value: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>,
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> StoreOutcome {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.writeTag == (linear &+ 1) & ~0xFFF) {
      Self.host(entry, linear).storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
      return .done
    }
    return slowStore(linear, value, 2, operation, block, remaining)
  }

  @inline(__always)
  func store8(
    _ linear: UInt64, _ value: UInt64, _ tlb: UnsafeMutablePointer<TLBEntry>,
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> StoreOutcome {
    let entry = Self.entry(tlb, linear)
    if _fastPath(entry.pointee.writeTag == linear & ~0xFFF) {
      Self.host(entry, linear).storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      return .done
    }
    return slowStore(linear, value, 1, operation, block, remaining)
  }

  @inline(never)
  func slowStore(
    _ linear: UInt64, _ value: UInt64, _ size: Int, _ operation: UnsafeMutablePointer<Operation>,
    _ block: UnsafeMutablePointer<Block>, _ remaining: Int64
  ) -> StoreOutcome {
    synchronize(operation, block, remaining)
    guard storeSlow(linear, value, size: size) else { return .fault }
    return pointee.leavesBlock || pointee.stop != nil ? .leave : .done
  }

  // MARK: For cold operations, which have synchronised already

  /// Loads `1 << sizeLog2` bytes.
  func load(_ linear: UInt64, sizeLog2: UInt8) -> UInt64? {
    let size = 1 &<< UInt64(sizeLog2 & 3)
    let entry = Self.entry(pointee.tlb, linear)
    guard entry.pointee.readTag == (linear &+ (size &- 1)) & ~0xFFF else { return loadSlow(linear, size: Int(size)) }
    let host = Self.host(entry, linear)
    switch sizeLog2 {
    case 0: return UInt64(host.load(as: UInt8.self))
    case 1: return UInt64(host.loadUnaligned(as: UInt16.self))
    case 2: return UInt64(host.loadUnaligned(as: UInt32.self))
    default: return host.loadUnaligned(as: UInt64.self)
    }
  }

  /// Stores `1 << sizeLog2` bytes.
  func store(_ linear: UInt64, _ value: UInt64, sizeLog2: UInt8) -> StoreOutcome {
    let size = 1 &<< UInt64(sizeLog2 & 3)
    let entry = Self.entry(pointee.tlb, linear)
    guard entry.pointee.writeTag == (linear &+ (size &- 1)) & ~0xFFF else {
      guard storeSlow(linear, value, size: Int(size)) else { return .fault }
      return pointee.leavesBlock || pointee.stop != nil ? .leave : .done
    }
    let host = Self.host(entry, linear)
    switch sizeLog2 {
    case 0: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 1: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case 2: host.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    default: host.storeBytes(of: value, as: UInt64.self)
    }
    return .done
  }

  // MARK: Addresses

  /// The linear address for `Code.address`, whose `immediate` is an `AddressForm`; nil after a segment fault.
  @inline(never)
  func linearAddress(_ operation: UnsafeMutablePointer<Operation>) -> UInt64? {
    let form = AddressForm(rawValue: operation.pointee.immediate)
    var offset = address(operation)
    switch form.addressSizeLog2 {
    case 1: offset &= 0xFFFF
    case 2: offset &= 0xFFFF_FFFF
    default: break
    }
    guard let segment = form.segment else { return offset }
    if pointee.codeMode == .bits64 {
      switch segment {
      case .fs, .gs: return offset &+ pointee.segments[segment.rawValue].base
      default: return offset
      }
    }
    guard form.accessSize != 0 else { return (pointee.segments[segment.rawValue].base &+ offset) & 0xFFFF_FFFF }
    return linearAddress(segment: segment, offset: offset, size: form.accessSize, forWrite: form.isWrite)
  }
}

/// What `Code.address` needs beside base, index and displacement, packed into its `immediate`.
struct AddressForm: RawRepresentable {
  var rawValue: Int32

  init(rawValue: Int32) { self.rawValue = rawValue }

  init(segment: SegmentRegister?, addressSizeLog2: UInt8, accessSize: Int, isWrite: Bool) {
    rawValue =
      Int32(segment.map { $0.rawValue } ?? 7) | Int32(addressSizeLog2) << 3 | (isWrite ? 1 << 5 : 0)
      | Int32(truncatingIfNeeded: accessSize) << 8
  }

  var segment: SegmentRegister? { SegmentRegister(rawValue: Int(rawValue & 7)) }
  var addressSizeLog2: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 3 & 3) }
  var isWrite: Bool { rawValue & 1 << 5 != 0 }
  /// In bytes; 0 where nothing is accessed, so that the segment's limit and rights do not matter.
  var accessSize: Int { Int(rawValue >> 8) }
}
