internal import OrreryBase

/// The RAM of the machine, in chunks that exist from the first access on, and what is remembered about each page.
///
/// Every access is checked against the size. Pages 0xA0…0xFF (video memory, option ROMs, firmware) are not RAM; the CPU's slow paths decode them. The
/// firmware's pages are kept here with the others, so that checkpoints and hashes cover them.
struct PhysicalMemory: ~Copyable {
  static let pageSize = 4096
  /// Large enough that a kernel's image needs few, small enough that a stray access costs little host memory.
  static let chunkSize = 64 << 10
  /// Frames between the top of conventional memory and 1 MiB.
  static let hole: Range<UInt64> = 0xA0..<0x100
  /// The part of the hole that holds the firmware: the guest can read and execute it. What the boot loader does not fill reads as ones.
  static let firmware: Range<UInt64> = 0xF0..<0x100

  /// In bytes.
  let size: UInt64
  /// In pages, with the hole counted.
  let pageCount: UInt64
  private let chunks: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
  private let flags: UnsafeMutableBufferPointer<PageFlags>
  /// For each page the 64-byte granules that decoded code came from, a bit each.
  private let codeGranules: UnsafeMutableBufferPointer<UInt64>
  private let translations: UnsafeMutablePointer<TranslationCache>

  /// Pages with `PageFlags.dirty`, in order of their first store.
  private(set) var dirtyFrames: [UInt32] = []
  /// Pages with `PageFlags.unhashed`, in order of their first store.
  private(set) var unhashedFrames: [UInt32] = []
  /// Pages that have or had `PageFlags.code` since the last `forgetCode`.
  private var codeFrames: [UInt32] = []

  init(size: UInt64, translations: UnsafeMutablePointer<TranslationCache>) {
    precondition(
      size.isMultiple(of: UInt64(Self.pageSize)) && size >= 1 << 20 && size <= MachineConfiguration.maximumMemorySize,
      "memory is a multiple of 4096 bytes between 1 MiB and 3 GiB")
    self.size = size
    self.translations = translations
    pageCount = size / UInt64(Self.pageSize)
    chunks = .allocate(capacity: Int((size + UInt64(Self.chunkSize) - 1) / UInt64(Self.chunkSize)))
    chunks.initialize(repeating: nil)
    flags = .allocate(capacity: Int(pageCount))
    flags.initialize(repeating: [])
    codeGranules = .allocate(capacity: Int(pageCount))
    codeGranules.initialize(repeating: 0)
    for frame in Self.firmware {
      bytes(ofFrame: frame).initializeMemory(as: UInt8.self, repeating: 0xFF, count: Self.pageSize)
      markDirty(frame)
    }
  }

  func deallocate() {
    for chunk in chunks { chunk?.deallocate() }
    chunks.deallocate()
    flags.deallocate()
    codeGranules.deallocate()
  }

  /// Whether `frame` (a physical page number) is RAM.
  @inline(__always)
  func isRAM(_ frame: UInt64) -> Bool { frame < pageCount && !Self.hole.contains(frame) }

  /// Whether `frame` has contents of its own: RAM, or firmware.
  func holdsBytes(_ frame: UInt64) -> Bool { isRAM(frame) || Self.firmware.contains(frame) }

  /// The bytes of a page of RAM, which begin to exist now if they did not.
  @inline(__always)
  func bytes(ofFrame frame: UInt64) -> UnsafeMutableRawPointer {
    precondition(frame < pageCount, "a frame outside RAM")
    let chunk = chunks[Int(frame >> 4)] ?? makeChunk(Int(frame >> 4))
    return chunk + Int(frame & 15) << 12
  }

  /// The bytes of a page of RAM; nil while no access has made its chunk exist, so that all of it is zero.
  func existingBytes(ofFrame frame: UInt64) -> UnsafeMutableRawPointer? {
    precondition(frame < pageCount, "a frame outside RAM")
    guard let chunk = chunks[Int(frame >> 4)] else { return nil }
    return chunk + Int(frame & 15) << 12
  }

  @inline(never)
  private func makeChunk(_ index: Int) -> UnsafeMutableRawPointer {
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: Self.chunkSize, alignment: Self.pageSize)
    chunk.initializeMemory(as: UInt8.self, repeating: 0, count: Self.chunkSize)
    chunks[index] = chunk
    return chunk
  }

  // MARK: What is remembered about a page

  @inline(__always)
  func pageFlags(_ frame: UInt64) -> PageFlags { flags[Int(frame)] }

  func codeGranules(ofFrame frame: UInt64) -> UInt64 { codeGranules[Int(frame)] }

  @inline(__always)
  mutating func markWriteTagged(_ frame: UInt64) { flags[Int(frame)].insert(.writeTagged) }

  /// To be called before the first store of any kind to a page.
  @inline(__always)
  mutating func markDirty(_ frame: UInt64) {
    guard !flags[Int(frame)].isSuperset(of: [.dirty, .unhashed]) else { return }
    noteFirstStore(frame)
  }

  @inline(never)
  private mutating func noteFirstStore(_ frame: UInt64) {
    if flags[Int(frame)].insert(.dirty).inserted { dirtyFrames.append(UInt32(frame)) }
    if flags[Int(frame)].insert(.unhashed).inserted { unhashedFrames.append(UInt32(frame)) }
  }

  /// From now on every store to the page is seen, until `unmark` takes the same flag away.
  mutating func mark(_ frame: UInt64, _ flag: PageFlags) {
    guard flags[Int(frame)].insert(flag).inserted, flags[Int(frame)].remove(.writeTagged) != nil else { return }
    translations.pointee.dropWriteTags(ofPage: frame << 12)
  }

  mutating func unmark(_ frame: UInt64, _ flag: PageFlags) { flags[Int(frame)].remove(flag) }

  /// The decoder read these granules of a page: a store to one of them reaches `BlockCache.invalidate`.
  mutating func markCode(frame: UInt64, granules: UInt64) {
    guard isRAM(frame) else { return }
    codeGranules[Int(frame)] |= granules
    if !flags[Int(frame)].contains(.code) {
      codeFrames.append(UInt32(frame))
      mark(frame, .code)
    }
  }

  /// Forgets that code was decoded from these granules.
  mutating func unmarkCode(frame: UInt64, granules: UInt64) {
    codeGranules[Int(frame)] &= ~granules
    if codeGranules[Int(frame)] == 0 { flags[Int(frame)].remove(.code) }
  }

  /// To be called when the block cache was emptied.
  mutating func forgetCode() {
    for frame in codeFrames {
      codeGranules[Int(frame)] = 0
      flags[Int(frame)].remove(.code)
    }
    codeFrames.removeAll(keepingCapacity: true)
  }

  /// Begins a new span of `PageFlags.dirty`; every first store to a page is seen again.
  mutating func clearDirty() {
    for frame in dirtyFrames { flags[Int(frame)].subtract([.dirty, .writeTagged]) }
    dirtyFrames.removeAll(keepingCapacity: true)
    translations.pointee.dropWriteTags()
  }

  /// Begins a new span of `PageFlags.unhashed`; every first store to a page is seen again.
  mutating func clearUnhashed() {
    for frame in unhashedFrames { flags[Int(frame)].subtract([.unhashed, .writeTagged]) }
    unhashedFrames.removeAll(keepingCapacity: true)
    translations.pointee.dropWriteTags()
  }

  // MARK: Access by physical address, for page walks and for the machine's own use

  /// The little-endian value at a RAM address that is a multiple of its size; nil when it is not RAM.
  @inline(__always)
  func load<Value: FixedWidthInteger & BitwiseCopyable>(_ address: UInt64, as _: Value.Type = Value.self) -> Value? {
    guard isRAM(address >> 12) else { return nil }
    return Value(littleEndian: (bytes(ofFrame: address >> 12) + Int(address & 0xFFF)).loadUnaligned(as: Value.self))
  }

  /// Stores without telling anyone but the dirty lists: for accessed and dirty bits.
  mutating func storeEntry<Value: FixedWidthInteger & BitwiseCopyable>(_ address: UInt64, _ value: Value) {
    precondition(isRAM(address >> 12), "an entry outside RAM")
    markDirty(address >> 12)
    (bytes(ofFrame: address >> 12) + Int(address & 0xFFF)).storeBytes(of: value.littleEndian, as: Value.self)
  }
}
