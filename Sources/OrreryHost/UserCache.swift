internal import Glibc

/// The folder in which the tool keeps for a user what it can make again: `$XDG_CACHE_HOME/orrery`, or `~/.cache/orrery`.
public enum UserCache {
  /// The folder of this name in the cache, made where it is missing; nil where the user has no home, or it cannot be written.
  public static func folder(_ name: String) -> String? {
    let base: String
    if let cache = Environment.value("XDG_CACHE_HOME"), cache.hasPrefix("/") {
      base = cache
    } else if let home = Environment.value("HOME"), home.hasPrefix("/") {
      base = Folder.path(".cache", in: home)
    } else {
      return nil
    }
    var path = base
    mkdir(path, 0o700)
    for part in ["orrery", name] {
      path = Folder.path(part, in: path)
      mkdir(path, 0o700)
    }
    return access(path, W_OK | X_OK) == 0 ? path : nil
  }

  /// Removes the files in a folder of the cache that were not used for longest, so that `count` are left.
  public static func trim(_ folder: String, to count: Int) {
    guard let names = try? Folder.names(in: folder), names.count > count else { return }
    var files: [(time: Int, path: String)] = []
    for name in names {
      let path = Folder.path(name, in: folder)
      var status = stat()
      if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG { files.append((status.st_mtim.tv_sec, path)) }
    }
    files.sort { ($0.time, $0.path) < ($1.time, $1.path) }
    for file in files.dropLast(count) { unlink(file.path) }
  }

  /// Notes that the file was used now.
  public static func touch(_ path: String) { utimensat(AT_FDCWD, path, nil, 0) }
}
