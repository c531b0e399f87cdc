import Foundation
import Testing

/// Holds every source file's imports to the table of docs/ARCHITECTURE.md.
@Suite struct ImportTests {
  /// What the files of each target may import.
  static let allowed: [(target: String, imports: Set<String>)] = [
    ("OrreryBase", ["CXXHash"]),
    ("OrreryMachine", ["OrreryBase"]),
    ("OrreryImage", ["OrreryBase"]),
    ("OrreryScenario", ["OrreryBase"]),
    ("OrreryTrace", ["OrreryBase"]),
    ("OrreryCompare", ["OrreryBase", "OrreryTrace"]),
    (
      "Orrery",
      [
        "OrreryBase", "OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare",
        // For names that several threads read.
        "Synchronization",
      ]
    ),
    ("OrreryHost", ["OrreryBase", "Glibc", "Foundation"]),
    (
      "OrreryGolden",
      [
        "Orrery", "OrreryBase", "OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare",
        "OrreryHost",
      ]
    ),
    ("OrreryTesting", ["OrreryGolden", "OrreryCompare", "OrreryHost", "Testing"]),
    (
      "OrreryCommands",
      [
        "Orrery", "OrreryBase", "OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare",
        "OrreryHost", "OrreryGolden", "ArgumentParser",
      ]
    ),
    ("orrery", ["OrreryCommands"]),
  ]

  static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources")

  @Test func everyTargetIsInTheTable() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
    #expect(Set(folders) == Set(Self.allowed.map(\.target) + ["CXXHash"]))
  }

  @Test(arguments: allowed)
  func importsKeepToTheTable(target: String, imports: Set<String>) throws {
    let folder = Self.sources.appending(path: target)
    let files = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }
      .filter { $0.hasSuffix(".swift") }
    #expect(!files.isEmpty)
    for file in files {
      let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      for module in Self.importedModules(of: text) {
        #expect(imports.contains(module), "Sources/\(target)/\(file) imports \(module)")
      }
    }
  }

  @Test func importLinesAreRecognised() {
    let text = """
      import A
      internal import B
      @testable public import C.D
      // import E
      let important = 1
      @preconcurrency import struct F.G
      """
    #expect(Self.importedModules(of: text) == ["A", "B", "C", "F"])
  }

  static func importedModules(of text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count else { return nil }
      let modifiers: Set<Substring> = ["public", "internal", "package", "private", "fileprivate"]
      guard words[..<place].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@") }) else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      var name = words[place + 1]
      if kinds.contains(name), place + 2 < words.count { name = words[place + 2] }
      return name.split(separator: ".").first.map(String.init)
    }
  }
}
