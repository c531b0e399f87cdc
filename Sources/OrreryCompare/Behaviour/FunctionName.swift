/// A function's name without what a compiler adds to its copies: the same source function has the same name in every build.
public func functionName(_ name: String) -> String {
  var text = name[...]
  for prefix in ["specialized ", "generic specialization ", "merged ", "function signature specialization "] {
    while text.hasPrefix(prefix) { text = text.dropFirst(prefix.count) }
  }
  // `generic specialization <Int> of Heap.grow`, from which the prefix is gone.
  if text.hasPrefix("<"), let of = text.firstRange(ofText: "> of ") { text = text[of.upperBound...] }
  // LLVM: `.llvm.1234`, `.cold`, `.constprop.0`, `.isra.0`, `.part.0`, `.123`; c++filt writes ` [clone .cold]`.
  if let clone = text.firstRange(ofText: " [clone ") { text = text[..<clone.lowerBound] }
  for suffix in [".llvm.", ".cold", ".constprop.", ".isra.", ".part.", ".lto_priv."] {
    if let range = text.firstRange(ofText: suffix), range.lowerBound != text.startIndex {
      text = text[..<range.lowerBound]
    }
  }
  while let dot = text.lastIndex(of: "."), dot != text.startIndex, dot != text.indices.last,
    text[text.index(after: dot)...].allSatisfy({ $0.isNumber })
  {
    text = text[..<dot]
  }
  // Rust: the hash that ends a legacy path.
  if let hash = text.lastRange(ofText: "::h"), text[hash.upperBound...].count == 16,
    text[hash.upperBound...].allSatisfy(\.isHexDigit)
  {
    text = text[..<hash.lowerBound]
  }
  return String(text)
}

extension Substring {
  fileprivate func firstRange(ofText pattern: String) -> Range<Index>? {
    indices.lazy.compactMap { self.range(ofText: pattern, at: $0) }.first
  }

  fileprivate func lastRange(ofText pattern: String) -> Range<Index>? {
    indices.reversed().lazy.compactMap { self.range(ofText: pattern, at: $0) }.first
  }

  private func range(ofText pattern: String, at start: Index) -> Range<Index>? {
    guard self[start...].hasPrefix(pattern) else { return nil }
    return start..<index(start, offsetBy: pattern.count)
  }
}
