import OrreryBase
import OrreryTrace
import Testing

@testable import Orrery

@Suite struct OutputObserverTests {
  private func serial(_ text: String, from clock: Clock, port: UInt32 = 0) -> [ProbeRecord] {
    text.utf8.enumerated().map { index, byte in
      ProbeRecord(.serialOutput, detail: port, clock: clock + UInt64(index), rip: 0, UInt64(byte))
    }
  }

  private func entries(
    _ records: [ProbeRecord], bytes: [UInt8] = [], lanes: LaneSet = .all, end: Clock = 10_000
  ) -> [ObservedEvents.Entry] {
    var observers = Observers(lanes: lanes, allocators: [])
    observers.announceInput(cause: "")
    var events = ObservedEvents()
    records.withUnsafeBufferPointer { observers.observe($0, bytes: bytes, endsStep: true, into: &events) }
    observers.finish(clock: end, into: &events)
    return events.entries
  }

  private func text(_ entries: [ObservedEvents.Entry]) -> [String] {
    entries.compactMap { entry in
      if case .serial(_, let bytes) = entry.payload { String(decoding: bytes, as: UTF8.self) } else { nil }
    }
  }

  @Test func linesAreEventsAtTheClockOfTheirEnd() {
    let entries = entries(serial("one\ntwo\nthree", from: 100))
    #expect(text(entries) == ["one\n", "two\n", "three"])
    #expect(entries.map(\.clock) == [103, 107, 10_000])
  }

  @Test func longLinesAreCutAtTheLimit() {
    let entries = entries(serial(String(repeating: "x", count: 600), from: 0))
    #expect(text(entries).map(\.count) == [256, 256, 88])
  }

  @Test func anInterruptAndAnInputCutWhatWasSaidBefore() {
    let records =
      serial("ab", from: 1) + [ProbeRecord(.interrupt, detail: 32, clock: 5, rip: 0, 0, 0x8000, 0x7FD8)]
      + serial("cd", from: 6)
      + [ProbeRecord(.input, detail: 0, clock: 9, rip: 0, InputAction.nonMaskableInterrupt.encoded)]
    let entries = entries(records)
    #expect(text(entries) == ["ab", "cd"])
    #expect(entries.map(\.clock) == [5, 5, 9, 9])
  }

  @Test func portsDoNotMix() {
    let entries = entries(serial("ab", from: 0) + serial("c", from: 2, port: 1) + serial("d", from: 3))
    #expect(
      entries.map(\.payload) == [
        .serial(port: 0, bytes: [0x61, 0x62]), .serial(port: 1, bytes: [0x63]), .serial(port: 0, bytes: [0x64]),
      ])
  }

  @Test func groupingDoesNotDependOnTheOtherLanes() {
    let records =
      serial("ab", from: 1)
      + [ProbeRecord(.invalidatePage, clock: 4, rip: 0, 0x1000)] + serial("cd\n", from: 5)
    let (all, output) = (entries(records), entries(records, lanes: LaneSet(.output)))
    #expect(text(all) == ["abcd\n"])
    #expect(text(output) == ["abcd\n"])
  }

  @Test func clocksNeverGoBack() {
    let records =
      serial("ab", from: 1) + [ProbeRecord(.invalidatePage, clock: 400, rip: 0, 0x1000)]
      + [ProbeRecord(.debugExit, clock: 500, rip: 0, 16)]
    let clocks = entries(records, end: 501).map(\.clock)
    #expect(clocks == clocks.sorted())
  }

  @Test func screenRowsCarryTheirCells() {
    let cells: [UInt8] = [0xFF, 0x48, 0x0F, 0x69, 0x0F]
    let entries = entries([ProbeRecord(.screenRow, detail: 3, clock: 7, rip: 0, 10, 2, 1)], bytes: cells)
    #expect(entries.map(\.payload) == [.screen(row: 3, column: 10, cells: [0x48, 0x0F, 0x69, 0x0F])])
  }

  @Test func theExitValueComesAfterWhatWasSaid() {
    let records = serial("bye", from: 0) + [ProbeRecord(.debugExit, clock: 3, rip: 0, 0x10)]
    #expect(entries(records).map(\.payload) == [.serial(port: 0, bytes: Array("bye".utf8)), .exitValue(0x10)])
  }

  @Test func batchesDoNotMatter() {
    let records = serial("hello\nworld", from: 0) + [ProbeRecord(.debugExit, clock: 30, rip: 0, 1)]
    var observers = Observers(lanes: .all, allocators: [])
    var events = ObservedEvents()
    for record in records {
      [record].withUnsafeBufferPointer { observers.observe($0, bytes: [], endsStep: true, into: &events) }
    }
    observers.finish(clock: 10_000, into: &events)
    #expect(events.entries.map(\.payload) == entries(records).map(\.payload))
  }
}

@Suite struct InputObserverTests {
  @Test func inputsGetTheirCausesInOrder() {
    var observers = Observers(lanes: .all, allocators: [])
    observers.announceInput(cause: "at 5 steps")
    observers.announceInput(cause: "")
    let key = InputAction.key(Key(rawValue: 0x1E), isPressed: true)
    let records = [
      ProbeRecord(.input, detail: 0, clock: 5, rip: 0, key.encoded),
      ProbeRecord(.inputLost, detail: 0, clock: 6, rip: 0, 0x1E),
      ProbeRecord(.input, detail: 1, clock: 7, rip: 0, InputAction.vector(0x40).encoded),
    ]
    var events = ObservedEvents()
    records.withUnsafeBufferPointer { observers.observe($0, bytes: [], endsStep: true, into: &events) }
    #expect(
      events.entries.map(\.payload) == [
        .input(key, point: .boundary, cause: "at 5 steps"), .inputLost(.keyboard, byte: 0x1E),
        .input(.vector(0x40), point: .instruction, cause: ""),
      ])
  }
}
