import OrreryBase
import OrreryScenario
import OrreryTrace

/// Turns calls of allocator functions, and their returns, into events of the `heap` and `frame` lanes.
///
/// Only the outermost call on a stack is an event, of the heap's functions and of the frames' each by themselves: a heap that takes a frame is an event of
/// either lane. Stacks are told apart by distance: a call whose stack pointer is less than `stackReach` below
/// that of an open call is made by it; anything else is another stack.
struct AllocatorObserver: Sendable {
  /// How deep an allocator's own frames reach, in bytes. Too small, and the allocator's inner calls become events; too large, and a call on a
  /// neighbouring stack is taken for an inner one. Kernel stacks are at least this far apart.
  static let stackReach: UInt64 = 4096

  /// The most calls kept open. A kernel that abandons calls, as a panic does, would otherwise make the list grow for ever; the oldest is given up.
  static let openLimit = 256

  private struct OpenCall: Sendable {
    var index: Int
    var stackPointer: UInt64
    var returnAddress: UInt64
    /// rdi, rsi, rdx, rcx, r8 at entry.
    var registers: InlineArray<5, UInt64>
  }

  /// By the index the machine's records name.
  private let allocators: [WatchedAllocator]
  private var open: [OpenCall] = []

  init(allocators: [WatchedAllocator]) { self.allocators = allocators }

  mutating func observeCall(_ record: ProbeRecord) {
    let stackPointer = record.value5
    // A call at or above an open one, on the same stack, means that the open one was left without returning.
    open.removeAll { call in
      let above = stackPointer &- call.stackPointer
      return above == 0 ? call.returnAddress != record.value6 : above < Self.stackReach
    }
    // A tail call inside an open one has its stack pointer and return address.
    let resource = allocators[Int(record.detail)].function.resource
    let isInner = open.contains { call in
      allocators[call.index].function.resource == resource && call.stackPointer &- stackPointer < Self.stackReach
    }
    if isInner { return }
    if open.count == Self.openLimit { open.removeFirst() }
    open.append(
      OpenCall(
        index: Int(record.detail), stackPointer: stackPointer, returnAddress: record.value6,
        registers: [record.value0, record.value1, record.value2, record.value3, record.value4]))
  }

  mutating func observeReturn(_ record: ProbeRecord, into events: inout ObservedEvents) {
    let index = Int(record.detail)
    guard let position = open.lastIndex(where: { $0.index == index && $0.stackPointer == record.value3 }) else {
      return
    }
    let call = open.remove(at: position)
    switch allocators[call.index].function.resource {
    case .heap: if let heapCall = heapCall(call, record) { events.append(.heap(heapCall), clock: record.clock) }
    case .frames: appendFrameCalls(call, record, into: &events)
    }
  }

  /// What a call of a frame allocator did. One that exchanges frames takes one back and hands one out. The frame of address 0 is none: no kernel gives it
  /// away, and the functions that say so by 0 are the common ones.
  private func appendFrameCalls(_ call: OpenCall, _ record: ProbeRecord, into events: inout ObservedEvents) {
    let allocator = allocators[call.index]
    func append(_ operation: FrameCall.Operation, _ address: UInt64, size: UInt64) {
      let frame = address == 0 ? nil : PhysicalAddress(address)
      let frameCall = FrameCall(
        operation, frame: frame, size: size, caller: call.returnAddress, allocator: allocator.linkageName)
      events.append(.frame(frameCall), clock: record.clock)
    }
    let operation = allocator.function.operation
    let given = argument(.pointer, of: call) ?? 0
    if operation == .free || operation == .reallocate, given != 0 {
      append(.free, given, size: argument(.oldSize, of: call) ?? 0)
    }
    if operation != .free {
      append(
        operation == .allocateZeroed ? .allocateZeroed : .allocate, result(of: allocator.function, record),
        size: argument(.size, of: call) ?? 0)
    }
  }

  /// What the call did; nil for freeing null, which is nothing.
  private func heapCall(_ call: OpenCall, _ record: ProbeRecord) -> HeapCall? {
    let allocator = allocators[call.index]
    let result = result(of: allocator.function, record)
    let given = argument(.pointer, of: call) ?? 0
    var size = argument(.size, of: call) ?? 0
    if let count = argument(.count, of: call) {
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      size = overflow ? .max : product
    }
    var heapCall = HeapCall(
      .allocate, pointer: result, size: size, alignment: argument(.alignment, of: call) ?? 0,
      caller: call.returnAddress,
      allocator: allocator.linkageName)
    switch allocator.function.operation {
    case .allocate: break
    case .allocateZeroed: heapCall.operation = .allocateZeroed
    case .reallocate where given == 0: break
    // To resize to nothing is to free (ISO C17 7.22.3.5 leaves the result open; no block is handed out).
    case .reallocate where size == 0 && result == 0:
      heapCall.operation = .free
      heapCall.pointer = given
    case .reallocate:
      heapCall.operation = .reallocate
      heapCall.previousPointer = given
    case .free:
      guard given != 0 else { return nil }
      heapCall.operation = .free
      heapCall.pointer = given
      heapCall.size = argument(.oldSize, of: call) ?? argument(.size, of: call) ?? 0
    }
    return heapCall
  }

  /// What the call was given in a role; nil when its function has no argument of that role.
  private func argument(_ role: AllocatorFunction.Argument, of call: OpenCall) -> UInt64? {
    allocators[call.index].function.arguments.firstIndex(of: role).map { call.registers[$0] }
  }

  /// The pointer the call handed out; 0 when there is none.
  private func result(of function: AllocatorFunction, _ record: ProbeRecord) -> UInt64 {
    guard function.arguments.contains(.out) else { return record.value0 }
    // A function with an out-pointer returns an error number, an `int`: the upper half of rax says nothing (System V ABI 3.2.3).
    guard UInt32(truncatingIfNeeded: record.value0) == 0, record.value2 == 1 else { return 0 }
    return record.value1
  }
}
