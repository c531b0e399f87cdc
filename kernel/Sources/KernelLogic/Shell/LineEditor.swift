/// The line being typed: at most 72 characters, so that prompt and line fit in one row.
package struct LineEditor {
  package static let capacity = 72

  /// What the shell shall do about a character typed.
  package enum Action: Equatable {
    case echo(UInt8)
    case eraseLast
    case submit([UInt8])
    case ignore
  }

  private var line: [UInt8] = []

  package init() {}

  package mutating func type(_ character: UInt8) -> Action {
    switch character {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
      defer { line.removeAll(keepingCapacity: true) }
      return .submit(line)
    case 0x08, 0x7f:
      return line.popLast() == nil ? .ignore : .eraseLast
    case 0x20...0x7e:
      guard line.count < Self.capacity else { return .ignore }
      line.append(character)
      return .echo(character)
    default:
      return .ignore
    }
  }
}
