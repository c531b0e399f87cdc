/// The word nearest to a misspelt one, in any case; nil when none is near enough to be meant. Of equally near ones the first.
public func nearestWord(to word: String, among words: [String]) -> String? {
  // Longer than any word of the language with its slips: not worth a comparison.
  guard word.utf8.count <= 32 else { return nil }
  let folded = Array(word.lowercased().utf8)
  var best: (word: String, distance: Int)?
  for candidate in words {
    let distance = editDistance(folded, Array(candidate.lowercased().utf8))
    // One slip in three letters; a word of one or two letters has none to spare.
    guard distance <= (folded.count + 1) / 3, distance < (best?.distance ?? .max) else { continue }
    best = (candidate, distance)
  }
  return best?.word
}

/// How many insertions, deletions, replacements and swaps of neighbours turn one into the other (Damerau's restricted distance).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for row in 0..<left.count {
    var current = [row + 1]
    for column in 0..<right.count {
      let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
      var least = min(replaced, last[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        least = min(least, beforeLast[column - 1] + 1)
      }
      current.append(least)
    }
    (beforeLast, last) = (last, current)
  }
  return last[right.count]
}
