/// A function's name as its source has it: the path of modules, types and base name, and the argument labels if known.
///
/// What is read of a mangled name is its leading path only, which is enough to find a function by name and cheap enough to do for every symbol:
///
/// - Swift (`$s`, `$S`, `$e` of Embedded Swift): functions, initialisers (`init`), deinitialisers (`deinit`), methods of nominal types and their
///   extensions, static ones too, with word substitutions and private names. Not local functions, closures, accessors, thunks, witnesses, operators.
/// - Rust, legacy (`_ZN…17h…E`) and v0 (`_R…`): free functions and methods of named types; methods of a trait in v0 only, by the type's name.
/// - C++ (`_ZN…E`, `_Z…`): plain nested names.
/// - Anything else is a path of one component: the linkage name itself.
///
/// Full demangling belongs to the commands; this never needs a tool.
public struct SourceName: Hashable, Sendable {
  /// From the outermost module to the base name.
  public var path: [String]
  /// Argument labels, `_` for none; nil when not known or not asked for. Of a mangled name some text of the types may follow them.
  var labels: [String]?
  /// Whether the symbol is a copy the compiler made of the function: specialised, merged or split.
  public var isCopy: Bool

  init(path: [String], labels: [String]? = nil, isCopy: Bool = false) {
    self.path = path
    self.labels = labels
    self.isCopy = isCopy
  }

  /// A name as a user writes it: `allocate`, `Heap.allocate`, `Heap.allocate(size:_:)`, `heap::allocate`. Nil when a component is empty.
  public init?(written name: String) {
    var text = name[...]
    var labels: [String]?
    if text.last == ")", let open = text.firstIndex(of: "(") {
      let list = text[text.index(after: open)...].dropLast()
      labels = list.split(separator: ":").map(String.init)
      text = text[..<open]
    }
    var path: [String] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      var rest = part
      // `::` by hand: the text is short, and no further library is wanted here.
      while let colon = rest.firstIndex(of: ":") {
        let after = rest.index(after: colon)
        guard after < rest.endIndex, rest[after] == ":" else { return nil }
        path.append(String(rest[..<colon]))
        rest = rest[rest.index(after: after)...]
      }
      path.append(String(rest))
    }
    guard path.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(path: path, labels: labels)
  }

  /// The name of the function whose linkage name is `name`; nil when the symbol is no function that could be asked for by name.
  public init?(mangled name: String) {
    var name = name[...]
    var isCopy = false
    // Suffixes that LLVM adds: `.llvm.1234`, `.cold`, `.1`. The cold part of a function is not its entry.
    if let dot = name.firstIndex(of: "."), dot != name.startIndex {
      guard !name[dot...].contains("cold") else { return nil }
      name = name[..<dot]
      isCopy = true
    }
    let bytes = Array(name.utf8)
    let read: SourceName?
    if bytes.starts(with: "$s".utf8) || bytes.starts(with: "$S".utf8)
      || bytes.starts(with: "$e".utf8)
    {
      read = SwiftMangling.sourceName(bytes[2...])
    } else if bytes.starts(with: "_R".utf8) {
      read = RustMangling.sourceName(bytes[2...])
    } else if bytes.starts(with: "_Z".utf8) {
      read = NestedMangling.sourceName(bytes[2...])
    } else {
      read = SourceName(path: [String(name)])
    }
    guard var read else { return nil }
    read.isCopy = read.isCopy || isCopy
    self = read
  }

  /// Bytes that stand together in every mangling of the name: the beginning of the base name's first word.
  ///
  /// A Swift mangling may refer to whole words that stood earlier, so only what is inside one word is certain; `init` and `deinit` are operators,
  /// and what is not ASCII is coded.
  var literalPart: [UInt8] {
    guard let name = path.last?.utf8, name.allSatisfy({ $0 < 0x80 }), path.last != "init",
      path.last != "deinit"
    else {
      return []
    }
    return Array(name.prefix(1)) + Array(name.dropFirst().prefix { $0.isLowercase })
  }

  /// Whether `wanted` is this name, or what is left of it without its outer components; labels count only where `wanted` has them.
  func ends(in wanted: SourceName) -> Bool {
    guard path.count >= wanted.path.count, path.suffix(wanted.path.count).elementsEqual(wanted.path)
    else {
      return false
    }
    guard let wantedLabels = wanted.labels else { return true }
    return labels?.starts(with: wantedLabels) ?? wantedLabels.isEmpty
  }
}
