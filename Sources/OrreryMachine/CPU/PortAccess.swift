internal import OrreryBase

/// IN and OUT as the processor does them: permission, then the board.
extension CPU {
  /// Whether the port may be used at the present privilege (Intel SDM volume 1, 19.5.2); #GP(0) otherwise.
  func checkPortPermission(port: UInt16, size: Int) -> Bool {
    guard isProtected, pointee.cpl > ioPrivilegeLevel else { return true }
    // A 32-bit or 64-bit TSS holds at 0x66 where its I/O permission map begins.
    guard pointee.tr.isPresent, pointee.tr.type & 8 != 0, pointee.tr.limit >= 0x67,
      let mapOffset = loadSystem(systemAddress(pointee.tr.base, 0x66), size: 2)
    else { return pointee.hasFault ? false : faults(.generalProtection(0)) }
    let byteOffset = mapOffset + UInt64(port >> 3)
    guard byteOffset + 1 <= UInt64(pointee.tr.limit) else { return faults(.generalProtection(0)) }
    guard let bits = loadSystem(systemAddress(pointee.tr.base, byteOffset), size: 2) else { return false }
    let mask: UInt64 = (1 << UInt64(size) - 1) << UInt64(port & 7)
    return bits & mask == 0 || faults(.generalProtection(0))
  }

  /// Reads a port; nil with `stop` set for one that is not modelled.
  func readPort(_ port: UInt16, size: Int) -> UInt32? {
    let clock = pointee.clock
    pointee.leavesBlock = true
    watch(port: port, size: size)
    if let value = pointee.board._withUnsafeGuaranteedRef({ $0.readPort(port, size: size, clock: clock) }) {
      return value
    }
    unmodelled("a read of \(size) bytes from port \(hexadecimal(port))")
    return nil
  }

  /// Writes a port; false with `stop` set for one that is not modelled.
  func writePort(_ port: UInt16, _ value: UInt32, size: Int) -> Bool {
    cutScreen()
    let (clock, steps, rip) = (pointee.clock, pointee.steps, pointee.rip)
    pointee.leavesBlock = true
    watch(port: port, size: size)
    if pointee.board._withUnsafeGuaranteedRef({
      $0.writePort(port, value, size: size, clock: clock, steps: steps, rip: rip)
    }) {
      return true
    }
    unmodelled("a write of \(hexadecimal(value)), \(size) bytes, to port \(hexadecimal(port))")
    return false
  }

  /// Writes what changed on the screen to the probes, so that it stands before what follows.
  func cutScreen() {
    let (clock, rip) = (pointee.clock, pointee.rip)
    let wasDirty = pointee.board._withUnsafeGuaranteedRef { board in
      guard board.isScreenDirty else { return false }
      board.cutScreen(clock: clock, rip: rip)
      return true
    }
    if wasDirty { pointee.system.pointee.translations.pointee.dropVideoWriteTags() }
  }
}
