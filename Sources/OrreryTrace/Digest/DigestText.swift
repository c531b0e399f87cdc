import OrreryBase

/// Where the text of a digest is not what `TraceDigest.text` writes, and how.
public struct DigestError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1.
  public var line: Int
  /// From 1, in bytes.
  public var column: Int
  /// What was expected, what was found, and what to do.
  public var problem: String

  public var description: String { "\(line):\(column): error: \(problem)" }
}

extension TraceDigest {
  /// How a digest of any version begins.
  public static let textStart = "orrery digest "
  static let textVersion = "1"
  /// The longest text that is read: the chunks of a trace of some 40 GiB.
  public static let textLimit: UInt64 = 1 << 28

  /// The digest as text, which is what `init(parsing:)` reads: words with one space between them, and a hash of it all in the last line.
  public var text: String {
    var text = "\(Self.textStart)\(Self.textVersion)\n"
    for header in headers { text += "header \(header.name) \(header.hash)\n" }
    text += (["lanes"] + lanes.lanes.map(\.name)).joined(separator: " ") + "\n"
    text += "end \(end.map(\.description) ?? "cut")\n"
    text += "events \(events.lowerBound) \(eventCount)\n"
    switch division {
    case .chunks: text += "chunks \(parts.count)\n"
    case .runs(let length): text += "runs \(parts.count) of \(length)\n"
    }
    for part in parts {
      text += "part \(part.firstSequence) \(part.eventCount) \(part.firstClock) \(part.hash)"
      for lane in part.laneHashes { text += " \(lane.lane.name) \(lane.hash)" }
      text += "\n"
    }
    return text + "check \(Hash128(of: Array(text.utf8)))\n"
  }

  /// Reads the text of a digest. Whatever the bytes are, it is read as exactly what was written or not at all.
  public init(parsing bytes: [UInt8]) throws(DigestError) {
    var reader = DigestReader(bytes)
    try reader.version()
    headers = []
    var sections = HeaderSection.allCases[...]
    while reader.isAt("header") {
      try reader.begin("header")
      let (name, column) = try reader.word("the name of a part of the header")
      guard let place = sections.firstIndex(where: { $0.word == name }) else {
        throw reader.error(at: column, "there is no part '\(name)' of a header, or not at this place")
      }
      sections = sections[(place + 1)...]
      headers.append(HeaderPart(name: name, hash: try reader.hash()))
      try reader.endLine()
    }
    try reader.begin("lanes")
    lanes = []
    while let lane = try reader.lane(after: lanes) { lanes.formUnion(LaneSet(lane)) }
    try reader.endLine()
    try reader.begin("end")
    end = try reader.hash(or: "cut")
    try reader.endLine()
    try reader.begin("events")
    let first = try reader.number("the number of the first event")
    let count = try reader.number("a count of events") { $0 <= UInt64.max - first }
    events = first..<first + count
    try reader.endLine()
    let partCount: UInt64
    (division, partCount) = try reader.division(of: events)
    parts = []
    try reader.parts(count: partCount, division, events, lanes, into: &parts)
    try reader.check()
  }
}

/// Reads the text of a digest word by word and knows where it is.
private struct DigestReader {
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var lineStart = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var column: Int { offset - lineStart + 1 }

  func error(at column: Int, _ problem: String) -> DigestError {
    DigestError(line: line, column: column, problem: problem)
  }

  /// The error that something else stands here than `expected`.
  private func unexpected(_ expected: String) -> DigestError {
    let found = nextWord
    let what =
      offset >= bytes.count ? "the digest ends" : found.isEmpty ? "there is none" : "found '\(Self.printable(found))'"
    return error(at: column, "expected \(expected), \(what); make the digest again with `orrery digest`")
  }

  /// What stands here up to the next space or the end of the line.
  private var nextWord: ArraySlice<UInt8> {
    bytes[offset...].prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
  }

  /// The start of `word`, which may hold anything.
  private static func printable(_ word: ArraySlice<UInt8>) -> String {
    let text = word.prefix(40).map { (0x21...0x7E).contains($0) ? Character(Unicode.Scalar($0)) : "?" }
    return String(text) + (word.count > 40 ? "…" : "")
  }

  func isAt(_ keyword: String) -> Bool { nextWord.elementsEqual(keyword.utf8) }

  mutating func begin(_ keyword: String) throws(DigestError) {
    guard isAt(keyword) else { throw unexpected("`\(keyword)`") }
    offset += keyword.utf8.count
  }

  mutating func version() throws(DigestError) {
    let start = Array(TraceDigest.textStart.utf8)
    guard bytes.starts(with: start) else {
      throw error(at: 1, "it does not begin with `orrery digest`; give what `orrery digest` printed, without --json")
    }
    offset = start.count
    guard isAt(TraceDigest.textVersion) else {
      throw error(
        at: column,
        "the digest has version '\(Self.printable(nextWord))', this program reads version \(TraceDigest.textVersion); make both with one program"
      )
    }
    offset += TraceDigest.textVersion.utf8.count
    try endLine()
  }

  private mutating func space(before what: String) throws(DigestError) {
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: " ") else { throw unexpected(what) }
    offset += 1
  }

  mutating func endLine() throws(DigestError) {
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\n") else { throw unexpected("the end of the line") }
    offset += 1
    line += 1
    lineStart = offset
  }

  /// The next word and its column.
  mutating func word(_ what: String) throws(DigestError) -> (String, Int) {
    try space(before: what)
    let word = nextWord
    guard !word.isEmpty else { throw unexpected(what) }
    defer { offset += word.count }
    return (Self.printable(word), column)
  }

  /// A number in decimal without needless zeros, for which `isRight` is true.
  mutating func number(
    _ what: String, isRight: (UInt64) -> Bool = { _ in true }
  ) throws(DigestError) -> UInt64 {
    try space(before: what)
    let word = nextWord
    guard let value = UInt64(String(decoding: word.prefix(24), as: UTF8.self)), isRight(value),
      word.elementsEqual(String(value).utf8)
    else { throw unexpected(what) }
    offset += word.count
    return value
  }

  mutating func hash(or keyword: String) throws(DigestError) -> Hash128? {
    if bytes[offset...].starts(with: " \(keyword)\n".utf8) {
      offset += 1 + keyword.utf8.count
      return nil
    }
    return try hash()
  }

  /// A hash: 32 hexadecimal digits, letters small.
  mutating func hash() throws(DigestError) -> Hash128 {
    let what = "a hash of 32 hexadecimal digits"
    try space(before: what)
    let word = nextWord
    let isHexadecimal = word.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
    }
    guard word.count == 32, isHexadecimal,
      let high = UInt64(String(decoding: word.prefix(16), as: UTF8.self), radix: 16),
      let low = UInt64(String(decoding: word.suffix(16), as: UTF8.self), radix: 16)
    else { throw unexpected(what) }
    offset += 32
    return Hash128(high: high, low: low)
  }

  /// The lane of `allowed` whose name stands here, which comes after all of `lanes`; nil at the end of the line.
  mutating func lane(after lanes: LaneSet, among allowed: LaneSet = .all) throws(DigestError) -> Lane? {
    guard offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") else { return nil }
    let (name, column) = try word("the name of a lane")
    guard let lane = Lane(name: name), allowed.contains(lane), LaneSet(lane).rawValue > lanes.rawValue else {
      throw error(at: column, "there is no lane '\(name)', or not at this place, or it was not recorded")
    }
    return lane
  }

  /// What the parts are, and how many.
  mutating func division(of events: Range<UInt64>) throws(DigestError) -> (TraceDigest.Division, UInt64) {
    let isChunks = isAt("chunks")
    guard !isChunks || events.lowerBound == 0 else {
      throw error(at: column, "chunks are of all events, and those above begin with \(events.lowerBound)")
    }
    try begin(isChunks ? "chunks" : "runs")
    // Events are in few runs, so that whoever makes the same runs of another trace knows what that takes.
    let limit = isChunks ? UInt64.max : TraceDigest.runLimit
    let count = try number("a count of parts, at most \(limit)") { $0 <= limit }
    guard !isChunks else {
      try endLine()
      return (.chunks, count)
    }
    try space(before: "`of`")
    try begin("of")
    let length = try number("how many events a run has, so that there are at most \(limit) runs") { length in
      let (most, overflow) = length.multipliedReportingOverflow(by: limit)
      return length > 0 && (overflow || most >= events.upperBound - events.lowerBound)
    }
    try endLine()
    return (.runs(length: length), count)
  }

  mutating func parts(
    count: UInt64, _ division: TraceDigest.Division, _ events: Range<UInt64>, _ lanes: LaneSet,
    into parts: inout [TraceDigest.Part]
  ) throws(DigestError) {
    var next = events.lowerBound
    var clock: Clock = 0
    // The count is a claim; every part takes a line.
    for number in 0..<count {
      let isLast = number == count - 1
      try begin("part")
      let first = try self.number("the number \(next) of the event after those before") { $0 == next }
      let length = try self.number("a count of events that fits those before and the whole") { length in
        guard length > 0, length <= events.upperBound - next else { return false }
        switch division {
        case .chunks: return !isLast || next + length == events.upperBound
        case .runs(let full): return length == full || isLast && length < full
        }
      }
      clock = try self.number("a clock, not before \(clock)") { [clock] in $0 >= clock }
      var part = TraceDigest.Part(
        firstSequence: first, eventCount: length, firstClock: clock, hash: try hash(), laneHashes: [])
      var seen: LaneSet = []
      while let lane = try lane(after: seen, among: lanes) {
        seen.formUnion(LaneSet(lane))
        part.laneHashes.append(TraceDigest.LaneHash(lane: lane, hash: try hash()))
      }
      guard !seen.isEmpty else { throw unexpected("the hash of at least one lane") }
      try endLine()
      parts.append(part)
      next += length
    }
    guard division != .chunks || next == events.upperBound else {
      throw unexpected("`part`, for events \(next) to \(events.upperBound)")
    }
  }

  /// The last line: the hash of all before it.
  mutating func check() throws(DigestError) {
    let end = offset
    try begin("check")
    let column = column + 1
    let hash = try hash()
    guard hash == Hash128(of: Array(bytes[..<end])) else {
      throw error(at: column, "the lines above do not agree with this hash; copy the digest again")
    }
    try endLine()
    guard offset == bytes.count else { throw unexpected("the end of the digest") }
  }
}
