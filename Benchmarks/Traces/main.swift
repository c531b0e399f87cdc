import Glibc
import OrreryBase
import OrreryCompare
import OrreryTrace

// Measures what it costs to write, hash and read traces, and how much of two traces is read to find their first difference. User CPU time; medians.
//
//     TraceBenchmark [EVENTS] [ROUNDS]

/// User CPU seconds of this process so far.
func userSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
}

/// The median of `rounds` measurements of `work`, and the least.
func measure(_ rounds: Int, _ work: () throws -> Void) rethrows -> (median: Double, least: Double) {
  var times: [Double] = []
  for _ in 0..<rounds {
    let start = userSeconds()
    try work()
    times.append(userSeconds() - start)
  }
  times.sort()
  return (times[rounds / 2], times[0])
}

/// Takes the bytes as a file would and keeps none.
final class CountingSink: TraceSink {
  private(set) var byteCount = 0

  func write(_ bytes: UnsafeRawBufferPointer) { byteCount += bytes.count }
}

/// A trace in memory that counts what is read of it.
final class CountingSource: TraceSource {
  private let source: MemoryTraceSource
  private(set) var byteCount: UInt64 = 0

  init(_ bytes: [UInt8]) { source = MemoryTraceSource(bytes) }

  var size: UInt64 { source.size }

  func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    byteCount += UInt64(count)
    return try source.read(at: offset, count: count)
  }
}

/// Events as a kernel under load makes them: interrupts at random instructions and their returns, allocations, pages mapped and flushed, output. Made
/// beforehand, so that only the writer is measured.
struct Workload {
  private(set) var events: [(delay: Clock, payload: Payload)] = []

  init(count: Int) {
    var random = SeededGenerator(seed: 1)
    var blocks: [(pointer: UInt64, size: UInt64)] = []
    while events.count < count {
      let rip = 0x20_0000 + UInt64.random(in: 0..<0x2_0000, using: &random)
      let delay = UInt64.random(in: 20..<2_000, using: &random)
      switch Int.random(in: 0..<16, using: &random) {
      case 0..<8:
        let line = UInt8.random(in: 0..<2, using: &random)
        events.append((delay, .interrupt(vector: 32 + line, source: .line(line), rip: rip)))
        events.append((110, .interruptReturn(vector: 32 + line, rip: rip, openAbove: 0)))
      case 8..<11:
        let size = UInt64(16) << UInt64.random(in: 0..<6, using: &random)
        let pointer = 0x4444_4444_0000 + UInt64.random(in: 0..<0x1000, using: &random) * 16
        let call = HeapCall(
          .allocate, pointer: pointer, size: size, alignment: 16, caller: 0x20_1000 + (rip & 0x700),
          allocator: "heap_allocate")
        events.append((delay, .heap(call)))
        blocks.append((pointer, size))
      case 11..<14:
        guard let block = blocks.popLast() else { continue }
        let call = HeapCall(
          .free, pointer: block.pointer, caller: 0x20_2000 + (rip & 0x300), allocator: "heap_deallocate")
        events.append((delay, .heap(call)))
      case 14:
        let page = 0x5555_0000_0000 + UInt64.random(in: 0..<64, using: &random) * 4_096
        let frame = PhysicalAddress(0x40_0000 + UInt64.random(in: 0..<64, using: &random) * 4_096)
        events.append((delay, .map(MapChange(.mapped, start: LinearAddress(page), physical: frame, flags: .writable))))
        events.append((2, .invalidatePage(LinearAddress(page))))
      default: events.append((delay, .serial(port: 0, bytes: [UInt8(truncatingIfNeeded: rip) | 0x20])))
      }
    }
  }

  /// Writes `count` events, the workload as often as that takes; the event `changed` is another.
  func write(_ count: Int, to sink: any TraceSink, changed: Int? = nil) throws {
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    var clock: Clock = 0
    var written = 0
    while written < count {
      for (delay, payload) in events.prefix(count - written) {
        clock += delay
        try writer.append(written == changed ? .exitValue(1) : payload, clock: clock)
        written += 1
      }
    }
    try writer.finish(RunEnd(reason: .debugExit, text: "end", steps: clock, clock: clock, exitValue: 16))
  }
}

/// `value` with as many decimals as say something.
func text(_ value: Double, _ decimals: Int) -> String {
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let number = Int((value * scale).rounded())
  guard decimals > 0 else { return String(number) }
  let digits = String(number % Int(scale))
  return "\(number / Int(scale)).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
}

func report(_ name: String, _ time: (median: Double, least: Double), count: Int) {
  let million = Double(count) / 1e6
  print(
    "| \(name) | \(text(million / time.median, 1)) | \(text(million / time.least, 1)) | \(text(time.median * 1e9 / Double(count), 0)) |"
  )
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let count = arguments.first ?? 10_000_000
let rounds = arguments.dropFirst().first ?? 7
let workload = Workload(count: 1 << 16)

let whole = MemoryTraceSink()
try workload.write(count, to: whole)
print("| \(count) events | million a second | at best | ns an event |")
print("|---|---|---|---|")
report("write and hash", try measure(rounds) { try workload.write(count, to: CountingSink()) }, count: count)
report(
  "read, verify and decode",
  try measure(rounds) {
    var events = try TraceReader(source: MemoryTraceSource(whole.bytes)).events()
    while try events.next() != nil {}
  }, count: count)
print()
print("\(whole.bytes.count) bytes, \(text(Double(whole.bytes.count) / Double(count), 2)) an event")

var most = 0.0
for place in [0, count / 3, count - 1] {
  let changed = MemoryTraceSink()
  try workload.write(count, to: changed, changed: place)
  let (left, right) = (CountingSource(whole.bytes), CountingSource(changed.bytes))
  let difference = try firstDifference(TraceReader(source: left), TraceReader(source: right))
  precondition(difference?.lines.isEmpty == false, "the changed event is found")
  for source in [left, right] { most = max(most, Double(source.byteCount) / Double(source.size)) }
}
print("first difference: at most \(text(most * 100, 2)) % of either trace read")
