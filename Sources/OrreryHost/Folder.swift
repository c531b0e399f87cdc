internal import Glibc

/// Folders and paths as the host has them.
public enum Folder {
  /// The names in the folder at `path`, but for those that begin with a dot, in the order of their bytes.
  public static func names(in path: String) throws(HostError) -> [String] {
    guard let stream = opendir(path.isEmpty ? "." : path) else {
      throw HostError(path: path, errno: errno, activity: "listing it")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    // Not by the locale, nor by what Unicode calls equal: the order is part of what a test says.
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether there is a folder at `path`, also through a link.
  public static func isFolder(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT == S_IFDIR } ?? false }

  /// Whether there is a regular file at `path`, also through a link.
  public static func isFile(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT == S_IFREG } ?? false }

  /// Whether `path` is a link, wherever it leads.
  public static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// `name` in `folder`; an absolute `name` stays as it is.
  public static func path(_ name: String, in folder: String) -> String {
    if name.hasPrefix("/") || folder.isEmpty || folder == "." { return name }
    return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// `path` without a slash at its end; the root stays as it is.
  public static func withoutEndSlash(_ path: String) -> String {
    path.count > 1 && path.last == "/" ? String(path.dropLast()) : path
  }

  /// The folder that holds the file or folder at `path`; nil for the root.
  public static func parent(of path: String) -> String? {
    var parts = path.split(separator: "/")
    if path.hasPrefix("/"), parts.isEmpty { return nil }
    guard let last = parts.last, last != ".", last != ".." else { return parts.isEmpty ? ".." : path + "/.." }
    parts.removeLast()
    let rest = parts.joined(separator: "/")
    return path.hasPrefix("/") ? "/" + rest : rest.isEmpty ? "." : rest
  }

  /// `path` without links, dots and double slashes, as far as it exists: what follows the last folder that does stays as it is.
  public static func resolved(_ path: String) -> String {
    if let resolved = realpath(path, nil) {
      defer { free(resolved) }
      return String(cString: resolved)
    }
    guard let slash = withoutEndSlash(path).lastIndex(of: "/"), slash != path.startIndex else { return path }
    return resolved(String(path[..<slash])) + path[slash...]
  }

  /// Removes the file at `path`, or the link; nothing happens when there is none.
  public static func removeFile(_ path: String) throws(HostError) {
    guard unlink(path) != 0, errno != ENOENT, errno != ENOTDIR else { return }
    throw HostError(path: path, errno: errno, activity: "removing it")
  }

  private static func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path.isEmpty ? "." : path, &status) == 0 ? status.st_mode : nil
  }
}
