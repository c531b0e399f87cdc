internal import OrreryBase

/// Stands in for the system half until it is there.
struct PhysicalMemory {
  let bytes: UnsafeMutableRawPointer
  let size: UInt64
  var code: Set<UInt64> = []
  mutating func markCode(frame: UInt64, granules: UInt64) { code.insert(frame) }
}
extension CPU {
  func unmodelled(_ what: String) { pointee.stop = .unmodelled(what) }
  func mapped(_ linear: UInt64, _ size: Int, _ code: UInt32) -> UnsafeMutableRawPointer? {
    let memory = pointee.memory.pointee
    guard linear < memory.size, linear + UInt64(size) <= memory.size else {
      pointee.cr2 = linear
      raise(.pageFault(code))
      return nil
    }
    return memory.bytes + Int(linear)
  }
  func fill(_ linear: UInt64) {
    let e = Self.entry(pointee.tlb, linear)
    e.pointee.readTag = linear & ~0xFFF
    e.pointee.writeTag = pointee.memory.pointee.code.contains(linear >> 12) ? 1 : linear & ~0xFFF
    e.pointee.addend = UInt64(UInt(bitPattern: pointee.memory.pointee.bytes))
  }
  func loadSlow(_ linear: UInt64, size: Int) -> UInt64? {
    guard let p = mapped(linear, size, 0) else { return nil }
    fill(linear)
    switch size {
    case 1: return UInt64(p.load(as: UInt8.self))
    case 2: return UInt64(p.loadUnaligned(as: UInt16.self))
    case 4: return UInt64(p.loadUnaligned(as: UInt32.self))
    default: return p.loadUnaligned(as: UInt64.self)
    }
  }
  func storeSlow(_ linear: UInt64, _ value: UInt64, size: Int) -> Bool {
    guard let p = mapped(linear, size, 2) else { return false }
    fill(linear)
    for i in 0..<size { (p + i).storeBytes(of: UInt8(truncatingIfNeeded: value >> (8 * UInt64(i))), as: UInt8.self) }
    if pointee.memory.pointee.code.contains(linear >> 12) {
      pointee.blocks.pointee.invalidate(frame: linear >> 12, granules: .max)
      pointee.leavesBlock = true
    }
    return true
  }
  func checkWrite(_ linear: UInt64, size: Int) -> Bool { mapped(linear, size, 2) != nil }
  func hostPointer(_ linear: UInt64, forWrite: Bool) -> UnsafeMutableRawPointer? {
    linear < pointee.memory.pointee.size && !(forWrite && pointee.memory.pointee.code.contains(linear >> 12))
      ? pointee.memory.pointee.bytes + Int(linear) : nil
  }
  func fetchPage(_ linear: UInt64) -> (physicalPage: UInt64, host: UnsafeRawPointer)? {
    guard let p = mapped(linear & ~0xFFF, 4096, 0x10) else { return nil }
    return (linear >> 12, UnsafeRawPointer(p))
  }
  func linearAddress(segment: SegmentRegister, offset: UInt64, size: Int, forWrite: Bool) -> UInt64? {
    (pointee.segments[segment.rawValue].base &+ offset) & 0xFFFF_FFFF
  }
  func loadSegment(_ segment: SegmentRegister, selector: UInt16) -> Bool { false }
  func farJump(selector: UInt16, offset: UInt64) -> Bool { false }
  func farCall(selector: UInt16, offset: UInt64, operandSize: Int, next: UInt64) -> Bool { false }
  func farReturn(operandSize: Int, releasing: UInt64) -> Bool { false }
  func interruptReturn(operandSize: Int) -> Bool { false }
  func softwareInterrupt(vector: UInt8, next: UInt64) -> Bool { false }
  func halt() -> Bool {
    pointee.isHalted = true
    return true
  }
  func clearInterruptFlag() -> Bool { true }
  func setInterruptFlag() -> Bool { true }
  func checkPortPermission(port: UInt16, size: Int) -> Bool { true }
  func readPort(_ port: UInt16, size: Int) -> UInt32? { 0 }
  func writePort(_ port: UInt16, _ value: UInt32, size: Int) -> Bool { true }
  func readControl(_ number: UInt8) -> UInt64? { 0 }
  func writeControl(_ number: UInt8, _ value: UInt64) -> Bool { true }
  func readDebug(_ number: UInt8) -> UInt64? { 0 }
  func writeDebug(_ number: UInt8, _ value: UInt64) -> Bool { true }
  func loadGDT(from linear: UInt64, operandSize: Int) -> Bool { true }
  func loadIDT(from linear: UInt64, operandSize: Int) -> Bool { true }
  func storeGDT(to linear: UInt64, operandSize: Int) -> Bool { true }
  func storeIDT(to linear: UInt64, operandSize: Int) -> Bool { true }
  func loadLDT(selector: UInt16) -> Bool { true }
  func loadTask(selector: UInt16) -> Bool { true }
  func accessRights(selector: UInt16) -> UInt32? { nil }
  func segmentLimit(selector: UInt16) -> UInt32? { nil }
  func verify(selector: UInt16, forWrite: Bool) -> Bool { false }
  func invalidatePage(_ linear: UInt64) -> Bool { true }
  func syscall(next: UInt64) -> Bool { false }
  func sysret(operandSize: Int) -> Bool { false }
  func sysenter(next: UInt64) -> Bool { false }
  func sysexit(operandSize: Int) -> Bool { false }
  func swapgs() -> Bool { true }
  func readMSR() -> Bool { true }
  func writeMSR() -> Bool { true }
  func readTSC() -> UInt64? { pointee.clock }
  func cpuid() {}
}
