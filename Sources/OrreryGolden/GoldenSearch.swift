public import OrreryHost

extension GoldenCase {
  /// The cases at `paths`: each path is the folder of a case, or a folder with cases anywhere below.
  ///
  /// They come in the order of the paths, below each in the order of their names; one that is found twice is there once. A folder is one of a case when it
  /// has a scenario, or a golden, for a golden whose scenario is gone must not be passed over.
  ///
  /// - Parameter image: the kernel of all cases, instead of what `kernel.txt` says.
  public static func find(at paths: [String], image: String? = nil) throws(GoldenError) -> [GoldenCase] {
    var folders: [String] = []
    for path in paths {
      let path = Folder.withoutEndSlash(path)
      guard Folder.isFolder(path) else {
        throw .trouble("\(path): there is no such folder; name a case, or a folder with cases below it")
      }
      var found: [String] = []
      try gather(path, depth: 0, into: &found)
      guard !found.isEmpty else {
        throw .trouble("\(path): there is no case below it; a case is a folder with a file NAME.scenario")
      }
      folders += found
    }
    var seen: Set<String> = []
    var cases: [GoldenCase] = []
    for folder in folders where seen.insert(folder).inserted {
      let kernel = if let image { KernelSource.given(image) } else { try KernelSource.find(for: folder) }
      cases.append(GoldenCase(folder: folder, scenarioPath: scenario(in: folder), kernel: kernel))
    }
    return cases
  }

  /// Folders lie no deeper below a path.
  private static let depthLimit = 8

  private static func gather(_ folder: String, depth: Int, into found: inout [String]) throws(GoldenError) {
    let names: [String]
    do throws(HostError) { names = try Folder.names(in: folder) } catch { throw .trouble(error.description) }
    if names.contains(where: { $0.hasSuffix(".scenario") || $0 == "golden.txt" }) {
      found.append(folder)
      return
    }
    guard depth < depthLimit else { return }
    for name in names {
      let path = Folder.path(name, in: folder)
      // A link could lead round in a circle.
      if Folder.isFolder(path), !Folder.isLink(path) { try gather(path, depth: depth + 1, into: &found) }
    }
  }

  /// The folder's scenario: the one of its name, or the only one; nil when there is neither.
  private static func scenario(in folder: String) -> String? {
    let names = ((try? Folder.names(in: folder)) ?? []).filter { $0.hasSuffix(".scenario") }
    guard !names.contains("\(name(of: folder)).scenario"), names.count == 1 else { return nil }
    return Folder.path(names[0], in: folder)
  }
}

extension Collection where Element == GoldenCase {
  /// The commands that build the kernels of these cases, each once.
  public var builds: [ShellCommand] {
    var builds: [ShellCommand] = []
    for case let build? in map({ $0.kernel?.build }) where !builds.contains(build) { builds.append(build) }
    return builds
  }
}
