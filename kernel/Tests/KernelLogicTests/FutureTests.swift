import KernelLogic
import Testing

/// A future that its test makes ready, and that remembers how it was treated.
private final class Gate {
  var value: Int?
  var pollCount = 0
  var isFreed = false
  var waker: Waker?
  var addresses: Set<UInt> = []

  func open(_ value: Int) {
    self.value = value
    waker?.wake()
  }
}

private struct GateFuture: Future, ~Copyable {
  let gate: Gate
  /// Something with an address.
  private var place = 0

  init(_ gate: Gate) { self.gate = gate }

  mutating func poll(_ waker: Waker) -> Poll<Int> {
    gate.pollCount += 1
    gate.addresses.insert(withUnsafePointer(to: &place) { UInt(bitPattern: $0) })
    gate.waker = waker
    return gate.value.map { .ready($0) } ?? .pending
  }

  deinit { gate.isFreed = true }
}

/// The smallest executor there is.
private final class TestExecutor {
  var runnable: [FutureTask] = []
  var results: [Int] = []

  func start<Body: Future & ~Copyable>(_ future: consuming Body) -> FutureTask where Body.Output == Int {
    let task = FutureTask.of(
      future, number: 1, makeRunnable: { self.runnable.append($0) }, onReady: { self.results.append($0) })
    runnable.append(task)
    return task
  }

  func run() { while !runnable.isEmpty { runnable.removeFirst().poll() } }
}

struct FutureTests {
  private let executor = TestExecutor()
  private let gate = Gate()

  @Test func isPolledOnceWhenItIsThereAndOnceForEachWakeUp() {
    let task = executor.start(GateFuture(gate))
    #expect(task.state == .runnable)
    executor.run()
    #expect(gate.pollCount == 1 && task.state == .suspended)
    // Nobody woke it: it is not asked again.
    executor.run()
    #expect(gate.pollCount == 1)
    gate.waker?.wake()
    executor.run()
    #expect(gate.pollCount == 2 && task.state == .suspended && executor.results.isEmpty)
    gate.open(7)
    executor.run()
    #expect(gate.pollCount == 3 && task.state == .finished && executor.results == [7])
  }

  @Test func isFreedWhenItIsReady() {
    let task = executor.start(GateFuture(gate))
    gate.value = 1
    executor.run()
    #expect(gate.isFreed && task.state == .finished)
  }

  @Test func twoWakeUpsBeforeThePollAreOne() {
    _ = executor.start(GateFuture(gate))
    executor.run()
    gate.waker?.wake()
    gate.waker?.wake()
    #expect(executor.runnable.count == 1)
  }

  @Test func wakeUpAfterTheEndDoesNothing() {
    let task = executor.start(GateFuture(gate))
    gate.value = 1
    executor.run()
    gate.waker?.wake()
    task.poll()
    #expect(executor.runnable.isEmpty && gate.pollCount == 1 && executor.results == [1])
  }

  @Test func wakeUpDuringThePollIsNotLost() {
    struct Impatient: Future {
      var pollCount = 0
      mutating func poll(_ waker: Waker) -> Poll<Int> {
        pollCount += 1
        if pollCount == 3 { return .ready(pollCount) }
        waker.wake()
        return .pending
      }
    }
    _ = executor.start(Impatient())
    executor.run()
    #expect(executor.results == [3])
  }

  @Test func cancelledOneIsFreedAndHasNoResult() {
    let task = executor.start(GateFuture(gate))
    executor.run()
    task.cancel()
    #expect(gate.isFreed && task.state == .finished)
    gate.open(1)
    executor.run()
    #expect(gate.pollCount == 1 && executor.results.isEmpty)
  }

  @Test func staysWhereItWasFirstPolled() {
    _ = executor.start(GateFuture(gate))
    for _ in 0..<20 {
      executor.run()
      // Others come and go meanwhile.
      _ = executor.start(Ready(0))
      gate.waker?.wake()
    }
    #expect(gate.pollCount >= 20 && gate.addresses.count == 1)
  }

  @Test func mapChangesTheValueAlone() {
    _ = executor.start(GateFuture(gate).map { $0 * 2 })
    executor.run()
    #expect(gate.pollCount == 1 && executor.results.isEmpty)
    gate.open(21)
    executor.run()
    #expect(executor.results == [42])
  }

  @Test func thenWaitsForOneAfterTheOther() {
    let second = Gate()
    var given: Int?
    let both = GateFuture(gate).then { value in
      given = value
      return GateFuture(second)
    }
    _ = executor.start(both)
    executor.run()
    #expect(given == nil && second.pollCount == 0)
    gate.open(1)
    executor.run()
    // The second is asked in the same turn, and the first is gone.
    #expect(given == 1 && second.pollCount == 1 && gate.isFreed && executor.results.isEmpty)
    second.open(2)
    executor.run()
    #expect(executor.results == [2] && second.isFreed)
  }

  @Test func lineReaderKeepsItsLineAcrossWaits() {
    final class Keys {
      var waiting: [UInt8] = []
      var waker: Waker?
    }
    struct NextKey: Future {
      let keys: Keys
      mutating func poll(_ waker: Waker) -> Poll<UInt8> {
        keys.waker = waker
        return keys.waiting.isEmpty ? .pending : .ready(keys.waiting.removeFirst())
      }
    }
    let keys = Keys()
    var line: [UInt8]?
    let task = FutureTask.of(
      LineReader { NextKey(keys: keys) }, number: 1, makeRunnable: { executor.runnable.append($0) },
      onReady: { line = $0 })
    executor.runnable.append(task)
    // One at a time, several at once, and one more than the line has.
    for typed in ["h", "", "ello", " you\nx"] {
      #expect(line == nil)
      keys.waiting += Array(typed.utf8)
      keys.waker?.wake()
      executor.run()
    }
    #expect(line == Array("hello you".utf8))
    #expect(keys.waiting == Array("x".utf8))
  }
}
