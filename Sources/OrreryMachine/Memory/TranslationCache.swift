/// A translation as the page walker found it, kept behind the engine's TLB.
struct Translation {
  /// Linear address of the page; `TLBEntry.invalidTag` for none.
  var linearPage: UInt64 = TLBEntry.invalidTag
  var physicalPage: UInt64 = 0
  var generation: UInt32 = 0
  var rights: TranslationRights = []
}

/// What the page-table entries on the way allow.
struct TranslationRights: OptionSet {
  var rawValue: UInt8

  static let user = TranslationRights(rawValue: 1 << 0)
  static let writable = TranslationRights(rawValue: 1 << 1)
  /// The dirty bit is set in the last entry, so that a store needs no walk.
  static let dirty = TranslationRights(rawValue: 1 << 2)
  static let noExecute = TranslationRights(rawValue: 1 << 3)
  /// The accessed bits are set in all entries, so that a walk changes nothing.
  static let accessed = TranslationRights(rawValue: 1 << 4)
  /// Kept when CR3 is loaded.
  static let global = TranslationRights(rawValue: 1 << 5)
  /// The page has 2 MiB, or 4 MiB in two-level paging.
  static let large = TranslationRights(rawValue: 1 << 6)
  /// The page has 1 GiB.
  static let huge = TranslationRights(rawValue: 1 << 7)
  /// What each entry on the way may take away: `user`, `writable` and `accessed`, as a number, so that a walk builds no list of them.
  static let beforeWalk = TranslationRights(rawValue: 1 << 0 | 1 << 1 | 1 << 4)
}

/// How the page walker used a table page for translations that may still be cached.
private struct TableUse {
  var frame: UInt64
  var generation: UInt32 = 0
  /// 1 for the table whose entries map pages, up to 4; 0 when used in more ways than one is kept.
  var level: UInt8 = 0
  /// Linear address that the first entry translates.
  var base: UInt64 = 0
}

/// The two TLBs of the engine's inline path and a larger set-associative one behind them, so that buffers at equal distances do not thrash.
///
/// Flushing costs what was filled. Nothing of it can be observed by the guest: a store to a table that a cached translation came from takes the
/// translation away at once. With `tlb=stale` the TLBs of the inline path hold what `model` holds, and the one behind them is used only while paging is off.
struct TranslationCache: ~Copyable {
  private static let setCount = 512
  private static let slotCount = TLBEntry.count * 2

  /// Supervisor entries, then user entries.
  let slots: UnsafeMutablePointer<TLBEntry>
  /// Never filled: in use while every access must be looked at (alignment checking).
  let empty: UnsafeMutablePointer<TLBEntry>
  private let second: UnsafeMutablePointer<Translation>
  private var generation: UInt32 = 1
  /// Slots filled since the last flush, a bit each.
  private var filled: InlineArray<8, UInt64> = .init(repeating: 0)
  /// Pages that instructions were fetched from since the block cache last forgot its translations: a bit for each value of a hash.
  private var fetched: InlineArray<64, UInt64> = .init(repeating: 0)
  /// Slots with write tags for video memory.
  private var videoSlots: [UInt16] = []
  private var tableUses: [TableUse] = []
  /// For each frame its index in `tableUses` plus one.
  private let tableUseIndex: UnsafeMutableBufferPointer<UInt32>
  /// The TLBs of `tlb=stale`.
  let model: UnsafeMutablePointer<ModelledTLB>?

  init(memorySize: UInt64, tlb: MachineConfiguration.TLBModel) {
    slots = .allocate(capacity: Self.slotCount)
    slots.initialize(repeating: TLBEntry(), count: Self.slotCount)
    empty = .allocate(capacity: TLBEntry.count)
    empty.initialize(repeating: TLBEntry(), count: TLBEntry.count)
    second = .allocate(capacity: Self.setCount * 2)
    second.initialize(repeating: Translation(), count: Self.setCount * 2)
    tableUseIndex = .allocate(capacity: Int(memorySize >> 12))
    tableUseIndex.initialize(repeating: 0)
    model = tlb == .stale ? .allocate(capacity: 1) : nil
    model?.initialize(to: ModelledTLB())
  }

  func deallocate() {
    slots.deallocate()
    empty.deallocate()
    second.deallocate()
    tableUseIndex.deallocate()
    if let model {
      model.pointee.deallocate()
      model.deinitialize(count: 1).deallocate()
    }
  }

  var supervisor: UnsafeMutablePointer<TLBEntry> { slots }
  var user: UnsafeMutablePointer<TLBEntry> { slots + TLBEntry.count }

  // MARK: The engine's entries

  /// Makes the inline path hit for the page of `linear`. `host` is the page's host address.
  mutating func fill(
    _ linear: UInt64, isUser: Bool, physicalPage: UInt64, host: UnsafeMutableRawPointer, isWritable: Bool
  ) {
    let slot = TLBEntry.slot(of: linear) + (isUser ? TLBEntry.count : 0)
    let page = linear & ~0xFFF
    filled[slot >> 6] |= 1 << UInt64(slot & 63)
    slots[slot] = TLBEntry(
      readTag: page, writeTag: isWritable ? page : TLBEntry.invalidTag,
      addend: UInt64(UInt(bitPattern: host)) &- page, physicalPage: physicalPage)
  }

  /// Remembers that the entry just filled for `linear` has a write tag for video memory.
  mutating func noteVideoWriteTag(_ linear: UInt64, isUser: Bool) {
    videoSlots.append(UInt16(TLBEntry.slot(of: linear)) + (isUser ? UInt16(TLBEntry.count) : 0))
    if videoSlots.count > Self.slotCount { dropVideoWriteTags() }
  }

  /// The next store to each page of video memory is seen again.
  mutating func dropVideoWriteTags() {
    for slot in videoSlots where slots[Int(slot)].physicalPage >> 15 == 0xB8000 >> 15 {
      slots[Int(slot)].writeTag = TLBEntry.invalidTag
    }
    videoSlots.removeAll(keepingCapacity: true)
  }

  mutating func dropWriteTags() {
    forEachFilledSlot { slots[$0].writeTag = TLBEntry.invalidTag }
    videoSlots.removeAll(keepingCapacity: true)
  }

  func dropWriteTags(ofPage physicalPage: UInt64) {
    forEachFilledSlot { slot in
      if slots[slot].physicalPage == physicalPage { slots[slot].writeTag = TLBEntry.invalidTag }
    }
  }

  @inline(__always)
  private func forEachFilledSlot(_ body: (Int) -> Void) {
    for word in 0..<8 {
      var bits = filled[word]
      while bits != 0 {
        body(word << 6 + bits.trailingZeroBitCount)
        bits &= bits &- 1
      }
    }
  }

  // MARK: The entries behind them

  @inline(__always)
  private func set(of linear: UInt64) -> UnsafeMutablePointer<Translation> {
    let page = linear >> 12
    return second + Int((page ^ page >> 9 ^ page >> 18) & UInt64(Self.setCount - 1)) << 1
  }

  @inline(__always)
  func lookUp(_ linear: UInt64) -> Translation? {
    let pair = set(of: linear)
    let page = linear & ~0xFFF
    if pair[0].linearPage == page && pair[0].generation == generation { return pair[0] }
    if pair[1].linearPage == page && pair[1].generation == generation { return pair[1] }
    return nil
  }

  mutating func insert(_ linear: UInt64, physicalPage: UInt64, rights: TranslationRights) {
    let pair = set(of: linear)
    let page = linear & ~0xFFF
    if !(pair[0].linearPage == page || pair[0].generation != generation) { pair[1] = pair[0] }
    pair[0] = Translation(linearPage: page, physicalPage: physicalPage, generation: generation, rights: rights)
  }

  // MARK: Forgetting

  /// Makes the inline path miss everywhere.
  mutating func forgetSlots() {
    forEachFilledSlot { slots[$0] = TLBEntry() }
    filled = .init(repeating: 0)
    videoSlots.removeAll(keepingCapacity: true)
  }

  /// Forgets every translation.
  mutating func flush() {
    forgetSlots()
    fetched = .init(repeating: 0)
    if generation == .max {
      second.update(repeating: Translation(), count: Self.setCount * 2)
      for index in tableUses.indices { tableUses[index].generation = 0 }
      generation = 0
    }
    generation += 1
  }

  /// Forgets the translation of one page. Returns whether instructions may have been fetched through it.
  mutating func invalidate(_ linear: UInt64) -> Bool {
    let page = linear & ~0xFFF
    let slot = TLBEntry.slot(of: linear)
    if slots[slot].readTag == page || slots[slot].writeTag == page { slots[slot] = TLBEntry() }
    let userSlot = slot + TLBEntry.count
    if slots[userSlot].readTag == page || slots[userSlot].writeTag == page { slots[userSlot] = TLBEntry() }
    let pair = set(of: linear)
    if pair[0].linearPage == page { pair[0] = Translation() }
    if pair[1].linearPage == page { pair[1] = Translation() }
    let hash = fetchHash(linear)
    return fetched[hash >> 6] >> UInt64(hash & 63) & 1 != 0
  }

  // MARK: Instruction fetches

  private func fetchHash(_ linear: UInt64) -> Int {
    Int(truncatingIfNeeded: ((linear >> 12) &* 0x9E37_79B9_7F4A_7C15) >> 52)
  }

  mutating func noteFetch(_ linear: UInt64) {
    let hash = fetchHash(linear)
    fetched[hash >> 6] |= 1 << UInt64(hash & 63)
  }

  /// To be called when the block cache forgot its translations.
  mutating func forgetFetches() { fetched = .init(repeating: 0) }

  // MARK: Tables

  /// Whether `noteTable` would change nothing.
  @inline(__always)
  func hasNoted(frame: UInt64, level: UInt8, base: UInt64) -> Bool {
    let index = Int(tableUseIndex[Int(frame)]) - 1
    guard index >= 0 else { return false }
    let use = tableUses[index]
    return use.generation == generation && use.level == level && use.base == base
  }

  /// Notes that a translation to be cached was read from a table page. `level` 0 means that its entries cannot be attributed to single pages.
  mutating func noteTable(frame: UInt64, level: UInt8, base: UInt64) {
    let index = Int(tableUseIndex[Int(frame)]) - 1
    guard index >= 0 else {
      tableUses.append(TableUse(frame: frame, generation: generation, level: level, base: base))
      tableUseIndex[Int(frame)] = UInt32(tableUses.count)
      return
    }
    if tableUses[index].generation != generation {
      tableUses[index] = TableUse(frame: frame, generation: generation, level: level, base: base)
    } else if tableUses[index].level != level || tableUses[index].base != base {
      tableUses[index].level = 0
    }
  }

  /// What a change of a present entry takes away.
  enum Consequence {
    /// No translation still cached came from this table page.
    case unused
    /// The translation of one page at this linear address.
    case page(UInt64)
    case everything
  }

  @inline(__always)
  func consequence(ofChangeIn frame: UInt64, entryIndex: UInt64) -> Consequence {
    let index = Int(tableUseIndex[Int(frame)]) - 1
    guard index >= 0, tableUses[index].generation == generation else { return .unused }
    return tableUses[index].level == 1 ? .page(tableUses[index].base &+ entryIndex << 12) : .everything
  }
}
