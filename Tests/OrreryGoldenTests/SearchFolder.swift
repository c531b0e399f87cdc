import Foundation

/// A fresh folder of files, removed with everything in it.
final class SearchFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/orrery-golden-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and the folders it is in; gives its path.
  @discardableResult
  func write(_ name: String, _ text: String = "") throws -> String {
    let url = URL(filePath: path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    return url.path
  }
}
