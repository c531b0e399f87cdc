import OrreryBase

/// Collects the lines of one section in bounded memory: what repeats is told once with its count, and what exceeds the limit as a count and a hash.
struct LineFolder {
  private(set) var lines: [BehaviourTextLine] = []
  /// The last lines in `lines`, as far as they are not folded.
  private var recent: [Forms] = []
  /// The lines that repeat, in which of their forms, and how often they were there.
  private var pattern: [Hash128] = []
  private var form = Form.byAge
  private var count = 0
  /// The lines as they were the last time.
  private var latest: [BehaviourTextLine] = []
  /// Lines of a repetition that is not yet complete.
  private var partial: [BehaviourLine] = []
  private var excess = 0
  private var excessHash = Hash128.zero

  private enum Form { case byAge, byStep, byKind }

  /// What of a line is compared to find repetitions.
  private struct Forms {
    var byAge: Hash128
    var byStep: Hash128
    var byKind: Hash128

    init(_ line: BehaviourLine) {
      byAge = Hash128(of: Array(line.byAge.utf8))
      byStep = Hash128(of: Array(line.byStep.utf8))
      byKind = Hash128(of: Array(line.byKind.utf8))
    }

    subscript(form: Form) -> Hash128 {
      switch form {
      case .byAge: byAge
      case .byStep: byStep
      case .byKind: byKind
      }
    }
  }

  /// Repetitions of up to this many lines are folded.
  static let longestPattern = 12
  /// A pattern is folded when it is there this often.
  static let leastCount = 4
  /// A section has at most this many lines.
  private let lineLimit: Int

  init(lineLimit: Int) { self.lineLimit = lineLimit }

  mutating func append(_ line: BehaviourLine) {
    if !pattern.isEmpty {
      if pattern[partial.count] == Forms(line)[form] {
        partial.append(line)
        if partial.count == pattern.count {
          count += 1
          latest = partial.map(\.textLine)
          partial = []
        }
        return
      }
      endRepetition()
    }
    add(line)
    foldIfRepeated()
  }

  mutating func finish() -> [BehaviourTextLine] {
    endRepetition()
    if excess > 0 { lines.append(BehaviourTextLine("… \(excess) more lines, hash \(excessHash)")) }
    return lines
  }

  private mutating func add(_ line: BehaviourLine) {
    let forms = Forms(line)
    guard lines.count < lineLimit else {
      excess += 1
      var link = ByteWriter()
      link.append(excessHash)
      link.append(forms.byAge)
      excessHash = Hash128(of: link.bytes)
      return
    }
    lines.append(line.textLine)
    recent.append(forms)
    if recent.count > LineFolder.longestPattern * LineFolder.leastCount { recent.removeFirst() }
  }

  /// Looks whether the last lines are one pattern several times over, the shortest pattern first.
  private mutating func foldIfRepeated() {
    guard excess == 0 else { return }
    for period in 1...LineFolder.longestPattern {
      let length = period * LineFolder.leastCount
      guard recent.count >= length else { return }
      let start = recent.count - length
      for candidate in [Form.byAge, .byStep] {
        // The steps of the first time lead there from elsewhere; those of the second are the pattern's.
        let first = candidate == .byStep ? start + 2 * period : start + period
        guard repeats(from: first, period, in: candidate), repeats(from: start + period, period, in: .byKind) else {
          continue
        }
        form = candidate
        pattern = recent[(recent.count - period)...].map { $0[candidate] }
        count = LineFolder.leastCount
        latest = Array(lines.suffix(period))
        lines.removeLast(length - period)
        recent = []
        return
      }
    }
  }

  /// Whether every line from `first` on is, in `form`, as the one `period` lines before it.
  private func repeats(from first: Int, _ period: Int, in form: Form) -> Bool {
    (first..<recent.count).allSatisfy { recent[$0][form] == recent[$0 - period][form] }
  }

  private mutating func endRepetition() {
    guard !pattern.isEmpty else { return }
    let what = pattern.count == 1 ? "this line" : "these \(pattern.count) lines"
    let times = "… \(what) \(count) times in all"
    // How often is known with the last time.
    let origin = latest.first?.origin
    if form == .byStep {
      // First, last and count say the step.
      lines.append(BehaviourTextLine("\(times), up to", origin: origin))
      lines += latest
    } else {
      lines.append(BehaviourTextLine(times, origin: origin))
    }
    pattern = []
    let rest = partial
    partial = []
    recent = []
    for line in rest { add(line) }
  }
}

/// A line of a behaviour's text with where it comes from.
struct BehaviourTextLine {
  var text: String
  var origin: BehaviourOrigin?

  init(_ text: String, origin: BehaviourOrigin? = nil) {
    self.text = text
    self.origin = origin
  }
}

extension BehaviourLine {
  fileprivate var textLine: BehaviourTextLine { BehaviourTextLine(text, origin: origin) }
}
