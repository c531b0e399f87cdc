internal import OrreryBase

/// Accesses by physical address within one page: RAM, video memory, firmware, and the rest of the space below 1 MiB, which reads as ones.
extension CPU {
  var isScreenDirty: Bool { pointee.board._withUnsafeGuaranteedRef { $0.isScreenDirty } }

  /// The page of video memory with this frame number.
  func videoPage(_ frame: UInt64) -> UnsafeMutableRawPointer? {
    guard frame >= 0xB8, frame < 0xC0 else { return nil }
    return pointee.system.pointee.videoMemory + Int(frame - 0xB8) << 12
  }

  /// The page of the firmware with this frame number, which the guest cannot write.
  func firmwarePage(_ frame: UInt64) -> UnsafeMutableRawPointer? {
    PhysicalMemory.firmware.contains(frame) ? pointee.memory.pointee.bytes(ofFrame: frame) : nil
  }

  /// `size` (1…8) bytes within a page; nil with `stop` set where there is nothing.
  func loadPhysical(_ address: UInt64, size: Int) -> UInt64? {
    let frame = address >> 12
    let page: UnsafeMutableRawPointer
    if pointee.memory.pointee.isRAM(frame) {
      page = pointee.memory.pointee.bytes(ofFrame: frame)
    } else if let other = videoPage(frame) ?? firmwarePage(frame) {
      page = other
    } else if PhysicalMemory.hole.contains(frame) {
      return size == 8 ? .max : 1 << UInt64(size * 8) - 1
    } else {
      noDevice(address, size: size, "a load")
      return nil
    }
    return Self.load(page + Int(address & 0xFFF), size: size)
  }

  /// Stores the low `size` (1…8) bytes of `value` within a page and tells whoever depends on it; false with `stop` set where there is nothing.
  func storePhysical(_ address: UInt64, _ value: UInt64, size: Int) -> Bool {
    guard pointee.memory.pointee.isRAM(address >> 12) else { return storeBeyondMemory(address, value, size: size) }
    storeToMemory(address, value, size: size)
    return true
  }

  /// The same in RAM.
  @inline(__always)
  func storeToMemory(_ address: UInt64, _ value: UInt64, size: Int) {
    let frame = address >> 12
    let offset = Int(address & 0xFFF)
    pointee.memory.pointee.markDirty(frame)
    let page = pointee.memory.pointee.bytes(ofFrame: frame)
    let flags = pointee.memory.pointee.pageFlags(frame)
    if flags.followsWords {
      storeToTable(page, frame: frame, offset: offset, value, size: size)
    } else {
      Self.store(page + offset, value, size: size)
    }
    if flags.contains(.code) { codeChanged(frame: frame, offset: offset, size: size) }
  }

  /// The same elsewhere.
  @inline(never)
  func storeBeyondMemory(_ address: UInt64, _ value: UInt64, size: Int) -> Bool {
    let frame = address >> 12
    let offset = Int(address & 0xFFF)
    if let video = videoPage(frame) {
      if !isScreenDirty && pointee.system.pointee.recorded.contains(.screen) {
        let steps = pointee.steps
        pointee.board._withUnsafeGuaranteedRef { $0.screenWasTouched(steps: steps) }
        // The run loop must learn when the screen is to be cut.
        pointee.leavesBlock = true
      }
      Self.store(video + offset, value, size: size)
      return true
    }
    if PhysicalMemory.hole.contains(frame) { return true }
    noDevice(address, size: size, "a store")
    return false
  }

  private func noDevice(_ address: UInt64, size: Int, _ what: String) {
    unmodelled(
      "\(what) of \(size) bytes at physical address \(hexadecimal(address)), where there is neither memory nor a device"
    )
  }

  private func codeChanged(frame: UInt64, offset: Int, size: Int) {
    let first = UInt64(offset >> 6)
    let last = UInt64((offset + size - 1) >> 6)
    let granules = (1 << first | 1 << last) & pointee.memory.pointee.codeGranules(ofFrame: frame)
    guard granules != 0 else { return }
    pointee.memory.pointee.unmarkCode(frame: frame, granules: granules)
    pointee.blocks.pointee.invalidate(frame: frame, granules: granules)
    pointee.leavesBlock = true
  }

  /// A store of up to eight bytes touches at most two aligned words; each that changed is reported.
  private func storeToTable(_ page: UnsafeMutableRawPointer, frame: UInt64, offset: Int, _ value: UInt64, size: Int) {
    if size == 8 && offset & 7 == 0 {
      let old = Self.load(page + offset, size: 8)
      Self.store(page + offset, value, size: 8)
      return wordChanged(frame: frame, offset: offset, old: old, new: value)
    }
    let first = offset & ~7
    let last = (offset + size - 1) & ~7
    let oldFirst = Self.load(page + first, size: 8)
    let oldLast = Self.load(page + last, size: 8)
    Self.store(page + offset, value, size: size)
    wordChanged(frame: frame, offset: first, old: oldFirst, new: Self.load(page + first, size: 8))
    if last != first { wordChanged(frame: frame, offset: last, old: oldLast, new: Self.load(page + last, size: 8)) }
  }

  private func wordChanged(frame: UInt64, offset: Int, old: UInt64, new: UInt64) {
    guard old != new else { return }
    let flags = pointee.memory.pointee.pageFlags(frame)
    if flags.contains(.translating) { entryChanged(frame: frame, offset: UInt64(offset), old: old) }
    if flags.contains(.inspected) { inspectedWordChanged(frame: frame, offset: UInt64(offset), changed: old ^ new) }
    if flags.contains(.watched) { watchedWordChanged(frame: frame, offset: UInt64(offset), old: old, new: new) }
  }

  /// Writes for the host, within one page of RAM or firmware.
  func writeFromHost(_ bytes: some Collection<UInt8>, at address: UInt64) {
    let frame = address >> 12
    let flags = pointee.memory.pointee.pageFlags(frame)
    if flags.isDisjoint(with: [.code, .translating, .watched, .inspected]) {
      pointee.memory.pointee.markDirty(frame)
      let target = UnsafeMutableRawBufferPointer(
        start: pointee.memory.pointee.bytes(ofFrame: frame) + Int(address & 0xFFF), count: bytes.count)
      target.copyBytes(from: bytes)
    } else {
      for (position, byte) in zip(address..., bytes) { _ = storePhysical(position, UInt64(byte), size: 1) }
    }
  }

  // MARK: Host memory

  @inline(__always)
  static func load(_ place: UnsafeMutableRawPointer, size: Int) -> UInt64 {
    switch size {
    case 1: return UInt64(place.load(as: UInt8.self))
    case 2: return UInt64(UInt16(littleEndian: place.loadUnaligned(as: UInt16.self)))
    case 4: return UInt64(UInt32(littleEndian: place.loadUnaligned(as: UInt32.self)))
    case 8: return UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))
    default:
      var value: UInt64 = 0
      for index in 0..<size { value |= UInt64((place + index).load(as: UInt8.self)) << UInt64(index * 8) }
      return value
    }
  }

  @inline(__always)
  static func store(_ place: UnsafeMutableRawPointer, _ value: UInt64, size: Int) {
    switch size {
    case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, as: UInt16.self)
    case 4: place.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
    case 8: place.storeBytes(of: value.littleEndian, as: UInt64.self)
    default:
      for index in 0..<size {
        (place + index).storeBytes(of: UInt8(truncatingIfNeeded: value >> UInt64(index * 8)), as: UInt8.self)
      }
    }
  }
}
