internal import OrreryBase

/// The translation lookaside buffers of a machine with `tlb=stale`: what they hold counts until something takes it away, whatever the tables say by then
/// (Intel SDM volume 3, 4.10).
///
/// One buffer for data and one for code. Each has 64 sets of 4 ways for pages of 4 KiB, the set chosen by bits 12…17 of the linear address, and 32 places for
/// larger pages, any page in any place. A translation goes to a way that is free, otherwise to the one after that filled last in its set: what is used often is
/// not kept longer, so hits change nothing, and the engine may have them to itself. Nothing but what is here is cached: no paging-structure caches, no PCIDs.
struct ModelledTLB: ~Copyable {
  static let setCount = 64
  static let wayCount = 4
  static let largeCount = 32
  /// Of one buffer: the sets, then the places for larger pages.
  static let entryCount = setCount * wayCount + largeCount
  /// Of one buffer: one for each set, and one for the larger pages.
  private static let turnCount = setCount + 1

  enum Kind: Int, CaseIterable {
    case data, code
  }

  struct Entry {
    /// Linear address of the page, however large; `TLBEntry.invalidTag` for a free place.
    var linearPage: UInt64 = TLBEntry.invalidTag
    var physicalPage: UInt64 = 0
    /// The binary logarithm of the page's size.
    var sizeLog2: UInt8 = 12
    /// What all entries on the way allowed when the walk went through them.
    var rights: TranslationRights = []

    var isFree: Bool { linearPage == TLBEntry.invalidTag }

    func holds(_ linear: UInt64) -> Bool { linear & ~(1 << UInt64(sizeLog2) - 1) == linearPage }

    /// The page of 4 KiB in it that `linear` lies in.
    func translation(of linear: UInt64) -> Translation {
      Translation(
        linearPage: linear & ~0xFFF, physicalPage: physicalPage | linear & (1 << UInt64(sizeLog2) - 1) & ~0xFFF,
        rights: rights)
    }
  }

  /// What the buffers do not hold any more, so that nobody else may go on using it.
  struct Loss {
    /// A page of 4 KiB of the data.
    var dataPage: UInt64?
    var hasLargeData = false
    var hasCode = false

    mutating func add(_ entry: Entry, _ kind: Kind) {
      if kind == .code {
        hasCode = true
      } else if entry.sizeLog2 > 12 {
        hasLargeData = true
      } else {
        dataPage = entry.linearPage
      }
    }
  }

  private let entries: UnsafeMutablePointer<Entry>
  /// Where the next translation goes when no place is free.
  private let turns: UnsafeMutablePointer<UInt8>
  /// The page-directory-pointer-table entries of PAE paging, which are registers (Intel SDM volume 3, 4.4.1).
  var pointerRegisters: InlineArray<4, UInt64> = .init(repeating: 0)

  init() {
    entries = .allocate(capacity: Self.entryCount * 2)
    entries.initialize(repeating: Entry(), count: Self.entryCount * 2)
    turns = .allocate(capacity: Self.turnCount * 2)
    turns.initialize(repeating: 0, count: Self.turnCount * 2)
  }

  func deallocate() {
    entries.deallocate()
    turns.deallocate()
  }

  // MARK: Places

  private static func set(of linear: UInt64) -> Int { Int(truncatingIfNeeded: linear >> 12) & (setCount - 1) }

  /// The places in which a page of 4 KiB, or a larger one, can be.
  private static func places(of linear: UInt64, isLarge: Bool, _ kind: Kind) -> Range<Int> {
    let start = kind.rawValue * entryCount
    if isLarge { return start + setCount * wayCount..<start + entryCount }
    let first = start + set(of: linear) * wayCount
    return first..<first + wayCount
  }

  /// The place that holds `linear`. A page of 4 KiB goes before a larger one, should there be both.
  private func place(of linear: UInt64, _ kind: Kind) -> Int? {
    for place in Self.places(of: linear, isLarge: false, kind) where entries[place].holds(linear) { return place }
    for place in Self.places(of: linear, isLarge: true, kind) where entries[place].holds(linear) { return place }
    return nil
  }

  func lookUp(_ linear: UInt64, _ kind: Kind) -> Entry? { place(of: linear, kind).map { entries[$0] } }

  // MARK: Changes

  /// Takes up what a walk found, in the place of what was held for the same page.
  mutating func insert(_ entry: Entry, for linear: UInt64, _ kind: Kind) -> Loss {
    var loss = Loss()
    let places = Self.places(of: linear, isLarge: entry.sizeLog2 > 12, kind)
    while let place = place(of: linear, kind) {
      let old = entries[place]
      if places.contains(place) && old.sizeLog2 == entry.sizeLog2 {
        // A walk for a first store mostly finds the same page again, now dirty: what is known of it stays right.
        let isSame =
          old.physicalPage == entry.physicalPage && old.rights.subtracting(entry.rights).isEmpty
          && entry.rights.subtracting(old.rights).subtracting(.dirty).isEmpty
        if !isSame { loss.add(old, kind) }
        entries[place] = entry
        return loss
      }
      loss.add(old, kind)
      entries[place] = Entry()
    }
    if let free = places.first(where: { entries[$0].isFree }) {
      entries[free] = entry
      return loss
    }
    let turn =
      turns + kind.rawValue * Self.turnCount + (entry.sizeLog2 > 12 ? Self.setCount : Self.set(of: linear))
    let place = places.lowerBound + Int(turn.pointee)
    turn.pointee = (turn.pointee + 1) % UInt8(places.count)
    loss.add(entries[place], kind)
    entries[place] = entry
    return loss
  }

  /// INVLPG, and what a page fault does: the page of `linear`, whatever its size, global or not.
  mutating func invalidate(_ linear: UInt64) -> Loss {
    var loss = Loss()
    for kind in Kind.allCases {
      while let place = place(of: linear, kind) {
        loss.add(entries[place], kind)
        entries[place] = Entry()
      }
    }
    return loss
  }

  /// Everything, or everything but the pages that were global when they were taken up.
  mutating func flush(includingGlobal: Bool) {
    for place in 0..<Self.entryCount * 2 where includingGlobal || !entries[place].rights.contains(.global) {
      entries[place] = Entry()
    }
  }

  // MARK: As bytes

  /// Every translation that is held, for tests.
  func visit(_ body: (Kind, Entry) -> Void) {
    for kind in Kind.allCases {
      for place in 0..<Self.entryCount {
        let entry = entries[kind.rawValue * Self.entryCount + place]
        if !entry.isFree { body(kind, entry) }
      }
    }
  }

  func append(to writer: inout ByteWriter) {
    for index in 0..<4 { writer.append(fixed: pointerRegisters[index]) }
    for index in 0..<Self.turnCount * 2 { writer.append(turns[index]) }
    let places = (0..<Self.entryCount * 2).filter { !entries[$0].isFree }
    writer.append(varint: UInt64(places.count))
    for place in places {
      let entry = entries[place]
      writer.append(fixed: UInt16(place))
      writer.append(fixed: entry.linearPage)
      writer.append(fixed: entry.physicalPage)
      writer.append(entry.sizeLog2)
      writer.append(entry.rights.rawValue)
    }
  }

  /// Takes over what `append` wrote, or what a file says: every entry is one that a walk can have made.
  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    flush(includingGlobal: true)
    for index in 0..<4 { pointerRegisters[index] = try reader.fixed() }
    for index in 0..<Self.turnCount * 2 {
      let turn = try reader.byte()
      let count = index % Self.turnCount == Self.setCount ? Self.largeCount : Self.wayCount
      guard turn < count else { throw ByteCodingError(offset: reader.offset, reason: "no such way of a TLB") }
      turns[index] = turn
    }
    let count = try reader.varint()
    var next = 0
    for _ in 0..<count {
      let place = Int(try reader.fixed(UInt16.self))
      let entry = Entry(
        linearPage: try reader.fixed(), physicalPage: try reader.fixed(), sizeLog2: try reader.byte(),
        rights: TranslationRights(rawValue: try reader.byte()))
      guard place >= next, place < Self.entryCount * 2 else {
        throw ByteCodingError(offset: reader.offset, reason: "no such place in a TLB, or one out of order")
      }
      next = place + 1
      guard [12, 21, 22, 30].contains(entry.sizeLog2),
        (entry.linearPage | entry.physicalPage) & (1 << UInt64(entry.sizeLog2) - 1) == 0,
        entry.physicalPage >> PageEntry.physicalAddressBits == 0,
        Self.places(
          of: entry.linearPage, isLarge: entry.sizeLog2 > 12, place < Self.entryCount ? .data : .code
        ).contains(place)
      else { throw ByteCodingError(offset: reader.offset, reason: "a TLB holds what it cannot hold") }
      entries[place] = entry
    }
  }
}

extension CPU {
  /// The buffers of `tlb=stale`; nil when translations are coherent.
  var modelledTLB: UnsafeMutablePointer<ModelledTLB>? { pointee.system.pointee.translations.pointee.model }

  /// Whether the buffers of `tlb=stale` translate now.
  var usesModelledTLB: Bool { modelledTLB != nil && isPaging }

  /// Makes the engine's own TLB and block cache forget what the modelled one lost: they may hold nothing that it does not.
  func forget(_ loss: ModelledTLB.Loss) {
    let translations = pointee.system.pointee.translations
    if loss.hasLargeData {
      translations.pointee.forgetSlots()
    } else if let page = loss.dataPage {
      _ = translations.pointee.invalidate(page)
    }
    if loss.hasCode { pointee.blocks.pointee.translationsChanged() }
  }

  /// As `translate`, through the modelled TLB. What it holds is not held against the tables: an access that it does not allow faults, also when they would allow it
  /// by now (Intel SDM volume 3, 4.10.4.3), and a first store goes by the tables, since it must set the dirty bit there.
  func translate(
    _ linear: UInt64, _ access: MemoryAccess, isUser: Bool, through model: UnsafeMutablePointer<ModelledTLB>
  ) -> Translation? {
    let kind: ModelledTLB.Kind = access == .execute ? .code : .data
    if let held = model.pointee.lookUp(linear, kind) {
      guard allows(held.rights, access, isUser: isUser) else {
        return faultsOnPage(linear, faultCode(access, isUser: isUser) | PageFaultCode.protection)
      }
      if access != .write || held.rights.contains(.dirty) { return held.translation(of: linear) }
    }
    switch walk(linear, access, isUser: isUser, hasEffects: true) {
    case .page(let physicalPage, let rights):
      let sizeLog2: UInt8 =
        rights.contains(.huge) ? 30 : !rights.contains(.large) ? 12 : pagingMode == .twoLevel ? 22 : 21
      let mask: UInt64 = 1 << UInt64(sizeLog2) - 1
      let entry = ModelledTLB.Entry(
        linearPage: linear & ~mask, physicalPage: physicalPage & ~mask, sizeLog2: sizeLog2, rights: rights)
      forget(model.pointee.insert(entry, for: linear, kind))
      return entry.translation(of: linear)
    case .fault(let code): return faultsOnPage(linear, code)
    case .noTable(let address):
      noTable(address, linear)
      return nil
    }
  }

  /// #PF, which also makes the TLB forget the page (Intel SDM volume 3, 4.10.4.1). Always nil.
  func faultsOnPage(_ linear: UInt64, _ code: UInt32) -> Translation? {
    if let model = modelledTLB { forget(model.pointee.invalidate(linear)) }
    pointee.cr2 = linear
    raise(.pageFault(code))
    return nil
  }
}
