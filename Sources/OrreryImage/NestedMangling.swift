/// Reads plain nested names of the Itanium C++ ABI (5.1.3), which Rust's legacy mangling borrows.
enum NestedMangling {
  static func sourceName(_ bytes: ArraySlice<UInt8>) -> SourceName? {
    var cursor = ManglingCursor(bytes)
    guard cursor.skip("N") else {
      guard let name = identifier(&cursor) else { return nil }
      return SourceName(path: [name])
    }
    // Qualifiers of a member function.
    while cursor.skip("r") || cursor.skip("V") || cursor.skip("K") {}
    var path: [String] = []
    while !cursor.skip("E") {
      guard let name = identifier(&cursor) else { return nil }
      path.append(name)
    }
    // Rust ends the path in `h` and a hash of 16 digits.
    if path.count > 1, let hash = path.last?.utf8, hash.count == 17,
      hash.first == UInt8(ascii: "h"),
      hash.dropFirst().allSatisfy({
        $0.isDigit || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
      })
    {
      path.removeLast()
    }
    return path.isEmpty ? nil : SourceName(path: path)
  }

  private static func identifier(_ cursor: inout ManglingCursor) -> String? {
    guard let count = cursor.natural(), count > 0, let name = cursor.take(count) else { return nil }
    return String(decoding: name, as: UTF8.self)
  }
}
