import Intrinsics
import Kernel
import KernelLogic
import _Concurrency

// Programs that wait for keys; whoever runs them presses some.

/// Echoes what is typed, up to Enter, while another task counts the time.
@Sendable func keysComeThroughTheStream() {
  print("type a line> ")
  runTask {
    let ticking = spawn {
      do throws(TaskCancelled) {
        while true { try await Task.sleep(ticks: 1) }
      } catch {
        println("the clock stops")
      }
    }
    for await key in Keyboard.keys {
      guard case .character(let character) = key, character != UInt8(ascii: "\n") else { break }
      Console.write(character)
    }
    println()
    ticking.cancel()
    await ticking.value
  }
}

/// The same without `async`: two state machines, one inside the other, polled when a key comes.
@Sendable func keysReachAFuture() {
  print("type a line> ")
  var line: [UInt8]?
  Executor.start(LineReader { CharacterFuture() }) { line = $0 }
  Executor.run { line != nil }
  println("\(line ?? [])")
}

/// The next character typed: as many scan codes as it takes.
private struct CharacterFuture: Future, ~Copyable {
  private var code = ScanCodeFuture()
  private var decoder = ScanCodeDecoder()

  mutating func poll(_ waker: Waker) -> Poll<UInt8> {
    while case .ready(let value) = code.poll(waker) {
      if case .character(let character) = decoder.decode(value) { return .ready(character) }
    }
    return .pending
  }
}

/// Sleeps until a key comes, with no other interrupt that could end the sleep: a wake-up that is lost is lost for good.
@Sendable func keyEndsTheSleep() {
  Timer.stop()
  let key = runTask {
    println("press a")
    lastWorkBeforeSleep()
    var keys = Keyboard.keys.makeAsyncIterator()
    return await keys.next()
  }
  expect(key == .character(UInt8(ascii: "a")))
}

/// The same with the mistake that `Executor.sleep` does not make: a key that comes between look and sleep is not seen.
/// With the right timing it waits for ever.
@Sendable func keyMissesTheSleep() {
  Timer.stop()
  println("press a")
  lastWorkBeforeSleep()
  while !Keyboard.hasScanCode { halt() }
}

/// Busy for about 2,000 clocks, so that a key pressed meanwhile arrives at whatever comes next (the keyboard of a machine with
/// a clock of 1 MHz takes 1,000).
@inline(never)
private func lastWorkBeforeSleep() {
  let start = readTimeStampCounter()
  while readTimeStampCounter() - start < 2_000 {}
}
