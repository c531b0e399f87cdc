import Foundation
import Testing

@testable import OrreryMachine

/// The ports that docs/MACHINE.md lists are those that do not stop the run.
@Suite struct PortTableTests {
  private struct Missing: Error {}

  /// The ports of the section "Ports": single ones and ranges, in backquotes.
  private static func documentedPorts() throws -> Set<UInt16> {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/MACHINE.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    guard let start = text.range(of: "## Ports\n"), let end = text[start.upperBound...].range(of: "\n## ") else {
      throw Missing()
    }
    var ports: Set<UInt16> = []
    for match in text[start.upperBound..<end.lowerBound].matches(of: /`0x([0-9A-F]+)`(?:…`0x([0-9A-F]+)`)?/) {
      let first = try #require(UInt16(match.1, radix: 16))
      let last = try match.2.map { try #require(UInt16($0, radix: 16)) } ?? first
      ports.formUnion(first...last)
    }
    return ports
  }

  @Test func everyPortIsListedOrStopsTheRun() throws {
    let documented = try Self.documentedPorts()
    #expect(documented.count > 100)
    let bench = BoardBench()
    for port in UInt16.min...UInt16.max {
      let isModelled = bench.board.readPort(port, size: 1, clock: 0) != nil
      #expect(isModelled == documented.contains(port), "port \(String(port, radix: 16))")
    }
  }
}
