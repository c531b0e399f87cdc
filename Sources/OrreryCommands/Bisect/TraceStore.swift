import OrreryHost
import OrreryTrace

/// The traces of the kernels that were judged, by what decides a run: the same image under the same scenario is run once, in later searches too.
struct TraceStore {
  let folder: String
  private let isCache: Bool
  /// So many traces are kept for later searches.
  private static let limit = 64

  /// In the user's cache; where there is none, in a fresh folder that stays, for the traces are what the search shows.
  init() throws(HostError) {
    let cache = UserCache.folder("bisect")
    isCache = cache != nil
    if let cache { folder = cache } else { folder = try TemporaryFolder(name: "orrery-traces").path }
  }

  func path(for key: String) -> String { Folder.path("\(key.prefix(16)).orrery", in: folder) }

  /// Whether there is a whole trace at `path`.
  func has(_ path: String) -> Bool {
    guard Folder.isFile(path), let trace = try? OpenedTrace(path: path), trace.reader.isComplete,
      (try? trace.findDamage())?.isEmpty == true
    else { return false }
    UserCache.touch(path)
    return true
  }

  /// Whether the trace at `path` is one of these.
  func holds(_ path: String) -> Bool { Folder.parent(of: path) == folder }

  /// Removes what was not looked at for longest.
  func trim() { if isCache { UserCache.trim(folder, to: Self.limit) } }
}
