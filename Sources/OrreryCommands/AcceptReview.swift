import OrreryGolden
import OrreryHost

/// Goes through changed behaviours one by one.
struct AcceptReview {
  let changed: [GoldenResult]
  let isColoured: Bool
  private var accepted: [GoldenResult] = []
  private var rejected: [GoldenResult] = []

  init(changed: [GoldenResult], isColoured: Bool) {
    self.changed = changed
    self.isColoured = isColoured
  }

  /// How many are not accepted.
  var leftCount: Int { changed.count - accepted.count }

  /// What a person may answer: the letter, the word, and what it does.
  private static let answers: [(letter: String, word: String, meaning: String)] = [
    ("a", "accept", "make this behaviour the golden"),
    ("r", "reject", "keep the golden: the kernel is wrong"),
    ("s", "skip", "decide later"),
    ("d", "show", "show the lines that are different"),
    ("A", "all", "accept this one and all that follow"),
    ("q", "quit", "skip this one and all that follow"),
    ("?", "help", "say what the answers mean"),
  ]

  static let question = "accept, reject, skip, show? [a/r/s/d/A/q/?] "

  /// How much of a change is shown before it is asked for.
  private static let lineLimit = 20

  mutating func acceptAll() throws(CommandFailure) {
    for result in changed { try accept(result) }
  }

  /// Asks about each; `answer` gives what the person typed, nil when nobody does any more.
  mutating func ask(_ answer: () -> String?) throws(CommandFailure) {
    let console = Console.current
    var acceptsRest = false
    cases: for (index, result) in changed.enumerated() {
      if acceptsRest {
        try accept(result)
        continue
      }
      let title = "\(result.word): \(result.goldenCase.folder) (\(index + 1) of \(changed.count))"
      console.line(isColoured ? DiffColours.bold(title) : title)
      show(result.detail, limit: Self.lineLimit)
      while true {
        console.output(Self.question)
        let typed = answer()
        if typed == nil { console.line() }
        switch Self.meaning(of: typed ?? "quit") {
        case "accept": try accept(result)
        case "all":
          try accept(result)
          acceptsRest = true
        case "reject": rejected.append(result)
        case "skip": break
        case "quit": break cases
        case "show":
          show(Self.everything(result), limit: .max)
          continue
        default:
          for answer in Self.answers { console.line("  \(answer.letter)  \(answer.word): \(answer.meaning)") }
          continue
        }
        break
      }
    }
  }

  /// What came of it, and for what was rejected how to look into it.
  ///
  /// - Parameter others: the cases that there was nothing to ask about.
  func summary(others: GoldenTally) -> String {
    guard !changed.isEmpty else {
      guard others.count("same") == others.total else { return others.description }
      return others.total == 1 ? "1 case, as its golden says" : "\(others.total) cases, all as their goldens say"
    }
    let skippedCount = leftCount - rejected.count
    let parts = [(accepted.count, "accepted"), (rejected.count, "rejected"), (skippedCount, "skipped")]
    var lines = [parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")]
    let skipped = changed.filter { result in
      !(accepted + rejected).contains { $0.goldenCase.folder == result.goldenCase.folder }
    }
    for result in rejected { lines.append("rejected: \(result.goldenCase.folder); repeat it: \(result.reproduction)") }
    for result in skipped { lines.append("skipped: \(result.goldenCase.folder)") }
    return lines.joined(separator: "\n")
  }

  private mutating func accept(_ result: GoldenResult) throws(CommandFailure) {
    guard let behaviour = result.newBehaviour else { return }
    do throws(HostError) { try result.goldenCase.accept(behaviour) } catch { throw CommandFailure(error) }
    accepted.append(result)
    Console.current.line("accepted: \(result.goldenCase.goldenPath)")
  }

  /// The lines of the behaviour that are not the golden's; the whole of one that has no golden.
  private static func everything(_ result: GoldenResult) -> String {
    switch result.outcome {
    case .different(let comparison, _):
      BehaviourDiff(left: result.goldenCase.goldenPath, right: "the kernel's behaviour", comparison: comparison)
        .unified()
    case .withoutGolden(_, let behaviour): behaviour
    default: result.detail
    }
  }

  private func show(_ text: String, limit: Int) {
    for line in DiffColours.beginning(of: text, limit: limit, isColoured: isColoured) { Console.current.line(line) }
  }

  private static func meaning(of typed: String) -> String? {
    let words = typed.split(separator: " ")
    guard words.count == 1, let word = words.first else { return nil }
    // `A` and `a` are not the same.
    return answers.first { word == $0.letter || word.lowercased() == $0.word }?.word
  }
}
