import OrreryCompare
@_exported public import OrreryGolden
import OrreryHost
public import Testing

/// The cases below a folder, for the arguments of a test. Their kernels are built if a `kernel.txt` says how.
///
///     import OrreryTesting
///     @Test(arguments: try goldenCases(in: "../../traces"))
///     func behavesAsItsGoldenSays(_ goldenCase: GoldenCase) { expectGolden(goldenCase) }
///
/// - Parameters:
///   - folder: a folder of cases or one case, seen from the file of the caller.
///   - image: the kernel of all cases, seen from there too, instead of what `kernel.txt` says.
public func goldenCases(in folder: String, image: String? = nil, from file: String = #filePath) throws -> [GoldenCase] {
  let home = Folder.parent(of: file) ?? "/"
  let cases = try GoldenCase.find(
    at: [Folder.path(folder, in: home)], image: image.map { Folder.path($0, in: home) })
  for build in cases.builds { try build.runBuild() }
  return cases
}

/// Expects a kernel to behave as the golden of `goldenCase` says.
///
///     @Test func bootsToThePrompt() {
///       expectGolden(GoldenCase(folder: "traces/boot", image: "kernel.elf"))
///     }
///
/// Records an issue with what is different, and the commands that repeat and accept it, at the place of the call. Costs one recording of the case.
public func expectGolden(_ goldenCase: GoldenCase, sourceLocation: SourceLocation = #_sourceLocation) {
  let problem: String
  switch goldenCase.check().outcome {
  case .same: return
  case .different(let comparison, _):
    let changes = comparison.changes()
    let lines = ["the behaviour is not the golden's", BehaviourComparison.summary(of: changes)]
    problem = (lines + changes.map(\.description)).map { $0 + "\n" }.joined()
  case .withoutGolden(let text, _), .undecided(let text), .trouble(let text): problem = text + "\n"
  case .cancelled: problem = "given up\n"
  }
  let arguments = goldenCase.arguments.joined(separator: " ")
  Issue.record(
    "\(goldenCase): \(problem)reproduce: orrery test \(arguments)\naccept:    orrery accept \(arguments)",
    sourceLocation: sourceLocation)
}
