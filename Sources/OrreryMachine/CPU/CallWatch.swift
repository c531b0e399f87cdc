internal import OrreryBase

/// Calls of watched functions, from their first instruction to the return to where they were called from.
///
/// A call has returned when execution reaches its return address with the stack pointer just above where that address was: so tail calls work, and
/// calls on different stacks do not mix. Nothing of this can be observed by the guest.
struct CallWatch {
  /// Calls that never return (a thread that was abandoned) leave entries behind: beyond this many the oldest is forgotten.
  static let maximumOpenCount = 4096
  /// Distinct return addresses that stay breakpoints. Beyond this many, those without an open call are given up.
  static let maximumReturnPointCount = 1 << 16

  struct OpenCall: Equatable {
    var probe: UInt32
    var returnAddress: UInt64
    /// rsp at entry, where the return address is.
    var stackPointer: UInt64
    /// Where the result goes, for probes with an out-pointer.
    var outPointer: UInt64
  }

  let probes: [CallProbe]
  private var open: [OpenCall] = []
  fileprivate(set) var returnPointCount = 0

  init(_ probes: [CallProbe]) { self.probes = probes }

  /// The calls that have not returned, in the order in which they were made.
  var openCalls: [OpenCall] {
    get { open }
    set { open = newValue }
  }

  fileprivate mutating func begin(_ call: OpenCall) {
    // Another return address in the same place: what was called there before never returned.
    open.removeAll { $0.stackPointer == call.stackPointer && $0.returnAddress != call.returnAddress }
    if open.count == Self.maximumOpenCount { open.removeFirst() }
    open.append(call)
  }

  /// Takes the most recent call that has returned when execution is at `address` with the return address at `stackPointer` popped.
  fileprivate mutating func end(returnAddress: UInt64, stackPointer: UInt64) -> OpenCall? {
    guard
      let index = open.lastIndex(where: { $0.stackPointer == stackPointer && $0.returnAddress == returnAddress })
    else { return nil }
    return open.remove(at: index)
  }
}

extension CPU {
  /// Why execution stops at the next instruction. The set is looked into only when there is something in it: at each boundary that is seldom so.
  @inline(__always)
  var breakpointRoles: BreakpointSet.Roles {
    pointee.breakpoints.pointee.count == 0 ? [] : pointee.breakpoints.pointee.roles(at: linearInstructionPointer)
  }

  /// The instruction at `rip` is about to execute and is a return point, a watched function's first instruction, or both.
  func watchCalls(_ roles: BreakpointSet.Roles) {
    let address = linearInstructionPointer
    if roles.contains(.returnPoint) { recordReturns(to: address) }
    if roles.contains(.call) {
      for (index, probe) in pointee.system.pointee.calls.probes.enumerated() where probe.address.rawValue == address {
        recordCall(index: UInt32(index), probe)
      }
    }
  }

  private var returnAddressSize: Int { pointee.codeMode == .bits64 ? 8 : 4 }

  private func recordReturns(to address: UInt64) {
    let stackPointer = pointee.gpr[4] &- UInt64(returnAddressSize)
    while let call = pointee.system.pointee.calls.end(returnAddress: address, stackPointer: stackPointer) {
      let probe = pointee.system.pointee.calls.probes[Int(call.probe)]
      let result = probe.outPointerRegister == nil ? nil : peek(call.outPointer, size: returnAddressSize)
      record(
        .callReturn, in: .calls, detail: call.probe, pointee.gpr[0], result ?? 0, result == nil ? 0 : 1,
        call.stackPointer)
    }
  }

  private func recordCall(index: UInt32, _ probe: CallProbe) {
    let returnAddress = peek(pointee.gpr[4], size: returnAddressSize)
    let system = pointee.system
    system.pointee.probes.append(
      ProbeRecord(
        .call, detail: index, clock: pointee.clock, rip: pointee.rip, pointee.gpr[7], pointee.gpr[6], pointee.gpr[2],
        pointee.gpr[1], pointee.gpr[8], pointee.gpr[4], returnAddress ?? 0))
    guard probe.capturesReturn, let returnAddress else { return }
    system.pointee.calls.begin(
      CallWatch.OpenCall(
        probe: index, returnAddress: returnAddress, stackPointer: pointee.gpr[4],
        outPointer: probe.outPointerRegister.map { pointee.gpr[Int($0 & 15)] } ?? 0))
    installReturnPoint(returnAddress)
  }

  func installReturnPoint(_ address: UInt64) {
    let breakpoints = pointee.breakpoints
    guard !breakpoints.pointee.roles(at: address).contains(.returnPoint) else { return }
    let system = pointee.system
    if system.pointee.calls.returnPointCount == CallWatch.maximumReturnPointCount {
      breakpoints.pointee.removeAll(.returnPoint)
      system.pointee.calls.returnPointCount = 0
      for call in system.pointee.calls.openCalls where call.returnAddress != address {
        installReturnPoint(call.returnAddress)
      }
    }
    system.pointee.calls.returnPointCount += 1
    if breakpoints.pointee.insert(address, .returnPoint) { forgetBlocks() }
  }

  /// Memory as the guest would read it, without faults and without setting accessed bits; nil where it cannot be read from RAM.
  func peek(_ linear: UInt64, size: Int) -> UInt64? {
    var value: UInt64 = 0
    for index in 0..<size {
      guard let address = peekTranslation(linear &+ UInt64(index)),
        let byte: UInt8 = pointee.memory.pointee.load(address)
      else { return nil }
      value |= UInt64(byte) << UInt64(index * 8)
    }
    return value
  }
}
