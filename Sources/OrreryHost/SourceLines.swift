internal import Glibc
public import OrreryBase

/// The source lines of an image's code, from its debugging information.
///
///     let lines = SourceLines(of: image, hash: hash)
///     lines?.frames(at: 0x10_0352)      // ["RingQueue.swift:15", "Keyboard.swift:40"], the innermost inlined function first
///
/// The debugging information (DWARF of any version) is read by LLVM's symbolizer or by addr2line of the GNU binutils, whichever the host has: a process
/// that is started with the first question and answers all of them. What it answered is kept in the user's cache by the image's hash, so that the next report on
/// the image needs no such process. Without a tool, or when it fails, there are no lines, and nothing else is different.
public final class SourceLines: @unchecked Sendable {
  private let image: [UInt8]
  private let cachePath: String?
  /// What is known, by address; only looked up, but for saving in order. No frames: the address has no line.
  private var known: [UInt64: [String]] = [:]
  private var hasNews = false
  private var tool: SymbolizerProcess?
  private var isToolTried = false
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  /// - Parameter image: the ELF file, with the debugging information in it.
  public init(of image: [UInt8], hash: Hash128) {
    self.image = image
    cachePath = UserCache.folder("lines").map { Folder.path(hash.description, in: $0) }
    pthread_mutex_init(lock, nil)
    if let cachePath { load(cachePath) }
  }

  deinit {
    save()
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  /// Whether some lines are known from before.
  public var hasKnown: Bool { !known.isEmpty }

  /// Whether the host has a program that reads debugging information.
  public static var isToolInstalled: Bool { SymbolizerProcess.command != nil }

  /// Where the instruction at `address` comes from, as `file:line`: the innermost inlined function first, the function itself last. Empty where that is
  /// not known.
  public func frames(at address: UInt64) -> [String] {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    if let frames = known[address] { return frames }
    if !isToolTried {
      isToolTried = true
      tool = SymbolizerProcess(image: image)
    }
    guard let frames = tool?.frames(at: address) else {
      // It failed once, and would keep every further question waiting.
      tool = nil
      return []
    }
    known[address] = frames
    hasNews = true
    return frames
  }

  // MARK: The cache, a text: a line with the version, then one for each address, its frames after tabs.

  private static let versionLine = "orrery lines 1"
  /// Images have some thousands of places that a trace names.
  private static let sizeLimit: UInt64 = 16 << 20
  /// So many images are remembered.
  private static let imageLimit = 256

  private func load(_ path: String) {
    guard let text = try? InputFile.text(of: path, limit: Self.sizeLimit) else { return }
    let rows = text.split(separator: "\n")
    guard rows.first == Self.versionLine[...] else { return }
    for row in rows.dropFirst() {
      let fields = row.split(separator: "\t")
      guard let first = fields.first, let address = UInt64(first, radix: 16) else { continue }
      known[address] = fields.dropFirst().map(String.init)
    }
  }

  private func save() {
    guard hasNews, let cachePath else { return }
    let rows = known.sorted { $0.key < $1.key }.map { entry in
      ([String(entry.key, radix: 16)] + entry.value).joined(separator: "\t")
    }
    let text = ([Self.versionLine] + rows).joined(separator: "\n") + "\n"
    guard text.utf8.count <= Self.sizeLimit else { return }
    // Another process may write the same; either is right.
    try? AtomicFile.write(Array(text.utf8), to: cachePath)
    if let folder = Folder.parent(of: cachePath) { UserCache.trim(folder, to: Self.imageLimit) }
  }
}
