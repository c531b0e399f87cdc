import KernelLogic
import Testing

struct RecursiveTableTests {
  /// With the last entry (0o777) the tables of address 0 begin at these well-known places: each level adds one 0o777.
  @Test(
    arguments: [
      (1, 0xffff_ff80_0000_0000), (2, 0xffff_ffff_c000_0000), (3, 0xffff_ffff_ffe0_0000), (4, 0xffff_ffff_ffff_f000),
    ] as [(Int, UInt64)])
  func theFirstTablesLieWhereTheLastEntryLeads(_ level: Int, _ address: UInt64) {
    let table = RecursiveTable(index: 0o777)
    #expect(table.tableAddress(level: level, of: LinearAddress(0)) == LinearAddress(address))
    #expect(table.entryAddress(level: level, of: LinearAddress(0)) == LinearAddress(address))
  }

  /// The indices of an address, written as octal digits in threes, move one place to the right for each level.
  @Test func indicesMoveDownOnePlaceForEachLevel() {
    let address = LinearAddress(0o111_222_333_444_5555)
    let table = RecursiveTable(index: 0o300)
    #expect(table.entryAddress(level: 1, of: address).rawValue == 0o300_111_222_333_0000 | 0o444 * 8 | signs)
    #expect(table.entryAddress(level: 2, of: address).rawValue == 0o300_300_111_222_0000 | 0o333 * 8 | signs)
    #expect(table.entryAddress(level: 3, of: address).rawValue == 0o300_300_300_111_0000 | 0o222 * 8 | signs)
    #expect(table.entryAddress(level: 4, of: address).rawValue == 0o300_300_300_300_0000 | 0o111 * 8 | signs)
  }
  /// Entry 0o300 lies in the lower half: bit 47 is clear.
  private var signs: UInt64 { 0 }

  /// What the processor does with the address: it walks, and must end at the table that holds the entry.
  @Test(arguments: [0o777, 0o525, 0o001, 0o377] as [UInt64])
  func aWalkToTheEntryEndsInItsTable(_ index: UInt64) throws {
    let tables = SimulatedPageTables()
    let mapper = Mapper(root: Frame(number: 0), memory: tables)
    var frames = CountedFrames()
    let page = LinearAddress(0x4444_4444_0000)
    try mapper.map(page, to: PhysicalAddress(0x7777_7000), .writable, frames: &frames)
    let last = LinearAddress(index << 39)
    tables.setEntry(PageTableEntry(PhysicalAddress(0), .table), level: 4, of: last, table: Frame(number: 0))
    let recursive = RecursiveTable(index: index)
    // `CountedFrames` gives frame 1 to level 3, 2 to level 2, 3 to level 1; the root is frame 0.
    for (level, table) in [(4, 0), (3, 1), (2, 2), (1, 3)] as [(Int, UInt64)] {
      let seen = try #require(mapper.translate(recursive.entryAddress(level: level, of: page)))
      let slot = UInt64(page.tableIndex(level: level)) * 8
      #expect(seen.address == PhysicalAddress(table * 4096 + slot))
    }
  }
}
