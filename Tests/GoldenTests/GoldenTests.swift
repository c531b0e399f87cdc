import Foundation
import Orrery
import OrreryBase
import OrreryHost
import OrreryTesting
import OrreryTrace
import Testing

/// Where the repository is.
private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite struct GoldenTests {
  @Test(arguments: try goldenCases(in: "../../traces"))
  func theKernelBehavesAsItsGoldenSays(goldenCase: GoldenCase) { expectGolden(goldenCase) }

  @Test(arguments: try goldenCases(in: "../../traces"))
  func recordingTwiceGivesTheSameBytesAndReplays(goldenCase: GoldenCase) throws {
    let trace = try goldenCase.record()
    #expect(try goldenCase.record() == trace)
    #expect(try isSame(trace))
  }

  @Test func aMissingGoldenIsAFailure() throws {
    let name = "orrery-golden-\(ProcessInfo.processInfo.globallyUniqueString)"
    let folder = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "limits { steps 1 }\n".write(to: folder.appending(path: "\(name).scenario"), atomically: true, encoding: .utf8)
    let missing = GoldenCase(folder: folder.path, image: root.appending(path: "kernel/.build/orrery-kernel.elf").path)
    withKnownIssue {
      expectGolden(missing)
    } matching: { issue in
      issue.comments.contains { $0.rawValue.contains("golden.txt") && $0.rawValue.contains("accept:") }
    }
  }

  /// A suite that finds no case must not pass.
  @Test func aFolderWithoutCasesIsAFailure() {
    #expect(throws: GoldenError.self) { try goldenCases(in: "../../docs") }
  }
}

@Suite struct FrozenTraceTests {
  /// Complete traces, image inside, of this machine's revision.
  static let frozen: [String] = {
    let folder = root.appending(path: "traces/frozen")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".orrery") }.sorted().map { folder.appending(path: $0).path }
  }()

  @Test func thereAreFrozenTraces() { #expect(!Self.frozen.isEmpty) }

  @Test(arguments: frozen)
  func aFrozenTraceReplaysByteForByte(path: String) throws {
    #expect(try isSame(InputFile.contents(of: path, limit: 2 << 20)))
  }
}

/// Whether a replay of `trace` is the same to its end, and recorded again gives the same bytes.
private func isSame(_ trace: [UInt8]) throws -> Bool {
  let replayer = try Replayer(source: MemoryTraceSource(trace))
  while true {
    switch try replayer.advance() {
    case nil: continue
    case .same(_, let end): return end != nil && replayer.isByteForByte
    case .different(let difference):
      Issue.record("\(difference)")
      return false
    }
  }
}
