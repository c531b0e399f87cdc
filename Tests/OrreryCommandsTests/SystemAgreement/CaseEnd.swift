/// The end of a case, as the guest wrote it: `vector=e`, `error=7`, `entry=…`, then fields of the state by name, then `memory0=…` and so on.
struct CaseEnd: Equatable, CustomStringConvertible {
  private var items: [(name: String, value: String)] = []

  var description: String { items.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }

  static func == (one: CaseEnd, other: CaseEnd) -> Bool { one.description == other.description }

  /// Every line that can be read, by the number of its case.
  static func all(in output: String) -> [Int: CaseEnd] {
    var ends: [Int: CaseEnd] = [:]
    for line in output.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 4, let number = Int(words[0], radix: 16) else { continue }
      ends[number] = CaseEnd(words.dropFirst())
    }
    return ends
  }

  private init(_ words: ArraySlice<Substring>) {
    var places = 0
    for (index, word) in words.enumerated() {
      let parts = word.split(separator: ":")
      if index < 3 {
        items.append((["vector", "error", "entry"][index], String(word)))
      } else if parts.count == 2, let number = Int(parts[0], radix: 16), let field = StateField(rawValue: number) {
        items.append(("\(field)", String(parts[1])))
      } else {
        items.append(("memory\(places)", String(word.dropFirst())))
        places += 1
      }
    }
  }

  /// The same with rip counted from `base`, when it is in the code of a case that begins there.
  func counted(from base: UInt64) -> CaseEnd {
    var end = self
    if base..<base + 0x400 ~= end["rip"] { end["rip"] -= base }
    return end
  }

  func contains(_ item: String) -> Bool { items.contains { "\($0.name)=\($0.value)" == item } }

  private subscript(name: String) -> UInt64 {
    get { items.first { $0.name == name }.flatMap { UInt64($0.value, radix: 16) } ?? 0 }
    set {
      guard let index = items.firstIndex(where: { $0.name == name }) else { return }
      items[index].value = String(newValue, radix: 16)
    }
  }

  /// What QEMU wrote, with its error codes as the manual has them:
  /// - a reserved bit is only looked at in an entry that is present, so P is set with RSVD (volume 3, 4.7);
  /// - a gate's error code has its vector times 8, in IA-32e mode as well (volume 3, 6.13), where QEMU multiplies by 16;
  /// - a fault on the way to the handler of a fault or hardware interrupt has EXT (volume 3, 6.13).
  func corrected(for item: SystemCase, isLong: Bool) -> CaseEnd {
    var end = self
    let vector = self["vector"]
    if vector == 14 && self["error"] & 8 != 0 { end["error"] |= 1 }
    if isLong && [11, 13].contains(vector) && self["error"] & 2 != 0 { end["error"] = (self["error"] >> 4) << 3 | 2 }
    let isInHandler = GuestMap.code..<GuestMap.saved ~= self["rip"]
    if let external = item.externalVector, (10...13).contains(vector), vector != external, !isInHandler {
      end["error"] |= 1
    }
    return end
  }
}
