import OrreryBase

/// Collects the lines of one section in bounded memory: what repeats is told once with its count, and what exceeds the limit as a count and a hash.
struct LineFolder {
  private(set) var lines: [String] = []
  /// The hashes of the relative forms of the last lines in `lines`, as far as they are not folded.
  private var recent: [Hash128] = []
  /// The lines that repeat, and how often they were there.
  private var pattern: [Hash128] = []
  private var count = 0
  /// Lines of a repetition that is not yet complete.
  private var partial: [BehaviourLine] = []
  private var excess = 0
  private var excessHash = Hash128.zero

  /// Repetitions of up to this many lines are folded.
  static let longestPattern = 12
  /// A pattern is folded when it is there this often.
  static let leastCount = 4
  /// A section has at most this many lines, so that a person can review it.
  static let lineLimit = 2_000

  mutating func append(_ line: BehaviourLine) {
    let hash = Hash128(of: Array(line.relative.utf8))
    if !pattern.isEmpty {
      if pattern[partial.count] == hash {
        partial.append(line)
        if partial.count == pattern.count {
          count += 1
          partial = []
        }
        return
      }
      endRepetition()
    }
    add(line.text, hash)
    foldIfRepeated()
  }

  mutating func finish() -> [String] {
    endRepetition()
    if excess > 0 { lines.append("… \(excess) more lines, hash \(excessHash)") }
    return lines
  }

  private mutating func add(_ text: String, _ hash: Hash128) {
    guard lines.count < LineFolder.lineLimit else {
      excess += 1
      var link = ByteWriter()
      link.append(excessHash)
      link.append(hash)
      excessHash = Hash128(of: link.bytes)
      return
    }
    lines.append(text)
    recent.append(hash)
    if recent.count > LineFolder.longestPattern * LineFolder.leastCount { recent.removeFirst() }
  }

  /// Looks whether the last lines are one pattern several times over, the shortest pattern first.
  private mutating func foldIfRepeated() {
    guard excess == 0 else { return }
    for period in 1...LineFolder.longestPattern {
      let length = period * LineFolder.leastCount
      guard recent.count >= length else { return }
      let start = recent.count - length
      guard (start + period..<recent.count).allSatisfy({ recent[$0] == recent[$0 - period] }) else { continue }
      pattern = Array(recent[start..<start + period])
      count = LineFolder.leastCount
      lines.removeLast(length - period)
      recent = []
      return
    }
  }

  private mutating func endRepetition() {
    guard !pattern.isEmpty else { return }
    lines.append(
      pattern.count == 1 ? "… this line \(count) times in all" : "… these \(pattern.count) lines \(count) times in all")
    pattern = []
    let rest = partial
    partial = []
    recent = []
    for line in rest { add(line.text, Hash128(of: Array(line.relative.utf8))) }
  }
}
