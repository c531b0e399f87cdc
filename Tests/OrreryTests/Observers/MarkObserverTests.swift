import OrreryBase
import OrreryTrace
import Testing

@testable import Orrery

@Suite struct MarkObserverTests {
  private func marks(_ text: String, from clock: Clock = 0) -> [ProbeRecord] {
    text.utf8.enumerated().map { ProbeRecord(.mark, clock: clock + UInt64($0), rip: 0, UInt64($1)) }
  }

  private func entries(_ records: [ProbeRecord], end: Clock = 10_000) -> [ObservedEvents.Entry] {
    var observers = Observers(lanes: .all, allocators: [])
    var events = ObservedEvents()
    records.withUnsafeBufferPointer { observers.observe($0, bytes: [], endsStep: true, into: &events) }
    observers.finish(clock: end, into: &events)
    return events.entries
  }

  private func text(_ entries: [ObservedEvents.Entry]) -> [String] {
    entries.compactMap { entry in
      if case .mark(let text) = entry.payload { String(decoding: text, as: UTF8.self) } else { nil }
    }
  }

  @Test func eachLineIsAMarkAtTheClockOfItsEnd() {
    let entries = entries(marks("task 1 created\n\ntask 1 polled\n", from: 100))
    #expect(text(entries) == ["task 1 created", "", "task 1 polled"])
    #expect(entries.map(\.clock) == [114, 115, 129])
  }

  @Test func theEndOfTheRunEndsALine() {
    let entries = entries(marks("half"))
    #expect(text(entries) == ["half"])
    #expect(entries.map(\.clock) == [10_000])
  }

  @Test func longLinesAreCutAtTheLimit() {
    #expect(text(entries(marks(String(repeating: "x", count: 600)))).map(\.count) == [256, 256, 88])
  }

  @Test func aDeliveryCutsNoMarkAndAMarkCutsNoOutput() {
    let delivery = ProbeRecord(.interrupt, detail: 32, clock: 4, rip: 0, 0, 0x8000, 0x7FD8)
    #expect(text(entries(marks("ab") + [delivery] + marks("cd\n", from: 5))) == ["abcd"])
    let output = [
      ProbeRecord(.serialOutput, clock: 0, rip: 0, 0x61), ProbeRecord(.mark, clock: 1, rip: 0, 0x0A),
      ProbeRecord(.serialOutput, clock: 2, rip: 0, 0x62),
    ]
    #expect(entries(output).map(\.payload) == [.mark(text: []), .serial(port: 0, bytes: [0x61, 0x62])])
  }

  @Test func bytesAreRecordedOnlyForTheLane() {
    #expect(Observers.probes(for: .all).contains(.marks))
    #expect(!Observers.probes(for: LaneSet(.output)).contains(.marks))
  }
}
