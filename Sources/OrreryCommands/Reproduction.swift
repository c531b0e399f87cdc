/// Commands as a shell takes them.
enum Reproduction {
  /// The command line of `arguments`, the tool by its name.
  static func command(_ arguments: [String]) -> String {
    (["orrery"] + arguments.dropFirst().map(quoted)).joined(separator: " ")
  }

  /// `arguments` for the one run that has this value of the parameter of `--each`.
  static func choosing(_ chosen: (parameter: String, value: UInt64)?, in arguments: [String]) -> [String] {
    guard let chosen else { return arguments }
    let setting = ["--set", "\(chosen.parameter)=\(chosen.value)"]
    if let index = arguments.firstIndex(of: "--each=\(chosen.parameter)") {
      return arguments[..<index] + setting + arguments[(index + 1)...]
    }
    guard let index = arguments.firstIndex(of: "--each"), index + 1 < arguments.count else { return arguments }
    return arguments[..<index] + setting + arguments[(index + 2)...]
  }

  /// `argument` so that a POSIX shell reads it as one word.
  static func quoted(_ argument: String) -> String {
    let isPlain = !argument.isEmpty && argument.utf8.allSatisfy(isPlain)
    if isPlain { return argument }
    return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-_./=,:+@%".utf8.contains(byte)
    }
  }
}
