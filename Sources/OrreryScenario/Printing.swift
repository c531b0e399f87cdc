internal import OrreryBase

// The canonical form of every part of a scenario: what parses back to an equal value.

extension Scenario: CustomStringConvertible {
  public var description: String {
    var sections: [String] = []
    func addBlock(_ name: String, _ lines: [String]) {
      if !lines.isEmpty {
        sections.append("\(name) {\n" + lines.map { "  \($0)\n" }.joined() + "}\n")
      }
    }
    addBlock("machine", machine.lines)
    addBlock("limits", limits.lines)
    if let lanes {
      sections.append(
        "lanes \(lanes.isEmpty ? "none" : lanes.map(\.rawValue).joined(separator: ", "))\n")
    }
    var rest = allocators[...]
    while let resource = rest.first?.resource {
      let block = rest.prefix { $0.resource == resource }
      addBlock(resource.rawValue, block.map(\.description))
      rest = rest.dropFirst(block.count)
    }
    sections.append(parameters.map { "\($0)\n" }.joined())
    sections.append(rules.map { "\($0)\n" }.joined())
    sections.append(
      stops.map { "\($0)\n" }.joined() + (expectedEnd.map { "expect \($0.rawValue)\n" } ?? ""))
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }
}

extension MachineSettings {
  fileprivate var lines: [String] {
    [
      memory.map { "memory \($0)" }, frequency.map { "frequency \($0)" },
      commandLine.map { "command line \($0)" },
      tlb.map { "tlb \($0.rawValue)" }, uart.map { "uart \($0.rawValue)" },
    ].compactMap { $0 }
  }
}

extension Limits {
  fileprivate var lines: [String] {
    [steps.map { "steps \($0)" }, time.map { "time \($0)" }, trace.map { "trace \($0)" }].compactMap { $0 }
  }
}

extension AllocatorFunction: CustomStringConvertible {
  public var description: String {
    "\(operation.rawValue) \(symbolText(symbol))(\(arguments.map(\.rawValue).joined(separator: ", ")))"
  }
}

extension Parameter: CustomStringConvertible {
  public var description: String {
    "param \(name) = \(first)" + (first == last && stride == 1 ? "" : "…\(last)")
      + (stride == 1 ? "" : " by \(stride)")
  }
}

extension Number: CustomStringConvertible {
  public var description: String { text(inSum: true) }

  /// The text; where a sum would be read as a delay (`inSum` false), a sum stands in parentheses.
  func text(inSum: Bool) -> String {
    // Strength of what binds the text: 2 an atom, 1 a product, 0 a sum.
    var stack: [(text: String, strength: Int)] = []
    func operand(_ strength: Int) -> String {
      guard let top = stack.popLast() else { return "?" }
      return top.strength < strength ? "(\(top.text))" : top.text
    }
    for term in terms {
      switch term {
      case .literal(let value): stack.append(("\(value)", 2))
      case .parameter(let name): stack.append((name, 2))
      case .multiply:
        let right = operand(2)
        stack.append(("\(operand(1)) * \(right)", 1))
      case .add, .subtract:
        // Operations of one strength group to the left.
        let right = operand(1)
        stack.append(("\(operand(0)) \(term == .add ? "+" : "-") \(right)", 0))
      }
    }
    return operand(inSum ? 0 : 1)
  }
}

extension TimeSpan: CustomStringConvertible {
  public var description: String { "\(amount) \(unit.rawValue)" }
}

extension ByteSize: CustomStringConvertible {
  public var description: String { "\(amount) \(unit.rawValue)" }
}

extension Frequency: CustomStringConvertible {
  public var description: String { "\(amount) \(unit.rawValue)" }
}

extension Trigger: CustomStringConvertible {
  public var description: String {
    switch self {
    case .start: "at start"
    case .at(let time): "at \(time)"
    case .afterSerial, .afterMark, .afterScreen: "after " + condition
    case .onSymbol: "on " + condition
    }
  }

  /// The trigger as `until` names it.
  var condition: String {
    switch self {
    case .start: "start"
    case .at(let time): "\(time)"
    case .afterSerial(let text, let port, let hit):
      "serial \(port == .com1 ? "" : port.name + " ")\(text)\(hitText(hit))"
    case .afterMark(let text, let hit): "mark \(text)\(hitText(hit))"
    case .afterScreen(let text, let hit): "screen \(text)\(hitText(hit))"
    case .onSymbol(let name, let hit): "symbol \(symbolText(name.text))\(hitText(hit))"
    }
  }

  private func hitText(_ hit: Number) -> String { hit == 1 ? "" : " hit \(hit.text(inSum: false))" }
}

extension Repetition.Period: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fixed(let time): "\(time)"
    case .random(let minimum, let maximum, let unit, let seed):
      "random \(minimum)…\(maximum) \(unit.rawValue) seed \(seed.text(inSum: false))"
    }
  }
}

extension Repetition.End {
  /// With a space before it.
  fileprivate var suffix: String {
    switch self {
    case .never: ""
    case .times(let count): " \(count) times"
    case .until(let trigger): " until \(trigger.condition)"
    }
  }
}

extension Rule: CustomStringConvertible {
  public var description: String {
    if actions.count == 1 { return "\(heading): \(actions[0])" }
    return "\(heading) {\n" + actions.map { "  \($0)\n" }.joined() + "}"
  }

  /// All but the actions: the rule's name in a trace.
  var heading: String {
    let delayed = delay.map { " + \($0)" } ?? ""
    guard let repetition else { return "\(trigger)\(delayed)" }
    if trigger == .start { return "every \(repetition.period)\(delayed)\(repetition.end.suffix)" }
    return "\(trigger)\(delayed) every \(repetition.period)\(repetition.end.suffix)"
  }
}

extension StopCondition: CustomStringConvertible {
  public var description: String { "stop \(trigger)" + (delay.map { " + \($0)" } ?? "") }
}

extension Action: CustomStringConvertible {
  public var description: String {
    switch self {
    case .press(let key): "press \(Chord(key))"
    case .release(let key): "release \(Chord(key))"
    case .key(let chord): "key \(chord)"
    case .type(let text): "type \(text)"
    case .serial(let text, let port): "serial \(port == .com1 ? "" : port.name + " ")\(text)"
    case .interruptLine(let line): "irq \(line)"
    case .vector(let vector): "vector \(vector)"
    case .nonMaskableInterrupt: "nmi"
    }
  }
}

extension Chord: CustomStringConvertible {
  /// The names joined by `+`; a code that no key has as a number, which does not parse.
  public var description: String {
    keys.map { KeyNames.name(of: $0) ?? hexadecimal($0.rawValue) }.joined(separator: "+")
  }
}

extension TypedText: CustomStringConvertible {
  public var description: String {
    var bytes: [UInt8] = []
    for stroke in strokes {
      switch stroke {
      case .character(UInt8(ascii: "{")): bytes += Array("{{".utf8)
      case .character(let character): bytes.append(character)
      case .chord(let chord): bytes += Array("{\(chord)}".utf8)
      }
    }
    return ByteText(bytes: bytes).description
  }
}

extension ByteText: CustomStringConvertible {
  /// The text in quotes: printable characters as they are, all other bytes escaped.
  public var description: String {
    var text = String.UnicodeScalarView()
    func escape(_ escaped: String) { text.append(contentsOf: escaped.unicodeScalars) }
    var position = bytes.startIndex
    text.append("\"")
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case 0x0A: escape("\\n")
      case 0x0D: escape("\\r")
      case 0x09: escape("\\t")
      case UInt8(ascii: "\\"), UInt8(ascii: "\""): escape("\\" + String(Unicode.Scalar(byte)))
      case 0x20...0x7E: text.append(Unicode.Scalar(byte))
      default:
        if let (scalar, length) = scalar(at: position),
          scalar.properties.isAlphabetic || scalar.properties.isEmoji
        {
          text.append(scalar)
          position += length
          continue
        }
        escape("\\x\(twoDigits(byte))")
      }
      position += 1
    }
    text.append("\"")
    return String(text)
  }

  /// The scalar of two to four bytes at `position`, if they are its UTF-8.
  private func scalar(at position: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    for length in 2...4 where position + length <= bytes.count {
      if let text = String(validating: bytes[position..<position + length], as: UTF8.self),
        let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1
      {
        return (scalar, length)
      }
    }
    return nil
  }
}

/// A symbol's name as it is written: bare when it reads as one word, else in quotes.
private func symbolText(_ name: String) -> String {
  var previousIsDot = true
  var isWord = !name.isEmpty
  for byte in name.utf8 {
    let isLetter =
      byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
      || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "$")
    let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    let isDot = byte == UInt8(ascii: ".")
    if !isLetter && (previousIsDot || !(isDigit || isDot)) { isWord = false }
    previousIsDot = isDot
  }
  return isWord && !previousIsDot ? name : ByteText(name).description
}
