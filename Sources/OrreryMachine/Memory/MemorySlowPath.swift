internal import OrreryBase

/// What the engine's inline path leaves over: misses, page crossings, watched pages, video memory, and every access of the processor itself.
extension CPU {
  // MARK: For the engine, at the present privilege level

  /// `size` (1, 2, 4, 8) bytes, zero-extended; nil with the fault set.
  @inline(never)
  func loadSlow(_ linear: UInt64, size: Int) -> UInt64? {
    guard isAligned(linear, size: size), watch(linear, size: size, isWrite: false) else { return nil }
    return load(linear, size: size, isUser: pointee.cpl == 3)
  }

  /// Stores the low `size` (1, 2, 4, 8) bytes; false with the fault set and nothing stored.
  @inline(__always)
  func storeSlow(_ linear: UInt64, _ value: UInt64, size: Int) -> Bool {
    guard isAligned(linear, size: size), watch(linear, size: size, isWrite: true) else { return false }
    return store(linear, value, size: size, isUser: pointee.cpl == 3)
  }

  @inline(never)
  func load128Slow(_ linear: UInt64) -> SIMD2<UInt64>? {
    let isUser = pointee.cpl == 3
    guard watch(linear, size: 16, isWrite: false), check(linear, size: 16, .read, isUser: isUser),
      let low = load(linear, size: 8, isUser: isUser),
      let high = load(linear &+ 8, size: 8, isUser: isUser)
    else { return nil }
    return SIMD2(low, high)
  }

  @inline(never)
  func store128Slow(_ linear: UInt64, _ value: SIMD2<UInt64>) -> Bool {
    let isUser = pointee.cpl == 3
    return watch(linear, size: 16, isWrite: true) && check(linear, size: 16, .write, isUser: isUser)
      && store(linear, value.x, size: 8, isUser: isUser) && store(linear &+ 8, value.y, size: 8, isUser: isUser)
  }

  /// Faults as a store of `size` bytes would; otherwise sets accessed and dirty bits only.
  @inline(never)
  func checkWrite(_ linear: UInt64, size: Int) -> Bool {
    guard size > 8 || isAligned(linear, size: size), watch(linear, size: size, isWrite: true) else { return false }
    return check(linear, size: size, .write, isUser: pointee.cpl == 3)
  }

  /// Faults as a load of `size` bytes would; otherwise sets accessed bits only.
  @inline(never)
  func checkRead(_ linear: UInt64, size: Int) -> Bool {
    guard size > 8 || isAligned(linear, size: size), watch(linear, size: size, isWrite: false) else { return false }
    return check(linear, size: size, .read, isUser: pointee.cpl == 3)
  }

  /// The host address of the byte at `linear`, good to the end of its page and until the next access that is not through it; nil, without a fault,
  /// where every element must be looked at: not plain memory, or an access would fault.
  @inline(never)
  func hostPointer(_ linear: UInt64, forWrite: Bool) -> UnsafeMutableRawPointer? {
    let isUser = pointee.cpl == 3
    let access: MemoryAccess = forWrite ? .write : .read
    guard isCanonical(linear), !checksAlignment, !watchesPage(of: linear) else { return nil }
    if let model = modelledTLB, isPaging {
      // Looking may change nothing in it: only what it holds already can be gone through.
      guard let held = model.pointee.lookUp(linear, .data), allows(held.rights, access, isUser: isUser),
        !forWrite || held.rights.contains(.dirty)
      else { return nil }
    } else if pointee.system.pointee.translations.pointee.lookUp(linear) == nil {
      guard case .page = walk(linear, access, isUser: isUser, hasEffects: false) else { return nil }
    }
    let saved = (pointee.cr2, pointee.fault, pointee.hasFault)
    guard let translation = translate(linear, access, isUser: isUser) else {
      (pointee.cr2, pointee.fault, pointee.hasFault) = saved
      return nil
    }
    let frame = translation.physicalPage >> 12
    let offset = Int(linear & 0xFFF)
    if pointee.memory.pointee.isRAM(frame) {
      if forWrite {
        let flags = pointee.memory.pointee.pageFlags(frame)
        guard flags.isDisjoint(with: [.code, .translating, .watched, .inspected]) else { return nil }
        pointee.memory.pointee.markDirty(frame)
      }
      return pointee.memory.pointee.bytes(ofFrame: frame) + offset
    }
    guard let page = videoPage(frame), !forWrite || takesPlainScreenStores else { return nil }
    return page + offset
  }

  /// Translates for execution; The page's frame number and where on the host it begins. Nil with the fault, or `stop`, set.
  @inline(never)
  func fetchPage(_ linear: UInt64) -> (frame: UInt64, host: UnsafeRawPointer)? {
    guard isCanonical(linear) else {
      raise(.generalProtection(0))
      return nil
    }
    guard let translation = translate(linear, .execute, isUser: pointee.cpl == 3) else { return nil }
    pointee.system.pointee.translations.pointee.noteFetch(linear)
    let frame = translation.physicalPage >> 12
    if pointee.memory.pointee.isRAM(frame) {
      return (frame, UnsafeRawPointer(pointee.memory.pointee.bytes(ofFrame: frame)))
    }
    if PhysicalMemory.hole.contains(frame) && videoPage(frame) == nil {
      return (frame, UnsafeRawPointer(firmwarePage(frame) ?? pointee.system.pointee.openBus))
    }
    let place = videoPage(frame) == nil ? "where there is no memory" : "in video memory"
    unmodelled(
      "an instruction fetch from physical address \(hexadecimal(translation.physicalPage | linear & 0xFFF)), \(place)")
    return nil
  }

  /// As `fetchPage`, but nil when a fetch would fault or change anything that a guest can see: for code that may not come to be executed.
  func fetchPageUnseen(_ linear: UInt64) -> (frame: UInt64, host: UnsafeRawPointer)? {
    guard !usesModelledTLB else { return nil }
    let isUser = pointee.cpl == 3
    if let found = pointee.system.pointee.translations.pointee.lookUp(linear) {
      guard allows(found.rights, .execute, isUser: isUser), pointee.memory.pointee.isRAM(found.physicalPage >> 12)
      else { return nil }
    } else {
      guard isCanonical(linear),
        case .page(let page, let rights) = walk(linear, .execute, isUser: isUser, hasEffects: false),
        rights.contains(.accessed), pointee.memory.pointee.isRAM(page >> 12)
      else { return nil }
    }
    return fetchPage(linear)
  }

  // MARK: For the processor itself, as supervisor

  func loadSystem(_ linear: UInt64, size: Int) -> UInt64? { load(linear, size: size, isUser: false) }

  func storeSystem(_ linear: UInt64, _ value: UInt64, size: Int) -> Bool {
    store(linear, value, size: size, isUser: false)
  }

  /// Whether `size` bytes, which may span two pages, can be written; the fault is set when not.
  func checkSystemWrite(_ linear: UInt64, size: Int) -> Bool { check(linear, size: size, .write, isUser: false) }

  // MARK: Parts

  /// Whether nobody waits for the next store to video memory.
  private var takesPlainScreenStores: Bool { isScreenDirty || !pointee.system.pointee.recorded.contains(.screen) }

  /// CR0.AM, RFLAGS.AC and CPL 3: the TLB in use is the one that never hits.
  private var checksAlignment: Bool { pointee.tlb == pointee.system.pointee.translations.pointee.empty }

  /// Whether #AC does not apply to `size` (a power of two) bytes at `linear`; otherwise it is raised.
  func isAligned(_ linear: UInt64, size: Int) -> Bool {
    !checksAlignment || linear & UInt64(size - 1) == 0 || faults(.alignmentCheck)
  }

  /// The address of the byte after the page of `linear`, which wraps at 4 GiB outside 64-bit mode.
  private func nextPage(_ linear: UInt64) -> UInt64 {
    let next = (linear | 0xFFF) &+ 1
    return pointee.efer & ExtendedFeature.longModeActive == 0 ? next & 0xFFFF_FFFF : next
  }

  /// #GP(0), which the engine makes #SS(0) when the instruction used the stack segment. Always false.
  private func faultsAsNonCanonical() -> Bool {
    pointee.system.pointee.metNonCanonicalAddress = true
    return faults(.generalProtection(0))
  }

  private func check(_ linear: UInt64, size: Int, _ access: MemoryAccess, isUser: Bool) -> Bool {
    guard isCanonical(linear) else { return faultsAsNonCanonical() }
    guard translate(linear, access, isUser: isUser) != nil else { return false }
    guard Int(linear & 0xFFF) + size > 4096 else { return true }
    let next = nextPage(linear)
    guard isCanonical(next) else { return faultsAsNonCanonical() }
    return translate(next, access, isUser: isUser) != nil
  }

  func load(_ linear: UInt64, size: Int, isUser: Bool) -> UInt64? {
    let entry = (isUser ? pointee.userTLB : pointee.supervisorTLB) + TLBEntry.slot(of: linear)
    if entry.pointee.readTag == (linear &+ UInt64(size - 1)) & ~0xFFF, let place = entry.pointee.host(of: linear) {
      return Self.load(place, size: size)
    }
    guard isCanonical(linear) else {
      _ = faultsAsNonCanonical()
      return nil
    }
    let offset = Int(linear & 0xFFF)
    guard offset + size <= 4096 else { return loadAcrossPages(linear, size: size, isUser: isUser) }
    guard let translation = translate(linear, .read, isUser: isUser),
      let value = loadPhysical(translation.physicalPage | linear & 0xFFF, size: size)
    else { return nil }
    fill(linear, translation, isUser: isUser)
    return value
  }

  private func loadAcrossPages(_ linear: UInt64, size: Int, isUser: Bool) -> UInt64? {
    guard check(linear, size: size, .read, isUser: isUser), let low = translate(linear, .read, isUser: isUser),
      let high = translate(nextPage(linear), .read, isUser: isUser)
    else { return nil }
    let lowSize = 4096 - Int(linear & 0xFFF)
    guard let lowPart = loadPhysical(low.physicalPage | linear & 0xFFF, size: lowSize),
      let highPart = loadPhysical(high.physicalPage, size: size - lowSize)
    else { return nil }
    return lowPart | highPart << UInt64(lowSize * 8)
  }

  func store(_ linear: UInt64, _ value: UInt64, size: Int, isUser: Bool) -> Bool {
    let entry = (isUser ? pointee.userTLB : pointee.supervisorTLB) + TLBEntry.slot(of: linear)
    if entry.pointee.writeTag == (linear &+ UInt64(size - 1)) & ~0xFFF, let place = entry.pointee.host(of: linear) {
      Self.store(place, value, size: size)
      return true
    }
    guard isCanonical(linear) else { return faultsAsNonCanonical() }
    let offset = Int(linear & 0xFFF)
    guard offset + size <= 4096 else { return storeAcrossPages(linear, value, size: size, isUser: isUser) }
    guard let translation = translate(linear, .write, isUser: isUser) else { return false }
    let frame = translation.physicalPage >> 12
    let physical = translation.physicalPage | linear & 0xFFF
    guard pointee.memory.pointee.isRAM(frame) else {
      guard storeBeyondMemory(physical, value, size: size) else { return false }
      fill(linear, translation, isUser: isUser)
      return true
    }
    let isTable = pointee.memory.pointee.pageFlags(frame).contains(.translating)
    storeToMemory(physical, value, size: size)
    // Entered already for loads, and its stores must go on being seen.
    if entry.pointee.readTag == linear & ~0xFFF && !pointee.memory.pointee.pageFlags(frame).takesPlainStores {
      return true
    }
    // A table may have been changed that the translation itself came from: then the next access translates anew.
    if !isTable || cachedTranslation(linear) != nil { fill(linear, translation, isUser: isUser) }
    return true
  }

  private func storeAcrossPages(_ linear: UInt64, _ value: UInt64, size: Int, isUser: Bool) -> Bool {
    guard check(linear, size: size, .write, isUser: isUser), let low = translate(linear, .write, isUser: isUser),
      let high = translate(nextPage(linear), .write, isUser: isUser)
    else { return false }
    let lowSize = 4096 - Int(linear & 0xFFF)
    return storePhysical(low.physicalPage | linear & 0xFFF, value, size: lowSize)
      && storePhysical(high.physicalPage, value >> UInt64(lowSize * 8), size: size - lowSize)
  }

  /// Lets the inline path hit for the page from now on, as far as it may.
  private func fill(_ linear: UInt64, _ translation: Translation, isUser: Bool) {
    guard !watchesPage(of: linear) else { return }
    let mayWrite = translation.rights.contains(.dirty) && allows(translation.rights, .write, isUser: isUser)
    let frame = translation.physicalPage >> 12
    let system = pointee.system
    if pointee.memory.pointee.isRAM(frame) {
      let isWritable = mayWrite && pointee.memory.pointee.pageFlags(frame).takesPlainStores
      if isWritable { pointee.memory.pointee.markWriteTagged(frame) }
      system.pointee.translations.pointee.fill(
        linear, isUser: isUser, physicalPage: translation.physicalPage,
        host: pointee.memory.pointee.bytes(ofFrame: frame), isWritable: isWritable)
    } else if let page = videoPage(frame) {
      let isWritable = mayWrite && takesPlainScreenStores
      system.pointee.translations.pointee.fill(
        linear, isUser: isUser, physicalPage: translation.physicalPage, host: page, isWritable: isWritable)
      if isWritable { system.pointee.translations.pointee.noteVideoWriteTag(linear, isUser: isUser) }
    } else if let page = firmwarePage(frame) {
      system.pointee.translations.pointee.fill(
        linear, isUser: isUser, physicalPage: translation.physicalPage, host: page, isWritable: false)
    }
  }
}
