import OrreryBase
import OrreryTrace
import Testing

/// Modules in the header: section 7, which only runs that have some have, and which makes the format version 2.
@Suite struct ModuleTests {
  private func trace(_ modules: [TraceHeader.Module]) throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let header = TraceHeader(revision: "pc-1", image: [1, 2, 3], modules: modules, scenario: "stop at 1 ms\n")
    let writer = try TraceWriter(header: header, sink: sink)
    try writer.append(.mark(text: [0x61]), clock: 5)
    try writer.finish(RunEnd(reason: .powerOff, text: "power off", steps: 6, clock: 6))
    return sink.bytes
  }

  private let modules = [
    TraceHeader.Module(string: Array("first one".utf8), bytes: [UInt8](repeating: 7, count: 300)),
    TraceHeader.Module(string: [0xFF, 0xFE], bytes: []),
  ]

  @Test func modulesAreReadAsTheyWereWritten() throws {
    let bytes = try trace(modules)
    let reader = try TraceReader(source: MemoryTraceSource(bytes))
    #expect(try reader.header().modules == modules)
    #expect(try reader.header().scenario == "stop at 1 ms\n")
    #expect(try reader.verify().isEmpty)
    #expect(reader.damage.isEmpty)
  }

  @Test func theVersionIsTwoOnlyWithModules() throws {
    #expect(try trace([])[8..<16] == [1, 0, 0, 0, 6, 0, 0, 0])
    #expect(try trace(modules)[8..<16] == [2, 0, 0, 0, 7, 0, 0, 0])
  }

  /// The section by hand: a count, then string and bytes of each with their counts.
  @Test func theSectionIsAsDocumented() throws {
    let bytes = try trace([TraceHeader.Module(string: [0x61], bytes: [1, 2])])
    let table = 48 + 6 * 32
    #expect(bytes[table..<table + 16] == [7, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0])
    let length = Int(bytes[16]) | Int(bytes[17]) << 8
    #expect(bytes[length - 6..<length] == [1, 1, 0x61, 2, 1, 2])
  }

  @Test func everyChangedByteOfTheHeaderIsFound() throws {
    let bytes = try trace(modules)
    let length = Int(bytes[16]) | Int(bytes[17]) << 8
    for offset in 48..<length {
      var damaged = bytes
      damaged[offset] ^= 0x10
      let reader = try TraceReader(source: MemoryTraceSource(damaged))
      #expect(try !reader.verify().isEmpty, "offset \(offset)")
    }
  }
}
