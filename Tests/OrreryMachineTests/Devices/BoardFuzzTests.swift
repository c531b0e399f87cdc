import OrreryBase
import Testing

@testable import OrreryMachine

/// Random port traffic: no write of a guest traps, and a board that was restored cannot be told from the one it was taken from.
struct BoardFuzzTests {
  /// One access, input or pause, drawn from a generator.
  private enum Operation {
    case read(UInt16, size: Int)
    case write(UInt16, UInt32, size: Int)
    case input(InputAction)
    case acknowledge
    case wait(Clock)
    case cut

    private static let ports: [ClosedRange<UInt16>] = [
      0x20...0x21, 0xA0...0xA1, 0x4D0...0x4D1, 0x40...0x43, 0x60...0x61, 0x64...0x64, 0x70...0x71, 0x80...0x92,
      0x2F8...0x2FF, 0x3F8...0x3FF, 0x3C0...0x3DF, 0xE9...0xED, 0xCF8...0xCFF, 0x60...0x64, 0...0xFFFF,
    ]

    init(_ generator: inout SeededGenerator) {
      let ports = Self.ports[Int.random(in: 0..<Self.ports.count, using: &generator)]
      let port = UInt16.random(in: ports, using: &generator)
      let size = [1, 1, 1, 1, 1, 1, 2, 4][Int.random(in: 0..<8, using: &generator)]
      switch Int.random(in: 0..<20, using: &generator) {
      case 0..<6: self = .read(port, size: size)
      case 6..<14: self = .write(port, UInt32.random(in: 0...UInt32.max, using: &generator), size: size)
      case 14:
        self = .input(
          .key(Key(rawValue: .random(in: 0...UInt16.max, using: &generator)), isPressed: .random(using: &generator)))
      case 15:
        self = .input(
          .serial(port: .random(in: 0...2, using: &generator), byte: .random(in: 0...255, using: &generator)))
      case 16:
        let line = UInt8.random(in: 0...17, using: &generator)
        self = .input(
          [.interruptLine(line), .vector(line), .nonMaskableInterrupt][Int.random(in: 0..<3, using: &generator)])
      case 17: self = .acknowledge
      case 18: self = .cut
      default: self = .wait(1 << Clock.random(in: 0...34, using: &generator))
      }
    }
  }

  /// Everything that an operation lets a caller see.
  private struct Answer: Equatable {
    var value: UInt32?
    var isModelled = true
    var vector: UInt8?
    var records: [String] = []
    var deadline: Clock
    var requests: Bool
    var isIdle: Bool
    var stop: StopReason?
  }

  private func perform(_ operation: Operation, on bench: BoardBench) -> Answer {
    let board = bench.board
    var answer = Answer(deadline: 0, requests: false, isIdle: false)
    switch operation {
    case .read(let port, let size): answer.value = board.readPort(port, size: size, clock: bench.clock)
    case .write(let port, let value, let size):
      answer.isModelled = board.writePort(port, value, size: size, clock: bench.clock, steps: bench.clock, rip: 7)
      if port & 1 == 0 {
        board.videoMemory.storeBytes(of: value, toByteOffset: Int(value % 8192) * 4, as: UInt32.self)
        board.screenWasTouched(steps: bench.clock)
      }
    case .input(let action): bench.apply(action)
    case .acknowledge: answer.vector = bench.acknowledge()
    case .wait(let clocks):
      // Step by step for a while, then in one go: both are legal orders of the same events.
      for _ in 0..<20 where bench.board.nextDeadline < bench.clock &+ clocks { bench.run(to: bench.board.nextDeadline) }
      bench.jump(to: bench.clock &+ clocks)
      board.applyEvents(at: bench.clock, rip: 7)
    case .cut: board.cutScreen(clock: bench.clock, rip: 7)
    }
    answer.records = bench.takeRecords().records.map { "\($0)" }
    answer.deadline = board.nextDeadline
    answer.requests = board.interruptRequested
    answer.isIdle = board.keyboardIsIdle
    answer.stop = board.stop
    return answer
  }

  private static func configure(_ seed: UInt64) -> (inout MachineConfiguration) -> Void {
    { if seed % 2 == 1 { $0.serialTiming = .baud } }
  }

  private static let frequencies: [UInt64] = [1_000_000_000, 1_000_000_000, 3_000_000_007, 1_193_182, 1000, 1]

  private func makeBench(_ seed: UInt64) -> BoardBench {
    let hertz = Self.frequencies[Int(seed % UInt64(Self.frequencies.count))]
    return BoardBench(frequency: ClockFrequency(hertz: hertz), Self.configure(seed))
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func restoredBoardGivesTheSameAnswers(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let bench = makeBench(seed)
    var twin = makeBench(seed)
    for step in 0..<4000 {
      if step % 97 == 0 {
        // A board that is stopped cannot be restored to go on stopped, so the comparison of the reason starts anew as well.
        let checkpoint = bench.checkpoint()
        try bench.restore(checkpoint, clock: bench.clock)
        twin = makeBench(seed)
        try twin.restore(checkpoint, clock: bench.clock)
        twin.jump(to: bench.clock)
        #expect(twin.checkpoint() == checkpoint)
      }
      let operation = Operation(&generator)
      let expected = perform(operation, on: bench)
      let found = perform(operation, on: twin)
      guard found == expected else {
        Issue.record("seed \(seed), step \(step), \(operation): \(expected) became \(found)")
        return
      }
    }
    #expect(bench.hash(at: bench.clock) == twin.hash(at: bench.clock))
  }

  /// The hash brings the devices to the present in one go: it must be what event after event would have left.
  @Test(arguments: 100..<112 as Range<UInt64>)
  func hashIsTheSameInOneStepOrMany(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let bench = makeBench(seed)
    for step in 0..<600 {
      _ = perform(Operation(&generator), on: bench)
      guard step % 3 == 0 else { continue }
      let target = bench.clock &+ 1 << Clock.random(in: 0...22, using: &generator)
      let lazy = bench.hash(at: target)
      var events = 0
      while bench.board.nextDeadline <= target, events < 300 {
        bench.run(to: bench.board.nextDeadline)
        events += 1
      }
      guard bench.board.nextDeadline > target else { continue }
      bench.jump(to: target)
      guard bench.hash(at: target) == lazy else {
        Issue.record("seed \(seed), step \(step): another hash after \(events) events")
        return
      }
    }
  }

  @Test(arguments: 200..<208 as Range<UInt64>)
  func damagedCheckpointIsRefusedOrHarmless(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let bench = makeBench(seed)
    for _ in 0..<500 { _ = perform(Operation(&generator), on: bench) }
    let checkpoint = bench.checkpoint()
    var accepted = 0
    for _ in 0..<60 {
      var damaged = checkpoint
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        damaged[Int.random(in: 0..<1400, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      let victim = makeBench(seed)
      do throws(ByteCodingError) {
        try victim.restore(damaged, clock: bench.clock)
        accepted += 1
      } catch { continue }
      for _ in 0..<60 { _ = perform(Operation(&generator), on: victim) }
      _ = victim.hash(at: victim.clock)
    }
    #expect(accepted > 0)
  }
}
