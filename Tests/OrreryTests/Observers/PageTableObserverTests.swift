import OrreryBase
import OrreryTrace
import Testing

@testable import Orrery

/// Page tables in a small physical memory, which writes the records that the machine would.
private struct FakeTables {
  var observer = PageTableObserver()
  var events = ObservedEvents()
  var clock: Clock = 0
  var frames: [UInt64: [UInt64]] = [:]
  var listed: Set<UInt64> = []

  /// The whole tree is listed when it is loaded, as by a machine that watches no table yet.
  mutating func load(root: UInt64, mode: PagingMode = .fourLevel) {
    clock += 1
    observer.observeAddressSpace(ProbeRecord(.addressSpace, clock: clock, rip: 0, root, mode.rawValue), into: &events)
    listed = []
    if mode == .fourLevel { list(root, level: 4) }
    finish()
  }

  /// Lists `frame` and the tables under it, in the step at `clock`; each once.
  mutating func list(_ frame: UInt64, level: UInt8) {
    guard listed.insert(frame).inserted else { return }
    observer.observeTablePage(
      ProbeRecord(.tablePage, detail: UInt32(level), clock: clock, rip: 0, frame), into: &events)
    let entries = frames[frame] ?? []
    for (index, entry) in entries.enumerated() where entry != 0 {
      observer.observeTableEntry(
        ProbeRecord(.tableEntry, detail: 1, clock: clock, rip: 0, frame + 8 * UInt64(index), 0, entry), into: &events)
    }
    guard level > 1 else { return }
    for entry in entries where entry & 1 == 1 && (level == 4 || entry & 0x80 == 0) {
      list(entry & 0x000F_FFFF_FFFF_F000, level: level - 1)
    }
  }

  /// A store to a live table; `linking` is the level of the table that the new entry makes live.
  mutating func store(_ frame: UInt64, _ index: Int, _ entry: UInt64, linking level: UInt8? = nil) {
    clock += 1
    let old = frames[frame, default: Self.empty][index]
    frames[frame, default: Self.empty][index] = entry
    observer.observeTableEntry(
      ProbeRecord(.tableEntry, clock: clock, rip: 0, frame + 8 * UInt64(index), old, entry), into: &events)
    listed = []
    if let level { list(entry & 0x000F_FFFF_FFFF_F000, level: level) }
    finish()
  }

  mutating func set(_ frame: UInt64, _ index: Int, _ entry: UInt64) {
    frames[frame, default: Self.empty][index] = entry
  }

  mutating func finish() { observer.finishStep(into: &events) }

  mutating func take() -> [Payload] {
    defer { events.removeAll() }
    return events.entries.map(\.payload)
  }

  static let empty = [UInt64](repeating: 0, count: 512)

  /// A tree of one path: 0x1000 → 0x2000 → 0x3000 → 0x4000, with every entry present, writable and for users.
  static func onePath() -> FakeTables {
    var tables = FakeTables()
    tables.set(0x1000, 0, 0x2007)
    tables.set(0x2000, 0, 0x3007)
    tables.set(0x3000, 0, 0x4007)
    tables.set(0x4000, 0, 0)
    return tables
  }
}

private func mapped(
  _ start: UInt64, pages: UInt64 = 1, size: PageSize = .fourKiB, to physical: UInt64, _ flags: PageFlags,
  aliases: [UInt64] = []
) -> Payload {
  .map(
    MapChange(
      .mapped, start: LinearAddress(start), pageCount: pages, pageSize: size, physical: PhysicalAddress(physical),
      flags: flags, aliases: aliases.map { LinearAddress($0) }))
}

private func unmapped(
  _ start: UInt64, pages: UInt64 = 1, size: PageSize = .fourKiB, from physical: UInt64, _ flags: PageFlags,
  aliases: [UInt64] = []
) -> Payload {
  .map(
    MapChange(
      .unmapped, start: LinearAddress(start), pageCount: pages, pageSize: size, physical: PhysicalAddress(physical),
      flags: flags, aliases: aliases.map { LinearAddress($0) }))
}

private func switched(to root: UInt64) -> Payload { .addressSpace(root: PhysicalAddress(root), mode: .fourLevel) }

@Suite struct PageTableObserverTests {
  @Test func loadingARootReportsRunsOfLikePagesAsOneRange() {
    var tables = FakeTables.onePath()
    for index in 1...5 { tables.set(0x4000, index, 0x10_0000 + UInt64(index) * 0x1000 | 3) }
    tables.set(0x4000, 6, 0x20_0001)
    tables.load(root: 0x1000)
    #expect(
      tables.take() == [
        switched(to: 0x1000), mapped(0x1000, pages: 5, to: 0x10_1000, .writable), mapped(0x6000, to: 0x20_0000, []),
      ])
  }

  @Test func rangesGoOnFromOneTableToTheNext() {
    var tables = FakeTables()
    tables.set(0x1000, 0, 0x2003)
    tables.set(0x2000, 0, 0x3003)
    tables.set(0x2000, 1, 0x4003)
    for index in 0..<512 {
      tables.set(0x3000, index, UInt64(index) << 21 | 0x83)
      tables.set(0x4000, index, UInt64(index + 512) << 21 | 0x83)
    }
    tables.load(root: 0x1000)
    #expect(tables.take() == [switched(to: 0x1000), mapped(0, pages: 1024, size: .twoMiB, to: 0, .writable)])
  }

  @Test func aStoreToALiveTableIsOneEvent() {
    var tables = FakeTables.onePath()
    tables.load(root: 0x1000)
    _ = tables.take()
    tables.store(0x4000, 7, 0x9003)
    tables.store(0x4000, 8, 0xA003)
    tables.store(0x4000, 7, 0)
    #expect(
      tables.take() == [
        mapped(0x7000, to: 0x9000, .writable), mapped(0x8000, to: 0xA000, .writable),
        unmapped(0x7000, from: 0x9000, .writable),
      ])
  }

  @Test func permissionsCombineAllLevels() {
    var tables = FakeTables()
    tables.set(0x1000, 511, 0x8000_0000_0000_2003)  // no execute, supervisor
    tables.set(0x2000, 510, 0x3005)  // read only
    tables.set(0x3000, 1, 0x4007)
    tables.set(0x4000, 2, 0x11_1107 | 1 << 3 | 1 << 4)
    tables.load(root: 0x1000)
    // 511 << 39 | 510 << 30 | 1 << 21 | 2 << 12, sign-extended.
    #expect(
      tables.take() == [
        switched(to: 0x1000),
        mapped(0xFFFF_FFFF_8020_2000, to: 0x11_1000, [.noExecute, .writeThrough, .cacheDisable, .global]),
      ])
  }

  @Test func aPermissionAboveChangesEveryPageBelow() {
    var tables = FakeTables.onePath()
    for index in 0..<3 { tables.set(0x4000, index, 0x10_0000 + UInt64(index) * 0x1000 | 7) }
    tables.load(root: 0x1000)
    _ = tables.take()
    tables.store(0x3000, 0, 0x4005)
    #expect(
      tables.take() == [
        .map(
          MapChange(
            .permission, start: LinearAddress(0), pageCount: 3, physical: PhysicalAddress(0x10_0000), flags: .user,
            previousFlags: [.user, .writable]))
      ])
  }

  @Test func otherFrameIsARemapAndOtherBitsAreNoChange() {
    var tables = FakeTables.onePath()
    tables.set(0x4000, 0, 0x10_0003)
    tables.load(root: 0x1000)
    _ = tables.take()
    tables.store(0x4000, 0, 0x10_0003 | 1 << 9)  // a bit for software
    #expect(tables.take() == [])
    tables.store(0x4000, 0, 0x20_0001)
    #expect(
      tables.take() == [
        .map(
          MapChange(
            .remapped, start: LinearAddress(0), physical: PhysicalAddress(0x20_0000), flags: [],
            previousPhysical: PhysicalAddress(0x10_0000), previousFlags: .writable))
      ])
  }

  @Test func aFullTableLinkedAtOnceIsReportedWhole() {
    var tables = FakeTables.onePath()
    tables.load(root: 0x1000)
    _ = tables.take()
    for index in 0..<512 { tables.set(0x5000, index, 0x40_0000 + UInt64(index) << 12 | 3) }
    tables.store(0x3000, 1, 0x5003, linking: 1)
    #expect(tables.take() == [mapped(0x20_0000, pages: 512, to: 0x40_0000, .writable)])
    tables.store(0x3000, 1, 0)
    #expect(tables.take() == [unmapped(0x20_0000, pages: 512, from: 0x40_0000, .writable)])
  }

  @Test func splittingALargePageShowsBothSizes() {
    var tables = FakeTables.onePath()
    tables.set(0x3000, 1, 0x40_0083)
    tables.load(root: 0x1000)
    _ = tables.take()
    for index in 0..<512 { tables.set(0x5000, index, 0x40_0000 + UInt64(index) << 12 | 3) }
    tables.store(0x3000, 1, 0x5003, linking: 1)
    #expect(
      tables.take() == [
        unmapped(0x20_0000, size: .twoMiB, from: 0x40_0000, .writable),
        mapped(0x20_0000, pages: 512, to: 0x40_0000, .writable),
      ])
  }

  @Test func aRecursiveEntryIsOneEventAndNotDescended() {
    var tables = FakeTables.onePath()
    tables.set(0x4000, 0, 0x10_0003)
    tables.set(0x1000, 510, 0x1003)
    tables.load(root: 0x1000)
    let recursive = RecursiveEntry(
      start: LinearAddress(0xFFFF_FF00_0000_0000), level: 4, table: PhysicalAddress(0x1000), isPresent: true)
    #expect(tables.take() == [switched(to: 0x1000), mapped(0, to: 0x10_0000, .writable), .recursive(recursive)])
    tables.store(0x1000, 510, 0)
    var gone = recursive
    gone.isPresent = false
    #expect(tables.take() == [.recursive(gone)])
  }

  @Test func aSharedTableIsReportedOnceWithItsAliases() {
    var tables = FakeTables.onePath()
    tables.set(0x1000, 256, 0x2007)
    tables.set(0x4000, 1, 0x10_0003)
    tables.load(root: 0x1000)
    let alias: UInt64 = 0xFFFF_8000_0000_1000
    #expect(tables.take() == [switched(to: 0x1000), mapped(0x1000, to: 0x10_0000, .writable, aliases: [alias])])
    tables.store(0x4000, 2, 0x20_0003)
    #expect(tables.take() == [mapped(0x2000, to: 0x20_0000, .writable, aliases: [alias + 0x1000])])
  }

  @Test func linkingASecondPlaceOfALiveTableMapsOnlyThat() {
    var tables = FakeTables.onePath()
    tables.set(0x4000, 1, 0x10_0003)
    tables.load(root: 0x1000)
    _ = tables.take()
    tables.store(0x1000, 256, 0x2007)
    #expect(tables.take() == [mapped(0xFFFF_8000_0000_1000, to: 0x10_0000, .writable)])
    tables.store(0x1000, 256, 0)
    #expect(tables.take() == [unmapped(0xFFFF_8000_0000_1000, from: 0x10_0000, .writable)])
  }

  @Test func aRootLoadedAgainIsComparedWithItself() {
    var tables = FakeTables.onePath()
    tables.set(0x4000, 1, 0x10_0003)
    // A second root that shares the lower tables and has one of its own.
    tables.set(0x8000, 0, 0x2007)
    tables.set(0x8000, 1, 0x9007)
    tables.set(0x9000, 0, 0x8000_0083)
    tables.load(root: 0x1000)
    tables.load(root: 0x8000)
    #expect(
      tables.take() == [
        switched(to: 0x1000), mapped(0x1000, to: 0x10_0000, .writable), switched(to: 0x8000),
        mapped(0x1000, to: 0x10_0000, .writable),
        mapped(0x80_0000_0000, size: .oneGiB, to: 0x8000_0000, .writable),
      ])
    tables.load(root: 0x1000)
    #expect(tables.take() == [switched(to: 0x1000)])
    tables.store(0x4000, 2, 0x20_0003)
    _ = tables.take()
    tables.load(root: 0x8000)
    #expect(tables.take() == [switched(to: 0x8000), mapped(0x2000, to: 0x20_0000, .writable)])
  }

  @Test func loadingTheSameRootIsOnlyASwitch() {
    var tables = FakeTables.onePath()
    tables.set(0x4000, 1, 0x10_0003)
    tables.load(root: 0x1000)
    _ = tables.take()
    tables.load(root: 0x1000)
    #expect(tables.take() == [switched(to: 0x1000)])
  }

  @Test func aRootLeftLongAgoIsForgottenAndReportedWhole() {
    var tables = FakeTables()
    let roots = (0...PageTableObserver.rootLimit + 1).map { 0x10_0000 + UInt64($0) * 0x1_0000 }
    for root in roots {
      tables.set(root, 0, root + 0x1003)
      tables.set(root + 0x1000, 0, root << 30 | 0x83)
      tables.load(root: root)
    }
    _ = tables.take()
    tables.load(root: roots[0])
    #expect(tables.take().count == 2)
    tables.load(root: roots[roots.count - 2])
    #expect(tables.take() == [switched(to: roots[roots.count - 2])])
  }

  @Test func moreRangesThanTheBudgetAreOneBulkEvent() {
    func load(permute: Bool) -> [Payload] {
      var tables = FakeTables.onePath()
      for table in 0..<3 {
        let frame = UInt64(0x10_0000 + table * 0x1000)
        tables.set(0x3000, table, frame | 7)
        for index in 0..<512 {
          let page = UInt64(512 * table + (permute ? index ^ 1 : 511 - index))
          tables.set(frame, index, 0x100_0000 + page * 0x1000 | 3)
        }
      }
      tables.load(root: 0x1000)
      return tables.take()
    }
    let (one, again, other) = (load(permute: false), load(permute: false), load(permute: true))
    #expect(one == again)
    #expect(one.count == 2 && other.count == 2)
    guard case .bulk(let count, let hash) = one[1], case .bulk(let otherCount, let otherHash) = other[1] else {
      Issue.record("expected bulk events")
      return
    }
    #expect(count == 1536 && otherCount == 1536)
    #expect(hash != otherHash)
  }

  @Test func pagingOffEndsTheLane() {
    var tables = FakeTables.onePath()
    tables.set(0x4000, 1, 0x10_0003)
    tables.load(root: 0x1000)
    tables.load(root: 0, mode: .off)
    _ = tables.take()
    tables.load(root: 0x1000)
    #expect(tables.take() == [switched(to: 0x1000)])
  }

  @Test func tablesThatShareThemselvesAtEveryLevelEndTheWalk() {
    // 512 entries of each table lead to one table of the next level: 2^36 pages, each table read once.
    var tables = FakeTables()
    for index in 0..<512 {
      tables.set(0x1000, index, 0x2007)
      tables.set(0x2000, index, 0x3007)
      tables.set(0x3000, index, 0x4007)
      tables.set(0x4000, index, 0x10_0003)
    }
    tables.load(root: 0x1000)
    let payloads = tables.take()
    #expect(payloads.count == 513)
    guard case .map(let change) = payloads[1] else {
      Issue.record("expected a range")
      return
    }
    #expect(change.aliases.count == TablePlacements.aliasLimit)
  }

  @Test func aCopyGoesOnAsTheOriginal() {
    var tables = FakeTables.onePath()
    tables.load(root: 0x1000)
    var copy = tables
    for index in 1..<20 {
      tables.store(0x4000, index, UInt64(index) << 20 | 3)
      copy.store(0x4000, index, UInt64(index) << 20 | 3)
    }
    #expect(tables.take() == copy.take())
  }
}
