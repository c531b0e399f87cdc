import OrreryBase
import OrreryScenario
import OrreryTrace
import Testing

@testable import Orrery

@Suite struct AllocatorObserverTests {
  private static let frameFunctions = [
    AllocatorFunction(.frames, .allocate, "take", []),
    AllocatorFunction(.frames, .allocateZeroed, "take_many", [.size]),
    AllocatorFunction(.frames, .free, "give_back", [.pointer, .oldSize]),
    AllocatorFunction(.frames, .reallocate, "exchange", [.pointer, .size]),
  ]

  private static let allocators = (AllocatorFunctions.known + frameFunctions).enumerated().map { index, function in
    WatchedAllocator(function: function, linkageName: function.symbol, address: LinearAddress(UInt64(index) * 0x100))
  }

  private func index(_ name: String) -> UInt32 {
    UInt32(Self.allocators.firstIndex { $0.linkageName == name } ?? 0)
  }

  private func call(
    _ name: String, _ arguments: [UInt64], stack: UInt64 = 0x8000, from caller: UInt64 = 0x1234
  ) -> ProbeRecord {
    let registers = arguments + [UInt64](repeating: 0xBAD, count: 5 - arguments.count)
    return ProbeRecord(
      .call, detail: index(name), clock: 0, rip: 0, registers[0], registers[1], registers[2], registers[3],
      registers[4], stack, caller)
  }

  private func callReturn(
    _ name: String, _ result: UInt64, out: UInt64? = nil, stack: UInt64 = 0x8000
  ) -> ProbeRecord {
    ProbeRecord(
      .callReturn, detail: index(name), clock: 0, rip: 0, result, out ?? 0, out == nil ? 0 : 1, stack)
  }

  private func heap(_ records: [ProbeRecord]) -> [HeapCall] {
    payloads(records).compactMap { if case .heap(let call) = $0 { call } else { nil } }
  }

  private func frames(_ records: [ProbeRecord]) -> [FrameCall] {
    payloads(records).compactMap { if case .frame(let call) = $0 { call } else { nil } }
  }

  private func payloads(_ records: [ProbeRecord]) -> [Payload] {
    var observer = AllocatorObserver(allocators: Self.allocators)
    var events = ObservedEvents()
    for record in records {
      if record.kind == .call {
        observer.observeCall(record)
      } else {
        observer.observeReturn(record, into: &events)
      }
    }
    return events.entries.map(\.payload)
  }

  @Test func mallocAndFree() {
    #expect(
      heap([call("malloc", [64]), callReturn("malloc", 0x4000), call("free", [0x4000]), callReturn("free", 0xBAD)]) == [
        HeapCall(.allocate, pointer: 0x4000, size: 64, caller: 0x1234, allocator: "malloc"),
        HeapCall(.free, pointer: 0x4000, caller: 0x1234, allocator: "free"),
      ])
  }

  @Test func zeroedAllocationsMultiply() {
    #expect(
      heap([call("calloc", [3, 16]), callReturn("calloc", 0x4000)]) == [
        HeapCall(.allocateZeroed, pointer: 0x4000, size: 48, caller: 0x1234, allocator: "calloc")
      ])
    let overflowing = heap([call("calloc", [1 << 40, 1 << 40]), callReturn("calloc", 0)])
    #expect(overflowing.first?.size == .max)
    #expect(overflowing.first?.isFailure == true)
  }

  @Test func anOutPointerHoldsTheResultUnlessAnErrorIsReturned() {
    // The error number is an int: what is above 32 bits of rax does not count.
    #expect(
      heap([
        call("posix_memalign", [0x7000, 16, 100]), callReturn("posix_memalign", 0xFFFF_0000_0000_0000, out: 0x4000),
      ]) == [
        HeapCall(
          .allocate, pointer: 0x4000, size: 100, alignment: 16, caller: 0x1234, allocator: "posix_memalign")
      ])
    let failed = heap([
      call("posix_memalign", [0x7000, 16, 100]), callReturn("posix_memalign", 12, out: 0x4000),
    ])
    #expect(failed.first?.pointer == 0)
    #expect(failed.first?.isFailure == true)
  }

  @Test func rustsFourFunctions() {
    #expect(
      heap([
        call("__rust_alloc", [24, 8]), callReturn("__rust_alloc", 0x4000),
        call("__rust_realloc", [0x4000, 24, 8, 48]), callReturn("__rust_realloc", 0x5000),
        call("__rust_dealloc", [0x5000, 48, 8]), callReturn("__rust_dealloc", 0),
        call("__rust_alloc_zeroed", [8, 4]), callReturn("__rust_alloc_zeroed", 0x6000),
      ]) == [
        HeapCall(.allocate, pointer: 0x4000, size: 24, alignment: 8, caller: 0x1234, allocator: "__rust_alloc"),
        HeapCall(
          .reallocate, pointer: 0x5000, previousPointer: 0x4000, size: 48, alignment: 8, caller: 0x1234,
          allocator: "__rust_realloc"),
        HeapCall(.free, pointer: 0x5000, size: 48, alignment: 8, caller: 0x1234, allocator: "__rust_dealloc"),
        HeapCall(
          .allocateZeroed, pointer: 0x6000, size: 8, alignment: 4, caller: 0x1234, allocator: "__rust_alloc_zeroed"),
      ])
  }

  @Test func reallocOfNullAllocatesAndToNothingFrees() {
    #expect(
      heap([
        call("realloc", [0, 10]), callReturn("realloc", 0x4000), call("realloc", [0x4000, 0]),
        callReturn("realloc", 0),
      ]).map(\.operation) == [.allocate, .free])
  }

  @Test func freeingNullIsNothing() {
    #expect(heap([call("free", [0]), callReturn("free", 0)]) == [])
  }

  @Test func onlyTheOutermostCallOnAStackIsAnEvent() {
    #expect(
      heap([
        call("calloc", [1, 32], stack: 0x8000), call("malloc", [32], stack: 0x7FC0),
        callReturn("malloc", 0x4000, stack: 0x7FC0), callReturn("calloc", 0x4000, stack: 0x8000),
      ]).map(\.allocator) == ["calloc"])
  }

  @Test func aTailCallIsTheCallItEnds() {
    // __rust_alloc jumps to malloc: the same stack pointer, the same return address.
    #expect(
      heap([
        call("__rust_alloc", [24, 8]), call("malloc", [24]), callReturn("malloc", 0x4000),
        callReturn("__rust_alloc", 0x4000),
      ]).map(\.allocator) == ["__rust_alloc"])
  }

  @Test func callsOnDifferentStacksNestSeparately() {
    #expect(
      heap([
        call("malloc", [1], stack: 0x2_0000), call("malloc", [2], stack: 0x1_0000), call("free", [9], stack: 0x3_0000),
        callReturn("malloc", 0x4000, stack: 0x1_0000), callReturn("free", 0, stack: 0x3_0000),
        callReturn("malloc", 0x5000, stack: 0x2_0000),
      ]).map(\.size) == [2, 0, 1])
  }

  @Test func aCallThatWasAbandonedDoesNotSwallowTheNext() {
    // The first malloc panics and never returns; its stack is used again from further up.
    #expect(
      heap([
        call("malloc", [1], stack: 0x7F00), call("malloc", [2], stack: 0x8000), callReturn("malloc", 0x4000),
      ]).map(\.size) == [2])
  }

  @Test func framesAreHandedOutAndTakenBack() {
    #expect(
      frames([
        call("take", []), callReturn("take", 0x5000), call("take_many", [0x4000]), callReturn("take_many", 0x8000),
        call("give_back", [0x5000, 0x1000]), callReturn("give_back", 0xBAD),
      ]) == [
        FrameCall(.allocate, frame: PhysicalAddress(0x5000), caller: 0x1234, allocator: "take"),
        FrameCall(
          .allocateZeroed, frame: PhysicalAddress(0x8000), size: 0x4000, caller: 0x1234, allocator: "take_many"),
        FrameCall(.free, frame: PhysicalAddress(0x5000), size: 0x1000, caller: 0x1234, allocator: "give_back"),
      ])
  }

  @Test func noFrameLeftIsAFailure() {
    #expect(
      frames([call("take", []), callReturn("take", 0)]) == [
        FrameCall(.allocate, frame: nil, caller: 0x1234, allocator: "take")
      ])
  }

  @Test func exchangingFramesTakesOneBackAndHandsOneOut() {
    #expect(
      frames([call("exchange", [0x5000, 0x1000]), callReturn("exchange", 0x6000)]) == [
        FrameCall(.free, frame: PhysicalAddress(0x5000), caller: 0x1234, allocator: "exchange"),
        FrameCall(.allocate, frame: PhysicalAddress(0x6000), size: 0x1000, caller: 0x1234, allocator: "exchange"),
      ])
  }

  @Test func aHeapThatTakesAFrameIsAnEventOfEither() {
    let records = [
      call("malloc", [64], stack: 0x8000), call("take", [], stack: 0x7FC0, from: 0x5678),
      call("take", [], stack: 0x7F80), callReturn("take", 0x5000, stack: 0x7F80),
      callReturn("take", 0x5000, stack: 0x7FC0), callReturn("malloc", 0x4000, stack: 0x8000),
    ]
    #expect(heap(records).map(\.pointer) == [0x4000])
    #expect(
      frames(records) == [
        FrameCall(.allocate, frame: PhysicalAddress(0x5000), caller: 0x5678, allocator: "take")
      ])
  }

  @Test func aReturnOfACallThatWasNotSeenIsNothing() {
    #expect(heap([callReturn("malloc", 0x4000)]) == [])
  }

  @Test func manyAbandonedCallsTakeBoundedMemory() {
    let records = (0..<2000).map { call("malloc", [1], stack: 0x10_0000 + UInt64($0) * 0x1_0000) }
    #expect(heap(records + [call("free", [5]), callReturn("free", 0)]).count == 1)
  }

  @Test(arguments: [
    ("__rust_alloc", "_RNvCs691rhTbG0Ee_7___rustc12___rust_alloc", true),
    ("__rust_alloc_zeroed", "_RNvCs691rhTbG0Ee_7___rustc19___rust_alloc_zeroed", true),
    ("__rust_alloc", "_RNvCs691rhTbG0Ee_7___rustc19___rust_alloc_zeroed", false),
    ("__rust_dealloc", "__rust_dealloc", true), ("malloc", "_RNvCs1_1x6malloc", false), ("malloc", "kmalloc", false),
  ])
  func manglingOfRustIsRecognised(function: String, linkageName: String, isMatch: Bool) throws {
    let known = try #require(AllocatorFunctions.known.first { $0.symbol == function })
    #expect(known.matches(linkageName: linkageName) == isMatch)
  }
}
