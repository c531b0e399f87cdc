import Foundation
import OrreryHost
import Testing

/// Both ways to reach page tables do the same to the memory map, but for where the tables and what is known by its physical address are seen.
@Suite struct PagingWaysTests {
  /// What only one of the ways maps: all physical memory, or the screen, the bits of free frames, and the root table into itself.
  private static let own = [
    "map 0x1000_0000_0000 +64 MiB ", "map 0x1000_000b_8000 +4 KiB ", "map 0x2000_0000_0000 +4 KiB ",
    "recursive entry made at 0xffff_ff80_0000_0000",
  ]

  /// The lines of a section of a golden, without numbers of frames: more frames hold tables in one way than in the other.
  private func lines(_ section: String, of name: String) throws -> [String] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "traces/\(name)/golden.txt").path
    let rows = try InputFile.text(of: folder, limit: 1 << 20).split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(rows.firstIndex(of: section[...]))
    return rows[(start + 1)...].prefix { !$0.isEmpty }.map { row in
      row.dropFirst(2).split(separator: " ").filter { !$0.hasPrefix("#f") }.joined(separator: " ")
    }
  }

  @Test func theMapChangesInTheSameWay() throws {
    let atOffset = try lines("map, main", of: "paging-offset")
    let recursive = try lines("map, main", of: "paging-recursive")
    func isOwn(_ line: String) -> Bool { Self.own.contains { line.hasPrefix($0) } }
    #expect(atOffset.filter { !isOwn($0) } == recursive.filter { !isOwn($0) })
    #expect(atOffset.count(where: isOwn) == 1 && recursive.count(where: isOwn) == 3)
    #expect(atOffset.count > 20)
  }

  @Test func theTestsSayTheSame() throws {
    for section in ["exception, main", "output, COM1, main"] {
      #expect(try lines(section, of: "paging-offset") == lines(section, of: "paging-recursive"))
    }
  }
}
