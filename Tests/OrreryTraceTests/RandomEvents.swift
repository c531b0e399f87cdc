import OrreryBase
import OrreryTrace

/// Makes events of every kind, whole sequences of which follow from a seed.
struct RandomEvents {
  fileprivate var random: SeededGenerator
  fileprivate var lastFrame: UInt64 = 0
  private var clock: Clock = 0

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// `count` payloads with clocks that never go back.
  mutating func next(_ count: Int) -> [(payload: Payload, clock: Clock)] {
    (0..<count).map { _ in
      if Int.random(in: 0..<4, using: &random) > 0 { clock += number(bits: 20) }
      return (payload(), clock)
    }
  }

  /// A number of up to `bits` bits, small ones as likely as large ones.
  fileprivate mutating func number(bits: UInt64 = 64) -> UInt64 {
    let width = UInt64.random(in: 0...bits, using: &random)
    return width == 0 ? 0 : random.next() >> (64 - width)
  }

  fileprivate mutating func flag() -> Bool { Bool.random(using: &random) }

  private mutating func bytes(_ limit: Int) -> [UInt8] {
    (0..<Int.random(in: 0...limit, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  /// Mostly one of a few values, as in real traces, so that shapes repeat.
  fileprivate mutating func address() -> UInt64 {
    flag() ? 0x20_0000 + UInt64.random(in: 0..<8, using: &random) * 0x40 : number()
  }

  private mutating func payload() -> Payload {
    switch Int.random(in: 0..<22, using: &random) {
    case 0: return .input(action(), point: flag() ? .boundary : .instruction, cause: text())
    case 1: return .inputLost(InputQueue(rawValue: UInt8(number(bits: 8))), byte: UInt8(number(bits: 8)))
    case 2, 3:
      return .interrupt(vector: UInt8(number(bits: 8)), source: InterruptSource(rawValue: number()), rip: address())
    case 4: return .interruptReturn(vector: UInt8(number(bits: 8)), rip: address(), openAbove: UInt32(number(bits: 32)))
    case 5: return .exception(delivery())
    case 6: return .exceptionReturn(vector: UInt8(number(bits: 8)), rip: address(), openAbove: UInt32(number(bits: 32)))
    case 7: return .tripleFault(delivery())
    case 8:
      return .addressSpace(
        root: PhysicalAddress(number()), mode: PagingMode(rawValue: UInt64.random(in: 0...3, using: &random))!)
    case 9, 10: return .map(change())
    case 11:
      return .recursive(
        RecursiveEntry(
          start: LinearAddress(number()), level: UInt8(number(bits: 8)), table: PhysicalAddress(number()),
          isPresent: flag()))
    case 12: return .bulk(count: number(), hash: Hash128(high: random.next(), low: random.next()))
    case 13: return .invalidatePage(LinearAddress(number()))
    case 14, 15: return .heap(call())
    case 16: return flag() ? .serial(port: UInt8(number(bits: 8)), bytes: bytes(40)) : .debugConsole(bytes: bytes(3))
    case 17:
      let attributes: [UInt8] = [0x07, 0x07, 0x07, 0x4E]
      let cells = bytes(80).flatMap { [$0, attributes.randomElement(using: &random)!] }
      return .screen(row: UInt8(number(bits: 8)), column: UInt8(number(bits: 8)), cells: cells)
    case 18: return .mark(text: bytes(20))
    case 19: return .undelivered(delivery())
    case 20: return .frame(frameCall())
    default:
      return flag()
        ? .exitValue(UInt32(number(bits: 32)))
        : .state(Hash128(high: random.next(), low: random.next()), steps: number())
    }
  }

  private mutating func text() -> String {
    ["", "after serial \"ready>\"", "on symbol kernelMain hit 1", "at 5 ms", "Wörld ☂"].randomElement(using: &random)!
  }

  private mutating func action() -> InputAction {
    switch Int.random(in: 0..<7, using: &random) {
    case 0: .key(Key(rawValue: UInt16(number(bits: 16))), isPressed: flag())
    case 1: .serial(port: UInt8(number(bits: 8)), byte: UInt8(number(bits: 8)))
    case 2: .interruptLine(UInt8(number(bits: 4)))
    case 3: .vector(UInt8(number(bits: 8)))
    case 4: .flip(.register(FlippableRegister(rawValue: UInt8(number(bits: 4))) ?? .cr2, bit: UInt8(number(bits: 5))))
    case 5: .flip(.memory(PhysicalAddress(number(bits: 52)), bit: UInt8(number(bits: 3))))
    default: .nonMaskableInterrupt
    }
  }

  private mutating func delivery() -> ExceptionDelivery {
    ExceptionDelivery(
      vector: UInt8(number(bits: 8)), errorCode: flag() ? UInt32(number(bits: 32)) : nil, cr2: flag() ? number() : nil,
      rip: address(), isSoftware: flag())
  }

  private mutating func change() -> MapChange {
    let kind = MapChange.Kind.allCases.randomElement(using: &random)!
    let low: UInt64 = flag() ? ~0xFFF : ~0
    var change = MapChange(
      kind, start: LinearAddress(number() & low), pageCount: number(),
      pageSize: PageSize.allCases.randomElement(using: &random)!, physical: PhysicalAddress(number() & low),
      flags: PageFlags(rawValue: UInt16(number(bits: 16))))
    if kind == .permission || kind == .remapped { change.previousFlags = PageFlags(rawValue: UInt16(number(bits: 16))) }
    if kind == .remapped { change.previousPhysical = PhysicalAddress(number() & low) }
    if Int.random(in: 0..<4, using: &random) == 0 {
      change.aliases = (0...Int.random(in: 0..<5, using: &random)).map { _ in LinearAddress(number() & low) }
    }
    return change
  }

  private mutating func call() -> HeapCall {
    let operation = HeapCall.Operation.allCases.randomElement(using: &random)!
    return HeapCall(
      operation, pointer: flag() ? number() & ~15 : number(), previousPointer: operation == .reallocate ? number() : 0,
      size: flag() ? 64 : number(), alignment: flag() ? 16 : number(), caller: address(),
      allocator: ["posix_memalign", "free", "__rust_alloc_zeroed_of_a_long_name"].randomElement(using: &random)!)
  }
}

extension RandomEvents {
  /// Mostly one frame after the other, as a kernel that starts takes them.
  fileprivate mutating func frameCall() -> FrameCall {
    let operation = FrameCall.Operation.allCases.randomElement(using: &random)!
    lastFrame = flag() ? lastFrame &+ 4096 : number()
    return FrameCall(
      operation, frame: Int.random(in: 0..<8, using: &random) == 0 ? nil : PhysicalAddress(lastFrame),
      size: flag() ? 0 : number(), caller: address(), allocator: flag() ? "frame_allocate" : "Frames.give_back")
  }
}

/// A trace of `events` in memory.
func traceBytes(
  _ events: [(payload: Payload, clock: Clock)], header: TraceHeader = .sample, end: RunEnd? = .sample
) throws -> [UInt8] {
  let sink = MemoryTraceSink()
  let writer = try TraceWriter(header: header, sink: sink)
  for event in events { try writer.append(event.payload, clock: event.clock) }
  if let end { try writer.finish(end) } else { try writer.flush() }
  return sink.bytes
}

/// All events of a trace that must be intact.
func allEvents(_ bytes: [UInt8]) throws -> [Event] {
  var events = try TraceReader(source: MemoryTraceSource(bytes)).events()
  var result: [Event] = []
  while let event = try events.next() { result.append(event) }
  return result
}

extension TraceHeader {
  static let sample = TraceHeader(
    revision: "pc-1", configuration: [Setting("memory", "64 MiB"), Setting("frequency", "1000000000")],
    image: [0x7F, 0x45, 0x4C, 0x46], scenarioName: "shell",
    scenario: "after serial \"ready>\"\n  type \"help{Enter}\"\n")
}

extension RunEnd {
  static let sample = RunEnd(
    reason: .debugExit, text: "the guest wrote 16 to the debug-exit port", steps: 123_456, clock: 1_000_000,
    exitValue: 16,
    reports: ["after serial \"done\": never"])
}
