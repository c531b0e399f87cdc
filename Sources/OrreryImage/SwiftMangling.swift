/// Reads the leading path of a Swift symbol (docs/ABI/Mangling.rst of the Swift project).
enum SwiftMangling {
  /// The name whose mangling, without its prefix, is `bytes`; nil for what is no named function.
  static func sourceName(_ bytes: ArraySlice<UInt8>) -> SourceName? {
    var reader = Reader(cursor: ManglingCursor(bytes))
    guard var path = reader.context() else { return nil }
    var labels: [String] = []
    let hasBaseName: Bool
    if let name = reader.identifier() {
      path.append(name)
      hasBaseName = true
      // `LL` after a second identifier makes the name private to its file.
      let afterName = reader
      if reader.identifier() == nil || !reader.skipPrivate() { reader = afterName }
    } else {
      hasBaseName = false
    }
    let afterName = reader
    while let label = reader.label() { labels.append(label) }
    reader = afterName
    guard let kind = reader.kind() else { return nil }
    switch kind.entity {
    case .function:
      guard hasBaseName else { return nil }
    case .initializer:
      if hasBaseName { labels.insert(path.removeLast(), at: 0) }
      path.append("init")
    case .deinitializer:
      guard !hasBaseName else { return nil }
      path.append("deinit")
    }
    return SourceName(path: path, labels: labels, isCopy: kind.isCopy)
  }

  private enum Entity { case function, initializer, deinitializer }

  /// Single letters after `S` that stand for types of the standard library, as the mangling document lists them.
  private static let standardTypes: [(letter: Unicode.Scalar, name: String)] = [
    ("a", "Array"), ("b", "Bool"), ("D", "Dictionary"), ("d", "Double"), ("f", "Float"),
    ("h", "Set"), ("i", "Int"),
    ("J", "Character"), ("N", "ClosedRange"), ("n", "Range"), ("O", "ObjectIdentifier"),
    ("P", "UnsafePointer"),
    ("p", "UnsafeMutablePointer"), ("q", "Optional"), ("R", "UnsafeBufferPointer"),
    ("r", "UnsafeMutableBufferPointer"),
    ("S", "String"), ("s", "Substring"), ("u", "UInt"), ("V", "UnsafeRawPointer"),
    ("v", "UnsafeMutableRawPointer"),
    ("W", "UnsafeRawBufferPointer"), ("w", "UnsafeMutableRawBufferPointer"),
  ]

  private struct Reader {
    var cursor: ManglingCursor
    /// Words of the identifiers so far, to which later ones refer by letter; the mangling keeps 26.
    var words: [ArraySlice<UInt8>] = []

    /// The module and the nominal types around the declaration, extensions without their own module.
    mutating func context() -> [String]? {
      var path: [String]
      if cursor.skip("s") {
        path = ["Swift"]
      } else if cursor.skip("S") {
        guard let type = standardTypes.first(where: { UInt8(ascii: $0.letter) == cursor.next })
        else { return nil }
        cursor.position += 1
        path = ["Swift", type.name]
      } else {
        guard let module = identifier() else { return nil }
        path = [module]
      }
      while true {
        let start = self
        // Another module (or a substitution for one) and `E`: the declaration is in an extension.
        if path.count > 1, cursor.skip("s") || skipSubstitution() || identifier() != nil,
          cursor.skip("E") || skipRequirements()
        {
          continue
        }
        self = start
        guard let name = identifier() else { return path }
        let afterName = self
        if identifier() == nil || !skipPrivate() { self = afterName }
        // Class, enumeration, protocol, structure.
        guard cursor.skip("C") || cursor.skip("O") || cursor.skip("P") || cursor.skip("V") else {
          self = start
          return path
        }
        path.append(name)
      }
    }

    /// Skips the generic requirements of a constrained extension: whatever stands before `lE`.
    mutating func skipRequirements() -> Bool {
      while !cursor.isAtEnd {
        if cursor.rest.starts(with: "lE".utf8) {
          cursor.position += 2
          return true
        }
        if cursor.rest.starts(with: "F".utf8) { return false }
        if skipSubstitution() || identifier() != nil { continue }
        if cursor.skip("S") { _ = cursor.natural() }
        cursor.position += 1
      }
      return false
    }

    mutating func skipPrivate() -> Bool {
      let start = cursor
      if cursor.skip("L"), cursor.skip("L") { return true }
      cursor = start
      return false
    }

    /// `A`, lower-case letters with optional repeat counts, and a last upper-case letter or an index before `_`.
    mutating func skipSubstitution() -> Bool {
      let start = cursor
      guard cursor.skip("A") else { return false }
      while !cursor.isAtEnd {
        _ = cursor.natural()
        let letter = cursor.next
        cursor.position += 1
        if letter.isUppercase || letter == UInt8(ascii: "_") { return true }
        if !letter.isLowercase { break }
      }
      cursor = start
      return false
    }

    mutating func label() -> String? {
      cursor.skip("_") ? "_" : identifier()
    }

    /// An identifier: a length and characters, after a 0 mixed with letters that refer to earlier words.
    mutating func identifier() -> String? {
      let start = self
      guard cursor.next.isDigit else { return nil }
      var text: [UInt8] = []
      var mayReferToWords = false
      if cursor.skip("0") {
        // Two zeros: Punycode, shown as it is.
        if cursor.skip("0") {
          guard let count = cursor.natural() else { return fail(start) }
          _ = cursor.skip("_")
          guard let name = cursor.take(count) else { return fail(start) }
          return String(decoding: name, as: UTF8.self)
        }
        mayReferToWords = true
      }
      repeat {
        while mayReferToWords, cursor.next.isLowercase || cursor.next.isUppercase {
          // An upper-case letter is the last reference of its group.
          mayReferToWords = cursor.next.isLowercase
          let index = Int(cursor.next | 0x20) - Int(UInt8(ascii: "a"))
          guard index < words.count else { return fail(start) }
          text += words[index]
          cursor.position += 1
        }
        if cursor.skip("0") { break }
        guard let count = cursor.natural(), count > 0, let part = cursor.take(count) else {
          return fail(start)
        }
        text += part
        noteWords(of: part)
      } while mayReferToWords
      return text.isEmpty ? fail(start) : String(decoding: text, as: UTF8.self)
    }

    private mutating func fail(_ start: Reader) -> String? {
      self = start
      return nil
    }

    /// A word is at least two characters; it starts at a character that is no digit or `_` and ends before a `_` or where an upper-case letter follows another kind.
    private mutating func noteWords(of part: ArraySlice<UInt8>) {
      let underscore = UInt8(ascii: "_")
      var wordStart: Int?
      for index in part.startIndex...part.endIndex {
        let character = index < part.endIndex ? part[index] : 0
        if let start = wordStart,
          character == underscore || character == 0
            || (!part[index - 1].isUppercase && character.isUppercase)
        {
          if index - start >= 2, words.count < 26 { words.append(part[start..<index]) }
          wordStart = nil
        }
        if wordStart == nil, character != 0, character != underscore, !character.isDigit {
          wordStart = index
        }
      }
    }

    /// What the rest of the mangling makes of the declaration: the operators that follow its type. Nil for anything but a function's own body.
    func kind() -> (entity: Entity, isCopy: Bool)? {
      var reader = self
      var entity: Entity?
      while !reader.cursor.isAtEnd {
        if reader.cursor.next.isDigit {
          // A name within the type; a digit that begins none is some operator's index.
          if reader.identifier() == nil { reader.cursor.position += 1 }
          continue
        }
        if reader.skipSubstitution() { continue }
        let rest = reader.cursor.rest
        if let entity, rest.starts(with: "T".utf8) {
          return isBody(rest) ? (entity, true) : nil
        }
        // A declaration inside the function, or a closure: `L_`, `L0_`, `U_`, `u_`.
        if let first = rest.first,
          [UInt8(ascii: "L"), UInt8(ascii: "U"), UInt8(ascii: "u")].contains(first)
        {
          let index = rest.dropFirst().prefix { $0.isDigit }
          if rest.dropFirst(1 + index.count).first == UInt8(ascii: "_") { return nil }
        }
        if rest.elementsEqual("F".utf8) || rest.elementsEqual("FZ".utf8) {
          return (.function, false)
        }
        if rest.elementsEqual("fC".utf8) || rest.elementsEqual("fc".utf8) {
          return (.initializer, false)
        }
        if rest.elementsEqual("fD".utf8) || rest.elementsEqual("fd".utf8) {
          return (.deinitializer, false)
        }
        // What may follow: the types a generic function was specialised for, then `T` and what became of it.
        if rest.starts(with: "F".utf8) { entity = .function }
        if rest.starts(with: "fC".utf8) || rest.starts(with: "fc".utf8) { entity = .initializer }
        if rest.starts(with: "fD".utf8) || rest.starts(with: "fd".utf8) { entity = .deinitializer }
        // Standard types are two characters, with a repeat count between for several: `Si`, `S2i`.
        if reader.cursor.skip("S") { _ = reader.cursor.natural() }
        reader.cursor.position += 1
      }
      return nil
    }

    /// Whether the suffix that starts with `T` leaves the function's body: specialised (`Tf`, `Tg`, `TG`), merged (`Tm`), outlined by nothing else.
    private func isBody(_ suffix: ArraySlice<UInt8>) -> Bool {
      guard let kind = suffix.dropFirst().first else { return false }
      guard ["f", "g", "G", "m", "B"].contains(Unicode.Scalar(kind)) else { return false }
      // The later parts of an asynchronous function are split off as `TY0_`, `TQ0_`.
      guard let index = suffix.lastIndex(of: UInt8(ascii: "T")),
        let last = suffix[index...].dropFirst().first
      else {
        return false
      }
      return last != UInt8(ascii: "Y") && last != UInt8(ascii: "Q") && last != UInt8(ascii: "u")
    }
  }
}
