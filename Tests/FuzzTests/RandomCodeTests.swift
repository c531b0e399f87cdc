import Foundation
import OrreryBase
import Testing

/// Random bytes executed as code in each mode never end the host's process.
///
/// `make random` does it for as many instructions as ORRERY_RANDOM_STEPS says, in each mode; it notes how far it came in the folder ORRERY_RANDOM, and goes on
/// there. The input in work is noted before it is run, so a crash tells which it was; ORRERY_RANDOM_CASE=`mode:input` runs it again.
@Suite(.serialized) struct RandomCodeTests {
  private static let shortRun: Steps = _isDebugAssertConfiguration() ? 20_000 : 400_000

  /// A jump to itself stays in the mode that a guest is made for.
  @Test(arguments: FuzzGuest.Mode.allCases) func everyModeIsEntered(mode: FuzzGuest.Mode) {
    let guest = FuzzGuest(mode, code: [0xEB, 0xFE])
    #expect(guest.run() == FuzzGuest.steps)
    #expect(guest.executes(mode))
  }

  @Test(arguments: FuzzGuest.Mode.allCases) func randomCodeEnds(mode: FuzzGuest.Mode) {
    var steps: Steps = 0
    var input: UInt64 = 0
    while steps < Self.shortRun {
      steps += FuzzGuest(mode, code: RandomCode.bytes(seed: input)).run()
      input += 1
    }
  }

  @Test(.enabled(if: RandomRun.folder != nil), arguments: FuzzGuest.Mode.allCases)
  func longRunOfRandomCodeEnds(mode: FuzzGuest.Mode) throws {
    if let single = RandomRun.singleCase {
      guard single.mode == "\(mode)" else { return }
      let steps = FuzzGuest(mode, code: RandomCode.bytes(seed: single.input)).run()
      print("input \(single.input) ended after \(steps) steps")
      return
    }
    var run = try RandomRun(mode)
    while let input = try run.nextInput() {
      run.note(steps: FuzzGuest(mode, code: RandomCode.bytes(seed: input)).run())
    }
    try run.writeTable()
  }
}

/// How far a long run in one mode has come.
private struct RandomRun {
  private static let environment = ProcessInfo.processInfo.environment
  static var folder: String? { environment["ORRERY_RANDOM"] }
  private static let goal = environment["ORRERY_RANDOM_STEPS"].flatMap { Steps($0) } ?? 100_000_000

  static var singleCase: (mode: String, input: UInt64)? {
    guard let parts = environment["ORRERY_RANDOM_CASE"]?.split(separator: ":"), parts.count == 2,
      let input = UInt64(parts[1])
    else { return nil }
    return (String(parts[0]), input)
  }

  private let mode: FuzzGuest.Mode
  private let file: URL
  private var inputs: UInt64 = 0
  private var steps: Steps = 0
  private var shownPercent: UInt64?

  init(_ mode: FuzzGuest.Mode) throws {
    self.mode = mode
    let folder = URL(filePath: try #require(Self.folder))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appending(path: "\(mode)")
    let numbers =
      (try? String(contentsOf: file, encoding: .utf8))?.split(separator: " ").compactMap { UInt64($0) } ?? []
    if numbers.count == 2 { (inputs, steps) = (numbers[0], numbers[1]) }
  }

  /// The next one, which is noted first; nil when there were enough steps.
  mutating func nextInput() throws -> UInt64? {
    try Data("\(inputs) \(steps)".utf8).write(to: file, options: .atomic)
    showProgress()
    return steps < Self.goal ? inputs : nil
  }

  mutating func note(steps more: Steps) {
    inputs += 1
    steps += more
  }

  private mutating func showProgress() {
    let percent = min(100, steps * 100 / Self.goal)
    guard percent != shownPercent else { return }
    shownPercent = percent
    let line = "random code, \(mode): \(percent) %  \(steps) of \(Self.goal) instructions, \(inputs) inputs\n"
    FileHandle.standardError.write(Data(line.utf8))
  }

  /// A row for each mode that has come to its end.
  func writeTable() throws {
    let folder = file.deletingLastPathComponent()
    var text = "| mode | inputs | instructions |\n|---|---:|---:|\n"
    for mode in FuzzGuest.Mode.allCases {
      let numbers =
        (try? String(contentsOf: folder.appending(path: "\(mode)"), encoding: .utf8))?.split(separator: " ") ?? []
      if numbers.count == 2 { text += "| \(mode.title) | \(numbers[0]) | \(numbers[1]) |\n" }
    }
    try Data(text.utf8).write(to: folder.appending(path: "random-table"))
  }
}

extension FuzzGuest.Mode {
  fileprivate var title: String {
    switch self {
    case .real: "real-address mode"
    case .protected: "protected mode, 32-bit code"
    case .protected16: "protected mode, 16-bit code"
    case .compatibility: "compatibility mode, 32-bit code"
    case .long: "64-bit mode"
    }
  }
}
