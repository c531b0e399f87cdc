internal import OrreryBase

/// What a memory access wants to do.
enum MemoryAccess {
  case read
  case write
  case execute
}

/// What a page walk came to.
enum WalkOutcome {
  case page(physicalPage: UInt64, rights: TranslationRights)
  /// A page fault with this error code.
  case fault(UInt32)
  /// A table lies where there is no RAM: its address.
  case noTable(UInt64)
}

/// The bits of paging-structure entries (Intel SDM volume 3, tables 4-14 to 4-20).
enum PageEntry {
  static let present: UInt64 = 1 << 0
  static let writable: UInt64 = 1 << 1
  static let user: UInt64 = 1 << 2
  static let accessed: UInt64 = 1 << 5
  static let dirty: UInt64 = 1 << 6
  static let pageSize: UInt64 = 1 << 7
  static let global: UInt64 = 1 << 8
  static let noExecute: UInt64 = 1 << 63
  /// The address field of entries of eight bytes.
  static let address: UInt64 = 0x000F_FFFF_FFFF_F000
  /// What CPUID says physical addresses have (leaf 0x8000_0008); the bits between it and 52 are reserved.
  static let physicalAddressBits: UInt64 = 40
  static let reservedAddress: UInt64 = address & ~(1 << physicalAddressBits - 1)
}

extension TranslationRights {
  /// What a walk found out: `common` are the bits that all its entries have, `any` those that one has at least. `isAccessed` says that the walk itself
  /// sets the accessed bits.
  @inline(__always)
  fileprivate init(common: UInt64, any: UInt64, isAccessed: Bool) {
    let accessed = isAccessed ? PageEntry.accessed : common & PageEntry.accessed
    self.init(
      rawValue: UInt8(
        truncatingIfNeeded: (common & PageEntry.user) >> 2 | common & PageEntry.writable | accessed >> 1
          | (any & PageEntry.noExecute) >> 60))
  }
}

/// The bits of a page fault's error code (Intel SDM volume 3, 4.7).
enum PageFaultCode {
  static let protection: UInt32 = 1 << 0
  static let write: UInt32 = 1 << 1
  static let user: UInt32 = 1 << 2
  static let reserved: UInt32 = 1 << 3
  static let fetch: UInt32 = 1 << 4
}

extension CPU {
  /// CR0.PG.
  var isPaging: Bool { pointee.cr0 & ControlRegister.pg != 0 }

  var pagingMode: PagingMode {
    guard isPaging else { return .off }
    if pointee.efer & ExtendedFeature.longModeActive != 0 { return .fourLevel }
    return pointee.cr4 & ControlRegister.pae != 0 ? .threeLevel : .twoLevel
  }

  /// Translates as the manual says (Intel SDM volume 3, 4.3 to 4.7). With `hasEffects` accessed and dirty bits are set and the tables noted as what
  /// cached translations came from; without, nothing changes.
  func walk(_ linear: UInt64, _ access: MemoryAccess, isUser: Bool, hasEffects: Bool) -> WalkOutcome {
    switch pagingMode {
    case .off: return .page(physicalPage: linear & ~0xFFF, rights: [.user, .writable, .dirty, .accessed])
    case .twoLevel: return walkTwoLevels(linear, access, isUser: isUser, hasEffects: hasEffects)
    case .threeLevel: return walkThreeLevels(linear, access, isUser: isUser, hasEffects: hasEffects)
    case .fourLevel: return walkFourLevels(linear, access, isUser: isUser, hasEffects: hasEffects)
    }
  }

  private var checksNoExecute: Bool { pointee.efer & ExtendedFeature.noExecuteEnable != 0 }

  /// The error code of a fault, but for the bits P and RSVD.
  func faultCode(_ access: MemoryAccess, isUser: Bool) -> UInt32 {
    var code = isUser ? PageFaultCode.user : 0
    switch access {
    case .read: break
    case .write: code |= PageFaultCode.write
    case .execute: if checksNoExecute && pointee.cr4 & ControlRegister.pae != 0 { code |= PageFaultCode.fetch }
    }
    return code
  }

  /// Whether entries that together grant `rights` allow the access.
  @inline(__always)
  func allows(_ rights: TranslationRights, _ access: MemoryAccess, isUser: Bool) -> Bool {
    if isUser && !rights.contains(.user) { return false }
    switch access {
    case .read: return true
    case .write: return rights.contains(.writable) || !isUser && pointee.cr0 & ControlRegister.wp == 0
    case .execute: return !rights.contains(.noExecute)
    }
  }

  private func walkThreeLevels(_ linear: UInt64, _ access: MemoryAccess, isUser: Bool, hasEffects: Bool) -> WalkOutcome
  {
    walkLongEntries(linear, access, isFourLevel: false, isUser: isUser, hasEffects: hasEffects)
  }

  private func walkFourLevels(_ linear: UInt64, _ access: MemoryAccess, isUser: Bool, hasEffects: Bool) -> WalkOutcome {
    walkLongEntries(linear, access, isFourLevel: true, isUser: isUser, hasEffects: hasEffects)
  }

  /// Entries of eight bytes, in three levels or four: compiled once for each.
  @inline(__always)
  private func walkLongEntries(
    _ linear: UInt64, _ access: MemoryAccess, isFourLevel: Bool, isUser: Bool, hasEffects: Bool
  ) -> WalkOutcome {
    let alwaysReserved = PageEntry.reservedAddress | (checksNoExecute ? 0 : PageEntry.noExecute)
    // The bits that all entries on the way have, and those that any has.
    var common = UInt64.max
    var any: UInt64 = 0
    // With `tlb=stale` a store to a table takes nothing away, so nobody has to see it.
    let isStale = modelledTLB != nil
    let notesTables = hasEffects && !isStale
    var level: UInt64 = isFourLevel ? 4 : 3
    var table = pointee.cr3 & (isFourLevel ? PageEntry.address : 0xFFFF_FFE0)
    while true {
      let shift = 3 + level * 9
      let index = linear >> shift & (level == 3 && !isFourLevel ? 3 : 511)
      let entryAddress = table + index * 8
      guard
        var entry = isFourLevel || level < 3
          ? pointee.memory.pointee.load(entryAddress) : pointerEntry(at: entryAddress)
      else { return .noTable(entryAddress) }
      guard entry & PageEntry.present != 0 else { return .fault(faultCode(access, isUser: isUser)) }
      var reserved = alwaysReserved
      if level == 4 {
        reserved |= PageEntry.pageSize
      } else if level == 3 && !isFourLevel {
        // A PDPTE of PAE paging has no R/W, U/S, accessed and NX bits.
        reserved |= 0x7FF0_0000_0000_01E6 | PageEntry.noExecute
      } else if !isFourLevel {
        reserved |= 0x7FF0_0000_0000_0000
      }
      let isLeaf = level == 1 || level < 4 && !(level == 3 && !isFourLevel) && entry & PageEntry.pageSize != 0
      // Between the PAT bit (12) and the address of a large page.
      if isLeaf && level > 1 { reserved |= (1 << shift - 1) & ~0x1FFF }
      if entry & reserved != 0 {
        return .fault(faultCode(access, isUser: isUser) | PageFaultCode.protection | PageFaultCode.reserved)
      }
      let hasRights = level < 3 || isFourLevel
      if hasRights {
        common &= entry
        any |= entry
      }
      if notesTables {
        noteTable(
          frame: table >> 12, level: table & 0xFFF == 0 ? UInt8(level) : 0, base: linear & ~(1 << (shift + 9) - 1))
      }
      if isLeaf {
        var rights = TranslationRights(common: common, any: any, isAccessed: hasEffects)
        guard allows(rights, access, isUser: isUser) else {
          return .fault(faultCode(access, isUser: isUser) | PageFaultCode.protection)
        }
        let wanted = PageEntry.accessed | (access == .write ? PageEntry.dirty : 0)
        if hasEffects && entry & wanted != wanted {
          entry |= wanted
          pointee.memory.pointee.storeEntry(entryAddress, entry)
        }
        if entry & PageEntry.dirty != 0 { rights.insert(.dirty) }
        if isStale { rights.formUnion(keeping(entry, level: level)) }
        let offsetMask: UInt64 = 1 << shift - 1
        return .page(
          physicalPage: (entry & PageEntry.address & ~offsetMask | linear & offsetMask) & ~0xFFF, rights: rights)
      }
      if hasEffects && hasRights && entry & PageEntry.accessed == 0 {
        pointee.memory.pointee.storeEntry(entryAddress, entry | PageEntry.accessed)
      }
      table = entry & PageEntry.address
      level -= 1
    }
  }

  private func walkTwoLevels(_ linear: UInt64, _ access: MemoryAccess, isUser: Bool, hasEffects: Bool) -> WalkOutcome {
    var rights = TranslationRights.beforeWalk
    var table = pointee.cr3 & 0xFFFF_F000
    var level = 2
    while true {
      let shift = UInt64(level == 2 ? 22 : 12)
      let entryAddress = table + (linear >> shift & 1023) * 4
      guard var entry: UInt32 = pointee.memory.pointee.load(entryAddress) else { return .noTable(entryAddress) }
      guard entry & 1 != 0 else { return .fault(faultCode(access, isUser: isUser)) }
      let isLeaf = level == 1 || entry & 0x80 != 0 && pointee.cr4 & ControlRegister.pse != 0
      // Without PSE-36 in CPUID bits 13…21 of a 4 MiB page's entry are reserved.
      if level == 2 && isLeaf && entry & 0x003F_E000 != 0 {
        return .fault(faultCode(access, isUser: isUser) | PageFaultCode.protection | PageFaultCode.reserved)
      }
      if entry & 4 == 0 { rights.remove(.user) }
      if entry & 2 == 0 { rights.remove(.writable) }
      if entry & 0x20 == 0 && !hasEffects { rights.remove(.accessed) }
      if hasEffects && modelledTLB == nil { noteTable(frame: table >> 12, level: 0, base: 0) }
      if isLeaf {
        guard allows(rights, access, isUser: isUser) else {
          return .fault(faultCode(access, isUser: isUser) | PageFaultCode.protection)
        }
        let wanted: UInt32 = access == .write ? 0x60 : 0x20
        if hasEffects && entry & wanted != wanted {
          entry |= wanted
          pointee.memory.pointee.storeEntry(entryAddress, entry)
        }
        if entry & 0x40 != 0 { rights.insert(.dirty) }
        rights.formUnion(keeping(UInt64(entry), level: UInt64(level)))
        let offsetMask: UInt64 = 1 << shift - 1
        return .page(
          physicalPage: (UInt64(entry) & ~0xFFF & ~offsetMask | linear & offsetMask) & ~0xFFF, rights: rights)
      }
      if hasEffects && entry & 0x20 == 0 { pointee.memory.pointee.storeEntry(entryAddress, entry | 0x20) }
      table = UInt64(entry) & 0xFFFF_F000
      level -= 1
    }
  }

  /// What a TLB keeps of the last entry beside the rights.
  private func keeping(_ entry: UInt64, level: UInt64) -> TranslationRights {
    var kept = TranslationRights(rawValue: 0)
    if level > 1 { kept.insert(level == 2 ? .large : .huge) }
    if entry & PageEntry.global != 0 && pointee.cr4 & ControlRegister.pge != 0 { kept.insert(.global) }
    return kept
  }

  /// An entry of PAE paging's root. The processor reads them when CR3 is loaded; with coherent translations from memory each time.
  private func pointerEntry(at address: UInt64) -> UInt64? {
    guard let model = modelledTLB else { return pointee.memory.pointee.load(address) }
    return model.pointee.pointerRegisters[Int(address >> 3 & 3)]
  }

  @inline(__always)
  private func noteTable(frame: UInt64, level: UInt8, base: UInt64) {
    if !pointee.system.pointee.translations.pointee.hasNoted(frame: frame, level: level, base: base) {
      noteTableAnew(frame: frame, level: level, base: base)
    }
  }

  @inline(never)
  private func noteTableAnew(frame: UInt64, level: UInt8, base: UInt64) {
    pointee.memory.pointee.mark(frame, .translating)
    pointee.system.pointee.translations.pointee.noteTable(frame: frame, level: level, base: base)
  }

  // MARK: Translation with the cache

  /// The physical page of `linear`. On a page fault CR2 and `fault` are set and the answer is nil; nil without a fault when `stop` was set.
  @inline(__always)
  func translate(_ linear: UInt64, _ access: MemoryAccess, isUser: Bool) -> Translation? {
    if let found = pointee.system.pointee.translations.pointee.lookUp(linear),
      allows(found.rights, access, isUser: isUser),
      access != .write || found.rights.contains(.dirty)
    {
      return found
    }
    return translateByWalk(linear, access, isUser: isUser)
  }

  @inline(never)
  private func translateByWalk(_ linear: UInt64, _ access: MemoryAccess, isUser: Bool) -> Translation? {
    if let model = modelledTLB, isPaging { return translate(linear, access, isUser: isUser, through: model) }
    switch walk(linear, access, isUser: isUser, hasEffects: true) {
    case .page(let physicalPage, let rights):
      pointee.system.pointee.translations.pointee.insert(linear, physicalPage: physicalPage, rights: rights)
      return Translation(linearPage: linear & ~0xFFF, physicalPage: physicalPage, rights: rights)
    case .fault(let code): return faultsOnPage(linear, code)
    case .noTable(let address):
      noTable(address, linear)
      return nil
    }
  }

  func noTable(_ address: UInt64, _ linear: UInt64) {
    unmodelled(
      "a page table at physical address \(hexadecimal(address)), where there is no RAM (translating \(hexadecimal(linear)))"
    )
  }

  /// What is cached for `linear`, for data; nil when there is nothing.
  func cachedTranslation(_ linear: UInt64) -> Translation? {
    if let found = pointee.system.pointee.translations.pointee.lookUp(linear) { return found }
    guard let model = modelledTLB, isPaging else { return nil }
    return model.pointee.lookUp(linear, .data)?.translation(of: linear)
  }

  /// The physical address that `linear` is mapped to for any access at all; changes nothing.
  func peekTranslation(_ linear: UInt64) -> UInt64? {
    if let found = cachedTranslation(linear) {
      return found.physicalPage | linear & 0xFFF
    }
    guard isCanonical(linear), case .page(let page, _) = walk(linear, .read, isUser: false, hasEffects: false) else {
      return nil
    }
    return page | linear & 0xFFF
  }

  /// Whether bits 47…63 are equal (Intel SDM volume 1, 3.3.7.1); true of every 32-bit address.
  @inline(__always)
  func isCanonical(_ linear: UInt64) -> Bool { UInt64(bitPattern: Int64(bitPattern: linear << 16) >> 16) == linear }

  // MARK: Changes

  /// Forgets every translation, in the engine's TLBs and in the block cache; the modelled TLB keeps what it holds.
  func flushTranslations() {
    pointee.system.pointee.translations.pointee.flush()
    pointee.blocks.pointee.translationsChanged()
    pointee.leavesBlock = true
    noteInspectedChange()
  }

  /// Forgets all decoded blocks.
  func forgetBlocks() {
    pointee.blocks.pointee.removeAll()
    pointee.memory.pointee.forgetCode()
    pointee.system.pointee.translations.pointee.forgetFetches()
    pointee.leavesBlock = true
  }

  /// A store changed an entry that the walker may have used: what was cached from it goes. `old` is what was there, eight aligned bytes.
  func entryChanged(frame: UInt64, offset: UInt64, old: UInt64) {
    let consequence = pointee.system.pointee.translations.pointee.consequence(
      ofChangeIn: frame, entryIndex: offset >> 3)
    if case .unused = consequence { return pointee.memory.pointee.unmark(frame, .translating) }
    // Nothing is cached from an entry that was not present.
    guard old & 1 != 0 || pagingMode == .twoLevel && old >> 32 & 1 != 0 else { return }
    if case .page(let linear) = consequence {
      guard pointee.system.pointee.translations.pointee.invalidate(linear) else { return }
      pointee.system.pointee.translations.pointee.forgetFetches()
      pointee.blocks.pointee.translationsChanged()
      pointee.leavesBlock = true
    } else {
      flushTranslations()
    }
  }
}
