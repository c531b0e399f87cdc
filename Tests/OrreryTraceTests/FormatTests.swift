import OrreryBase
import OrreryTrace
import Testing

/// A tiny trace byte by byte, put together by hand from docs/TRACE_FORMAT.md; only the hashes are computed, by the hash's own library.
@Suite struct FormatTests {
  private func u16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
  private func u32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  private func u64(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func hash(_ bytes: [UInt8]) -> [UInt8] {
    let hash = Hash128(of: bytes)
    return u64(hash.low) + u64(hash.high)
  }

  private let noHash = [UInt8](repeating: 0, count: 16)

  private func header() -> [UInt8] {
    let sections: [[UInt8]] = [
      text("pc-1"),
      // One setting.
      [1, 6] + text("memory") + [1] + text("1"),
      // Lanes 0 to 4, 6, 8; 2^26 in four groups of seven bits.
      [0x5F, 0x01, 0x80, 0x80, 0x80, 0x20],
      [1, 2, 3],
      text("t"),
      [],
    ]
    let lengths: [UInt64] = [4, 10, 6, 3, 1, 0]
    var table: [UInt8] = []
    for (index, section) in sections.enumerated() {
      table += u32(UInt32(index + 1)) + u32(0) + u64(lengths[index]) + hash(section)
    }
    // 48 + 6 · 32 + 24.
    let start: [UInt8] = [0x8F] + text("ORRERY") + [0x0A] + u32(1) + u32(6) + u64(264) + u64(0)
    return start + hash(start + table) + table + sections.flatMap { $0 }
  }

  /// Two events of lane 1 and one of lane 4.
  private let timeline: [UInt8] = [0x01, 0x21, 0x04]

  private let interrupts: [UInt8] = [
    // New shape, rip follows: vector 32 << 1, source 0, 0x100 zigzag 0x200.
    0x00, 0x40, 0x00, 0x80, 0x04,
    // New shape, rip as interrupted: 1 | 32 << 1, nothing open above.
    0x01, 0x41, 0x00,
  ]

  private let heap: [UInt8] = [
    // New shape, size follows: allocate, pointer aligned to 16; caller 0x2000 zigzag 0x4000; alignment 16; a new name of six letters.
    0x00, 0x00, 0x80, 0x80, 0x01, 0x10, 0x00, 0x06, 0x6D, 0x61, 0x6C, 0x6C, 0x6F, 0x63,
    // 64 bytes; pointer / 16 = 0x4_4444_4441, zigzag 0x8_8888_8882, in groups of seven: 02 11 22 44 08 01 from the lowest.
    0x40, 0x82, 0x91, 0xA2, 0xC4, 0x88, 0x01,
  ]

  private func chunk() -> (bytes: [UInt8], content: [UInt8], hash: [UInt8]) {
    var bytes = text("OCHK") + u32(184) + u32(32) + u32(3)
    bytes += u16(1 << 1 | 1 << 4) + u16(0) + u32(3)
    bytes += u64(0) + u64(0) + u64(5) + u64(7) + hash(timeline)
    bytes += u32(2) + u32(8) + hash(interrupts)
    bytes += u32(1) + u32(21) + hash(heap)
    let content = hash(bytes)
    bytes += noHash + hash(noHash + hash(interrupts)) + hash(noHash + hash(heap))
    let chunkHash = hash(bytes)
    return (bytes + chunkHash + timeline + interrupts + heap, content, chunkHash)
  }

  @Test func tinyTraceHasTheseBytes() throws {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(
      header: TraceHeader(
        revision: "pc-1", configuration: [TraceHeader.Setting("memory", "1")],
        lanes: LaneSet(rawValue: 0x15F), image: [1, 2, 3], scenarioName: "t"),
      sink: sink)
    try writer.append(.interrupt(vector: 32, source: .line(0), rip: 0x100), clock: 5)
    try writer.append(.interruptReturn(vector: 32, rip: 0x100, openAbove: 0), clock: 7)
    try writer.append(
      .heap(
        HeapCall(.allocate, pointer: 0x44_4444_4410, size: 64, alignment: 16, caller: 0x2000, allocator: "malloc")),
      clock: 7)
    try writer.finish(RunEnd(reason: .debugExit, text: "x", steps: 300, clock: 9, exitValue: 16, reports: ["r"]))

    let header = header()
    #expect(Array(sink.bytes.prefix(264)) == header)
    let (chunk, content, chunkHash) = chunk()
    // 184 + 32 bytes.
    try #require(chunk.count == 216)
    #expect(Array(sink.bytes[264..<480]) == chunk)

    // Seven lanes: 16 + (48 + 7 · 16) + 16 = 192.
    var index = text("OIDX") + u32(192) + u16(1) + u16(0x15F) + u32(1)
    index += u64(0) + u64(216) + u64(0) + u64(5) + content
    index += noHash + hash(interrupts) + noHash + noHash + hash(heap) + noHash + noHash
    let root = hash(index)
    index += root
    #expect(Array(sink.bytes[480..<672]) == index)

    // 300 is AC 02 as a varint.
    let body: [UInt8] = u64(3) + u64(1) + chunkHash + [1, 1, 0x78, 0xAC, 0x02, 9, 1, 16, 1, 1, 0x72]
    var end = text("OEND") + u32(UInt32(8 + body.count + 16)) + body
    let endHash = hash(end)
    end += endHash
    #expect(Array(sink.bytes[672..<672 + end.count]) == end)

    var trailer = text("OTRL") + u32(120) + u64(264) + u64(672) + u64(216) + u64(192) + u64(1) + u64(3)
    trailer += Array(header[32..<48]) + root + endHash
    trailer += hash(trailer)
    #expect(Array(sink.bytes.suffix(120)) == trailer)
    #expect(sink.bytes.count == 672 + end.count + 120)
  }

  @Test func repeatedEventsTakeFewBytes() throws {
    // A tick of an idle machine: shape and flag in one byte each, the clock four bytes and one.
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    let header = sink.bytes.count
    for tick in 1...1_000 as ClosedRange<UInt64> {
      try writer.append(.interrupt(vector: 32, source: .line(0), rip: 0x100), clock: tick * 1_000_000)
      try writer.append(.interruptReturn(vector: 32, rip: 0x100, openAbove: 0), clock: tick * 1_000_000 + 60)
    }
    try writer.flush()
    // 60 << 4 takes two bytes; 1,000,000 − 60 shifted takes four. Chunk headers and first descriptions come on top.
    #expect(sink.bytes.count - header <= 1_000 * (4 + 1 + 2 + 1) + 200)
  }
}
