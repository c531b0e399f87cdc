public import Testing

/// Expects a kernel to behave as the golden of `goldenCase` says.
///
///     @Test func bootsToThePrompt() {
///       expectGolden(GoldenCase(folder: "traces/boot", image: "kernel.elf"))
///     }
///
/// Records an issue with the changed lines, and the commands that repeat and accept them, at the place of the call. Costs one recording of the case.
public func expectGolden(_ goldenCase: GoldenCase, sourceLocation: SourceLocation = #_sourceLocation) {
  do {
    if let difference = try goldenCase.difference() {
      Issue.record(
        "\(goldenCase): the behaviour is not the golden's\n\(difference)\(goldenCase.commands)",
        sourceLocation: sourceLocation)
    }
  } catch {
    Issue.record("\(goldenCase): \(error)\n\(goldenCase.commands)", sourceLocation: sourceLocation)
  }
}
