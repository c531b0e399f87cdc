import Foundation
import Testing

/// A folder of its own in which the built command line tool is run, and what the tests need to run it.
final class Workbench {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The tool that was built together with this test.
  static var tool: String {
    get throws {
      #if DEBUG
      try found(repository + "/.build/debug/orrery", target: "build")
      #else
      try found(repository + "/.build/release/orrery", target: "build")
      #endif
    }
  }
  static var debugTool: String {
    get throws { try found(repository + "/.build-debug/debug/orrery", target: "debug") }
  }
  static var kernel: String {
    get throws { try found(repository + "/kernel/.build/orrery-kernel.elf", target: "kernel") }
  }
  static let sessionPath = repository + "/traces/first-light/first-light.scenario"
  static var session: String { get throws { try String(contentsOfFile: sessionPath, encoding: .utf8) } }

  let path: String
  private let logs: String

  init() throws {
    let root = FileManager.default.temporaryDirectory.path + "/orrery-acceptance-" + UUID().uuidString
    path = root + "/work"
    logs = root + "/logs"
    for folder in [path, logs] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: URL(filePath: path).deletingLastPathComponent().path) }

  struct Result {
    var end: ChildEnd
    var output: String
    var error: String
    var peakResidentKibibytes: Int
  }

  /// Runs the tool in the folder, with nothing in its environment.
  @discardableResult
  func orrery(_ arguments: String...) async throws -> Result { try await run(Self.tool, arguments) }

  /// Runs a program in the folder and waits for its end.
  func run(_ program: String, _ arguments: [String], environment: [String] = []) async throws -> Result {
    let child = try start(program, arguments, environment: environment)
    let end = try await child.wait()
    return Result(
      end: end, output: text(logs + "/output"), error: text(logs + "/error"),
      peakResidentKibibytes: child.peakResidentKibibytes)
  }

  func start(_ program: String, _ arguments: [String], environment: [String] = []) throws -> ChildProcess {
    try ChildProcess(
      program, arguments, environment: environment, directory: path, output: logs + "/output", error: logs + "/error")
  }

  /// What the program started last wrote to its standard error.
  var errorText: String { text(logs + "/error") }

  /// The file of this name in the folder.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(filePath: file(name)))
    return name
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file(name)))) }

  func names() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: path)) }

  private func text(_ path: String) -> String {
    String(decoding: (try? Data(contentsOf: URL(filePath: path))) ?? Data(), as: UTF8.self)
  }

  private static func found(_ path: String, target: String) throws -> String {
    try #require(FileManager.default.fileExists(atPath: path), "\(path) is missing: build it with `make \(target)`")
    return path
  }
}

/// The tests of the whole tool, one after another: each starts processes that want a processor for themselves.
@Suite(.serialized) enum AcceptanceTests {}
