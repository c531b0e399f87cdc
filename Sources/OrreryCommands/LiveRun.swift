import Orrery
import OrreryBase
import OrreryHost
import OrreryMachine
import OrreryScenario
import OrreryTrace

/// A run whose screen is the terminal and whose keyboard is a person, paced to the wall clock.
///
/// The host's clock decides only how long to wait; what is typed is applied at the machine's present clock and recorded there.
struct LiveRun {
  private let recorder: Recorder
  private let frequency: ClockFrequency
  private var keyboard = LiveKeyboard()
  private var painter = ScreenPainter()

  /// How often the screen is drawn and keys are read, in nanoseconds.
  private static let frame: UInt64 = 16_000_000
  /// A machine that is further behind than this is not hurried on to catch up.
  private static let greatestLag: UInt64 = 100_000_000

  init(_ recorder: Recorder, frequency: ClockFrequency) {
    self.recorder = recorder
    self.frequency = frequency
  }

  /// Runs until the kernel or the person ends it; the terminal is given back in any case.
  mutating func run() throws -> RunEnd {
    do throws(HostError) { try Terminal.enter() } catch { throw CommandFailure(error) }
    defer { leave() }
    // After the terminal has its handlers: a second signal then gives it back and ends the program.
    Interruption.catchSignals()
    var wallStart = WallClock.nanoseconds
    var clockStart = recorder.machine.clock
    while true {
      let frameStart = WallClock.nanoseconds
      // Where the machine's clock should be at the end of this frame.
      let elapsed = frameStart &- wallStart &+ Self.frame
      let passed = frequency.clocks(elapsed, per: 1_000_000_000) ?? 0
      let (target, overflow) = clockStart.addingReportingOverflow(passed)
      if let end = try advance(to: overflow ? .max : target, deadline: frameStart &+ Self.frame) { return end }
      painter.draw(recorder.machine.screenText())
      let now = WallClock.nanoseconds
      let rest = now - frameStart < Self.frame ? (Self.frame - (now - frameStart)) / 1_000_000 : 0
      if keyboard.read(timeoutMilliseconds: Int32(rest)) {
        return try recorder.interrupt("ended by Ctrl+]")
      }
      if let name = Interruption.signalName { return try recorder.interrupt("ended by \(name)") }
      if try resume() {
        wallStart = WallClock.nanoseconds
        clockStart = recorder.machine.clock
        continue
      }
      if now &- wallStart > passed, recorder.machine.clock < target,
        (frequency.clocks(Self.greatestLag, per: 1_000_000_000) ?? 0) < target - recorder.machine.clock
      {
        wallStart = now
        clockStart = recorder.machine.clock
      }
    }
  }

  /// Takes the terminal again after a stop, during which no time passed for the machine; false when there was none.
  private mutating func resume() throws -> Bool {
    do throws(HostError) {
      guard try Terminal.resume() else { return false }
    } catch { throw CommandFailure(error) }
    painter.forget()
    return true
  }

  /// Gives the terminal back, and leaves the guest's last screen on it: what a kernel says last is what one wants to read.
  private func leave() {
    Terminal.leave()
    Console.current.output(ScreenPainter.text(recorder.machine.screenText()))
  }

  /// Runs up to `target` in short slices, handing over keys as the guest reads them, but not past the wall clock's `deadline`.
  private mutating func advance(to target: Clock, deadline: UInt64) throws -> RunEnd? {
    let slice = max(1, frequency.clocks(1, per: 1_000) ?? 1)
    while recorder.machine.clock < target {
      try typeNext()
      let before = recorder.machine.clock
      let end = try recorder.advance(untilClock: min(target, before &+ slice), isLive: true)
      if let end { return end }
      if recorder.machine.clock == before || WallClock.nanoseconds > deadline { break }
    }
    try typeNext()
    return nil
  }

  /// One key at a time, each when the guest has read the one before: nobody types faster than the keyboard's queue on purpose.
  private mutating func typeNext() throws {
    while recorder.machine.keyboardIsIdle, let action = keyboard.next() { try recorder.apply(action) }
  }
}
