public import OrreryBase

/// For who looks for the point of a run at which something comes true: the machine says when something that was asked about may have changed, and what it is now.
extension Machine {
  /// The pages of RAM, and the bytes of others, of which every change is to be seen: from now on `run` returns `.inspected` at the boundary after one of them
  /// changed, or after the registers did that decide how addresses are translated. Replaces what was named before; nil ends it. What is not RAM never changes.
  ///
  /// - Parameter bytes: a change of what else is in their pages is not told.
  public func inspect(_ frames: [UInt64]?, bytes: [(address: PhysicalAddress, count: Int)] = []) {
    let memory = cpu.pointee.memory
    for frame in inspectedFrames { memory.pointee.unmark(frame, .inspected) }
    var words: [(address: UInt64, mask: UInt64)] = []
    for (address, count) in bytes {
      for byte in 0..<UInt64(max(0, count)) {
        let place = address.rawValue &+ byte
        let mask: UInt64 = 0xFF << (place % 8 * 8)
        if let index = words.firstIndex(where: { $0.address == place & ~7 }) {
          words[index].mask |= mask
        } else {
          words.append((place & ~7, mask))
        }
      }
    }
    inspectedFrames = ((frames ?? []) + words.map { $0.address >> 12 }).filter { memory.pointee.isRAM($0) }
    for frame in inspectedFrames { memory.pointee.mark(frame, .inspected) }
    cpu.pointee.system.pointee.inspectedFrames = frames ?? []
    cpu.pointee.system.pointee.inspectedWords = words
    cpu.pointee.system.pointee.isInspected = frames != nil
    cpu.pointee.system.pointee.hasInspectedChange = false
    cpu.pointee.system.pointee.hasInspectedTranslationChange = false
  }

  /// Whether anything changed since the last time this was asked, or since `inspect`, that may decide how addresses are translated: a register, or a page that
  /// was named as a whole.
  public func takeInspectedTranslationChange() -> Bool {
    defer { cpu.pointee.system.pointee.hasInspectedTranslationChange = false }
    return cpu.pointee.system.pointee.hasInspectedTranslationChange
  }

  /// The number in `size` bytes, 1 to 8 and within one page, at a physical address, the lowest byte first; nil where there is no memory.
  public func number(at address: PhysicalAddress, size: Int) -> UInt64? {
    let offset = Int(address.rawValue & 0xFFF)
    precondition((1...8).contains(size) && offset + size <= PhysicalMemory.pageSize, "a number lies within one page")
    guard isMemory(address, count: size) else { return nil }
    guard let page = cpu.pointee.memory.pointee.existingBytes(ofFrame: address.rawValue >> 12) else { return 0 }
    var number: UInt64 = 0
    for index in (0..<size).reversed() {
      number = number << 8 | UInt64((page + offset + index).load(as: UInt8.self))
    }
    return number
  }

  /// The frames of the page tables that decide what `address` is mapped to, from the root down to the entry that maps it or that is not present.
  public func tableFrames(of address: LinearAddress) -> [UInt64] { cpu.tableFrames(of: address.rawValue) }

  /// The instruction at which the processor stands, as a linear address.
  public var instructionAddress: LinearAddress { LinearAddress(cpu.linearInstructionPointer) }

  /// 16, 32 or 64: how the processor reads instructions now.
  public var instructionBits: Int {
    switch cpu.pointee.codeMode {
    case .bits16: 16
    case .bits32: 32
    case .bits64: 64
    }
  }

  /// The bytes from `address` on that are mapped and memory, at most `count`.
  public func read(_ address: LinearAddress, upTo count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let place = address.rawValue &+ UInt64(bytes.count)
      let part = min(count - bytes.count, 4096 - Int(place & 0xFFF))
      guard let physical = physicalAddress(of: LinearAddress(place)), let found = read(physical, count: part) else {
        break
      }
      bytes += found
    }
    return bytes
  }

  /// A run of bytes of memory that two machines hold differently.
  public struct MemoryDifference: Hashable, Sendable {
    public var address: PhysicalAddress
    /// As long as each other.
    public var ours: [UInt8]
    public var theirs: [UInt8]
  }

  /// The first `limit` runs of bytes of RAM, firmware and video memory in which `other`, of equal memory size, differs, and how many bytes differ in all.
  public func memoryDifferences(from other: Machine, limit: Int) -> (runs: [MemoryDifference], byteCount: UInt64) {
    precondition(configuration.memorySize == other.configuration.memorySize, "machines of one size can be compared")
    var found = (runs: [MemoryDifference](), byteCount: UInt64(0))
    let pageCount = cpu.pointee.memory.pointee.pageCount
    for frame in 0..<pageCount {
      if let ours = cpu.videoPage(frame), let theirs = other.cpu.videoPage(frame) {
        compare(UnsafeRawPointer(ours), UnsafeRawPointer(theirs), frame, limit, &found)
        continue
      }
      let ours = cpu.pointee.memory.pointee.existingBytes(ofFrame: frame).map { UnsafeRawPointer($0) }
      let theirs = other.cpu.pointee.memory.pointee.existingBytes(ofFrame: frame).map { UnsafeRawPointer($0) }
      if ours == nil, theirs == nil { continue }
      compare(ours, theirs, frame, limit, &found)
    }
    return found
  }

  /// nil is a page of zeros.
  private func compare(
    _ ours: UnsafeRawPointer?, _ theirs: UnsafeRawPointer?, _ frame: UInt64, _ limit: Int,
    _ found: inout (runs: [MemoryDifference], byteCount: UInt64)
  ) {
    func word(_ page: UnsafeRawPointer?, _ offset: Int) -> UInt64 {
      page?.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ?? 0
    }
    func byte(_ page: UnsafeRawPointer?, _ offset: Int) -> UInt8 {
      page?.load(fromByteOffset: offset, as: UInt8.self) ?? 0
    }
    for start in stride(from: 0, to: PhysicalMemory.pageSize, by: 8) where word(ours, start) != word(theirs, start) {
      for offset in start..<start + 8 where byte(ours, offset) != byte(theirs, offset) {
        found.byteCount += 1
        let address = PhysicalAddress(frame << 12 | UInt64(offset))
        if let last = found.runs.last, last.address.rawValue + UInt64(last.ours.count) == address.rawValue,
          last.ours.count < 64
        {
          found.runs[found.runs.count - 1].ours.append(byte(ours, offset))
          found.runs[found.runs.count - 1].theirs.append(byte(theirs, offset))
        } else if found.runs.count < limit {
          found.runs.append(
            MemoryDifference(address: address, ours: [byte(ours, offset)], theirs: [byte(theirs, offset)]))
        }
      }
    }
  }

  /// What a register holds now.
  public func value(of register: InspectedRegister) -> UInt64 {
    switch register {
    case .rip: cpu.pointee.rip
    case .rflags: cpu.flags
    case .es: UInt64(cpu[segment: .es].selector)
    case .cs: UInt64(cpu[segment: .cs].selector)
    case .ss: UInt64(cpu[segment: .ss].selector)
    case .ds: UInt64(cpu[segment: .ds].selector)
    case .fs: UInt64(cpu[segment: .fs].selector)
    case .gs: UInt64(cpu[segment: .gs].selector)
    case .cpl: UInt64(cpu.pointee.cpl)
    case .cr0: cpu.pointee.cr0
    case .cr2: cpu.pointee.cr2
    case .cr3: cpu.pointee.cr3
    case .cr4: cpu.pointee.cr4
    case .efer: cpu.pointee.efer
    case .halted: cpu.pointee.isHalted ? 1 : 0
    case .rax: cpu.pointee.gpr[0]
    case .rcx: cpu.pointee.gpr[1]
    case .rdx: cpu.pointee.gpr[2]
    case .rbx: cpu.pointee.gpr[3]
    case .rsp: cpu.pointee.gpr[4]
    case .rbp: cpu.pointee.gpr[5]
    case .rsi: cpu.pointee.gpr[6]
    case .rdi: cpu.pointee.gpr[7]
    case .r8: cpu.pointee.gpr[8]
    case .r9: cpu.pointee.gpr[9]
    case .r10: cpu.pointee.gpr[10]
    case .r11: cpu.pointee.gpr[11]
    case .r12: cpu.pointee.gpr[12]
    case .r13: cpu.pointee.gpr[13]
    case .r14: cpu.pointee.gpr[14]
    case .r15: cpu.pointee.gpr[15]
    }
  }

  /// The parts of the board by name, each as the state hash covers it.
  public var devices: [(name: String, state: [UInt8])] { board.parts(clock: cpu.pointee.clock) }

  /// Every register of the processor by name, in the order of the manual; of wider ones the number of 64 bits at each place, the lowest first.
  ///
  /// What this leaves out of the processor's state comes as a last entry, `other`, which is a hash.
  public var registerValues: [(name: String, value: [UInt64])] {
    var values: [(name: String, value: [UInt64])] = []
    let state = cpu.pointee
    for number in 0..<16 {
      values.append((FlippableRegister(rawValue: UInt8(number))?.name ?? "", [state.gpr[number]]))
    }
    values += [("rip", [state.rip]), ("rflags", [cpu.flags])]
    for (index, name) in ["es", "cs", "ss", "ds", "fs", "gs"].enumerated() {
      let segment = state.segments[index]
      values += [(name, [UInt64(segment.selector)]), ("\(name).base", [segment.base])]
    }
    values += [
      ("cpl", [UInt64(state.cpl)]), ("cr0", [state.cr0]), ("cr2", [state.cr2]), ("cr3", [state.cr3]),
      ("cr4", [state.cr4]), ("cr8", [state.cr8]), ("efer", [state.efer]), ("gdtr", [state.gdtr.base]),
      ("idtr", [state.idtr.base]), ("halted", [state.isHalted ? 1 : 0]), ("mxcsr", [UInt64(state.mxcsr)]),
    ]
    for number in 0..<16 { values.append(("xmm\(number)", [state.xmm[number].x, state.xmm[number].y])) }
    for number in 0..<8 {
      values.append(("x87 R\(number)", [state.fpuSignificands[number], UInt64(state.fpuExponents[number])]))
    }
    var writer = ByteWriter()
    ProcessorImage.hash(cpu, into: &writer)
    writer.append(owesSingleStepTrap)
    // The clock comes first; it is compared by itself.
    let rest = Hash128(of: Array(writer.bytes[8...]))
    values.append(("other", [rest.low, rest.high]))
    return values
  }
}

extension CPU {
  /// See `Machine.tableFrames(of:)`.
  fileprivate func tableFrames(of linear: UInt64) -> [UInt64] {
    let levels: [(shift: UInt64, bits: UInt64)]
    var table: UInt64
    switch pagingMode {
    case .off: return []
    case .twoLevel: (levels, table) = ([(22, 10), (12, 10)], pointee.cr3 & 0xFFFF_F000)
    case .threeLevel: (levels, table) = ([(30, 2), (21, 9), (12, 9)], pointee.cr3 & 0xFFFF_FFE0)
    case .fourLevel: (levels, table) = ([(39, 9), (30, 9), (21, 9), (12, 9)], pointee.cr3 & PageEntry.address)
    }
    let isWide = pagingMode != .twoLevel
    var frames: [UInt64] = []
    for (shift, bits) in levels {
      frames.append(table >> 12)
      let address = table + (linear >> shift & (1 << bits - 1)) * (isWide ? 8 : 4)
      let entry: UInt64?
      if isWide {
        entry = pointee.memory.pointee.load(address)
      } else {
        entry = pointee.memory.pointee.load(address, as: UInt32.self).map(UInt64.init)
      }
      // What is taken for a table behind a large page is one page too many, and does no harm.
      guard let entry, entry & PageEntry.present != 0 else { break }
      table = isWide ? entry & PageEntry.address : entry & 0xFFFF_F000
    }
    return frames
  }

  /// Something that a translation depends on changed, or a page that is inspected as a whole did.
  func noteInspectedChange() {
    guard pointee.system.pointee.isInspected else { return }
    pointee.system.pointee.hasInspectedChange = true
    pointee.system.pointee.hasInspectedTranslationChange = true
    pointee.leavesBlock = true
  }

  /// A word in a page that is inspected changed in these bits.
  func inspectedWordChanged(frame: UInt64, offset: UInt64, changed: UInt64) {
    let system = pointee.system
    if system.pointee.inspectedFrames.contains(frame) { return noteInspectedChange() }
    let address = frame << 12 | offset
    for word in system.pointee.inspectedWords where word.address == address && word.mask & changed != 0 {
      system.pointee.hasInspectedChange = true
      pointee.leavesBlock = true
    }
  }
}
