import Foundation
import OrreryBase
import Testing

/// The fuzz targets with the corpus, and with a stated number of mutations of it: what `make fuzz` does for ten minutes each with coverage to guide it.
///
/// A failure here is a crash of the process; with ORRERY_FUZZ_VERBOSE set, the number of each input is printed before it is run.
@Suite struct FuzzTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Corpus/"
  private static let isVerbose = ProcessInfo.processInfo.environment["ORRERY_FUZZ_VERBOSE"] != nil

  /// Some seconds of work each on one core of the machine that runs the tests; an order less without optimisation.
  private static func count(_ target: FuzzTarget) -> Int {
    let count =
      switch target {
      case .machine: 20_000
      case .image: 20_000
      case .scenario: 20_000
      case .trace: 10_000
      case .state: 5_000
      }
    return _isDebugAssertConfiguration() ? count / 100 : count
  }

  private func corpus(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let folder = Self.folder + target.rawValue
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
      (name, Array(try Data(contentsOf: URL(filePath: folder + "/" + name))))
    }
  }

  @Test(arguments: FuzzTarget.allCases) func everyInputOfTheCorpusEnds(target: FuzzTarget) throws {
    let inputs = try corpus(target)
    #expect(!inputs.isEmpty)
    for input in inputs {
      if Self.isVerbose { print("\(target): \(input.name)") }
      target.run(input.bytes)
    }
  }

  @Test(arguments: FuzzTarget.allCases) func mutationsOfTheCorpusEnd(target: FuzzTarget) throws {
    var mutator = Mutator(try corpus(target).map(\.bytes), seed: 0x0FF1_CE)
    for number in 0..<Self.count(target) {
      let input = mutator.next()
      if Self.isVerbose { print("\(target): mutation \(number)") }
      target.run(input)
    }
  }
}
