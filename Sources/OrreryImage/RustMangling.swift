/// Reads the path of a Rust symbol in the v0 mangling (Rust RFC 2603): free functions, and methods of a named type, its traits' too.
enum RustMangling {
  static func sourceName(_ bytes: ArraySlice<UInt8>) -> SourceName? {
    var reader = Reader(cursor: ManglingCursor(bytes))
    guard let path = reader.path(depth: 0), path.count > 1 else { return nil }
    return SourceName(path: path)
  }

  private struct Reader {
    var cursor: ManglingCursor
    /// How deep paths nest, back-references included; real names stay below ten.
    private static let depthLimit = 32
    /// How many more paths may be read: back-references could otherwise name one path twice at each level.
    private var pathsLeft = 100

    init(cursor: ManglingCursor) { self.cursor = cursor }

    mutating func path(depth: Int) -> [String]? {
      guard depth < Self.depthLimit, pathsLeft > 0 else { return nil }
      pathsLeft -= 1
      if cursor.skip("C") {
        guard let name = identifier() else { return nil }
        return [name]
      }
      if cursor.skip("N") {
        // Upper-case namespaces are closures and shims, which have no name to ask for.
        guard cursor.next.isLowercase else { return nil }
        cursor.position += 1
        guard let outer = path(depth: depth + 1), let name = identifier() else { return nil }
        return outer + [name]
      }
      if cursor.next == UInt8(ascii: "M") || cursor.next == UInt8(ascii: "X") {
        let isTrait = cursor.skip("X")
        if !isTrait { cursor.position += 1 }
        // The implementation's own path, then the type, by which the source calls it, and for a trait the trait's path.
        _ = disambiguator()
        guard path(depth: depth + 1) != nil, let type = path(depth: depth + 1) else { return nil }
        guard !isTrait || path(depth: depth + 1) != nil else { return nil }
        return type
      }
      if cursor.skip("I") {
        guard let generic = path(depth: depth + 1), skipArguments(depth: depth + 1) else {
          return nil
        }
        return generic
      }
      if cursor.skip("B") {
        guard let target = base62(), target <= cursor.bytes.count else { return nil }
        let after = cursor
        let position = cursor.bytes.startIndex + target
        // A reference points backwards, so that every chain of them ends.
        guard position < after.position - 1 else { return nil }
        cursor.position = position
        defer { cursor = after }
        return path(depth: depth + 1)
      }
      return nil
    }

    /// Skips generic arguments that are basic or named types, or back-references to some, up to `E`.
    private mutating func skipArguments(depth: Int) -> Bool {
      while !cursor.isAtEnd {
        if cursor.skip("E") { return true }
        if cursor.skip("B") {
          guard base62() != nil else { return false }
        } else if cursor.next.isLowercase {
          cursor.position += 1
        } else {
          guard path(depth: depth) != nil else { return false }
        }
      }
      return false
    }

    private mutating func disambiguator() -> Int? {
      cursor.skip("s") ? base62() : nil
    }

    /// An optional disambiguator, a length, `_` where the name would run into it, and the name. Punycode (`u`) is shown as it is.
    private mutating func identifier() -> String? {
      _ = disambiguator()
      _ = cursor.skip("u")
      guard let count = cursor.natural() else { return nil }
      _ = cursor.skip("_")
      guard let name = cursor.take(count), !name.isEmpty else { return nil }
      return String(decoding: name, as: UTF8.self)
    }

    /// A number in base 62 up to `_`: `_` alone is 0, and digits are one less than the number. Nil when it exceeds any name's length.
    private mutating func base62() -> Int? {
      if cursor.skip("_") { return 0 }
      var value = 0
      while !cursor.skip("_") {
        let digit = cursor.next
        if digit.isDigit {
          value = value &* 62 &+ Int(digit - UInt8(ascii: "0"))
        } else if digit.isLowercase {
          value = value &* 62 &+ Int(digit - UInt8(ascii: "a")) &+ 10
        } else if digit.isUppercase {
          value = value &* 62 &+ Int(digit - UInt8(ascii: "A")) &+ 36
        } else {
          return nil
        }
        cursor.position += 1
        // Disambiguators are 64-bit hashes and may wrap here; only back-references use the value, and they are checked.
        value &= 0xFFFF_FFFF_FFFF
      }
      return value &+ 1
    }
  }
}
