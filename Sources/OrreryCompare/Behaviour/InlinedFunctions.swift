import OrreryTrace

/// The functions that only one of two kernels has as code of their own, among those that exceptions are told in.
///
/// Code that a compiler inlines is part of the function around it: the same fault is then told in another function. So when the function of one side is none of
/// the other kernel's, the two are taken for the same, and what else is told of the exception decides. Of a golden it is not known which functions its kernel had.
struct InlinedFunctions {
  /// Told by the golden, and none of the actual kernel's.
  private let gone: Set<Substring>
  /// Told by the actual behaviour, and none of the golden's kernel's.
  private let new: Set<Substring>

  init(_ golden: Behaviour, _ actual: Behaviour) {
    gone = Self.functions(of: golden, missingIn: actual)
    new = Self.functions(of: actual, missingIn: golden)
  }

  var isEmpty: Bool { gone.isEmpty && new.isEmpty }

  /// Whether what is told in `old` and in `new` may be the same code; nil is no function at all, or the one that the exception was in.
  func mayBeSame(_ old: Substring?, _ new: Substring?) -> Bool {
    if old == new { return true }
    guard let old, let new else { return !isEmpty }
    return gone.contains(old) || self.new.contains(new)
  }

  private static func functions(of behaviour: Behaviour, missingIn other: Behaviour) -> Set<Substring> {
    guard let names = other.functions else { return [] }
    // A function that both tell is in both kernels, so that behaviours that are the same are not searched.
    let shared = Set(other.rows)
    var told: Set<Substring> = []
    var isException = false
    for row in behaviour.rows {
      if !row.hasPrefix(" ") { isException = row.hasPrefix("exception,") }
      guard isException, !shared.contains(row), let range = range(in: row), isFunction(row[range]) else { continue }
      told.insert(row[range])
    }
    guard !told.isEmpty, let functions = names() else { return [] }
    return told.filter { !functions.contains(String($0)) }
  }

  /// Whether `place` is the name of a function, rather than where no symbol says what the code is.
  private static func isFunction(_ place: Substring) -> Bool { place != "the image" && !place.hasPrefix("0x") }

  /// The function in a line about an exception, such as `page fault in Heap.grow, supervisor write to …` and `page fault handled, returns to recover`.
  static func range(in row: Substring) -> Range<Substring.Index>? {
    let returning = " handled, returns to "
    if let start = row.range(ofFirst: returning)?.upperBound { return start..<row.endIndex }
    guard let start = row.range(ofFirst: " in ")?.upperBound else { return nil }
    let ends = [", supervisor ", ", user ", ", error ", ", cr2 ", ", by software", ", not delivered"]
    let end = ends.compactMap { row[start...].range(ofFirst: $0)?.lowerBound }.min()
    return start..<(end ?? row.endIndex)
  }

  /// `row` without its function, by which rows are aligned when functions may differ.
  static func withoutFunction(_ row: Substring) -> String {
    guard let range = range(in: row) else { return String(row) }
    // A handler that returns to where the exception was says nothing of it.
    let start =
      row[..<range.lowerBound].hasSuffix(", returns to ")
      ? row.range(ofFirst: ", returns to ")!.lowerBound : range.lowerBound
    return String(row[..<start] + row[range.upperBound...])
  }
}
