import OrreryBase
import OrreryMachine

/// A statement about the state of a machine, which is true or false at each step boundary.
///
///     byte at ticks == 7 and not mapped 0x4444_4444_0000
///
/// `Predicate(parsing:)` reads it; a `PredicateSearch` finds the first instruction after which it is true.
public struct Predicate: Hashable, Sendable {
  /// As it was written.
  public let text: String
  let root: Expression

  /// The same with times in clocks of a machine; one that 64 bits do not hold is later than any.
  func counted(by frequency: ClockFrequency) -> Predicate {
    Predicate(text: text, root: root.counted(by: frequency))
  }

  private init(text: String, root: Expression) {
    self.text = text
    self.root = root
  }

  /// Where the text says `words`, as far as it says it so: the column, from 1, and the length in characters.
  func place(of words: String) -> (column: Int, length: Int)? {
    let (text, words) = (Array(text.unicodeScalars), Array(words.unicodeScalars))
    guard let start = text.indices.first(where: { text[$0...].starts(with: words) }) else { return nil }
    return (start + 1, words.count)
  }

  indirect enum Expression: Hashable, Sendable {
    case both(Expression, Expression)
    case either(Expression, Expression)
    case negation(Expression)
    case atom(Atom)
  }

  enum Atom: Hashable, Sendable {
    case comparison(Operand, Relation, Operand)
    /// The page of a linear address is mapped by page tables.
    case mapped(Place)
    /// The instruction at a symbol was about to execute so many times.
    case reached(Name, hit: UInt64)
  }

  enum Relation: String, Hashable, Sendable, CaseIterable {
    case equal = "=="
    case different = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"

    func holds(_ left: UInt64, _ right: UInt64) -> Bool {
      switch self {
      case .equal: left == right
      case .different: left != right
      case .less: left < right
      case .lessOrEqual: left <= right
      case .greater: left > right
      case .greaterOrEqual: left >= right
      }
    }
  }

  struct Operand: Hashable, Sendable {
    var value: Value
    /// What is looked at of the value: `& 0xFF`.
    var mask = UInt64.max
  }

  enum Value: Hashable, Sendable {
    case number(UInt64)
    /// So many units, of which a second has so many; how many clocks these are, the machine says.
    case time(UInt64, perSecond: UInt64)
    case register(InspectedRegister)
    /// `size` bytes at a linear or physical address, the lowest first.
    case memory(Place, size: Int, isPhysical: Bool)
    case clock
    case steps
    /// How many interrupts, or exceptions, of a vector were delivered.
    case deliveries(vector: UInt8, isException: Bool)
  }

  /// An address, or a symbol's with an offset.
  enum Place: Hashable, Sendable {
    case address(UInt64)
    case symbol(Name, offset: Int64)
  }

  /// A name with its place in the text, for messages.
  struct Name: Hashable, Sendable {
    var text: String
    var column: Int
    var length: Int
  }
}

extension Predicate.Expression {
  fileprivate func counted(by frequency: ClockFrequency) -> Self {
    switch self {
    case .both(let left, let right): .both(left.counted(by: frequency), right.counted(by: frequency))
    case .either(let left, let right): .either(left.counted(by: frequency), right.counted(by: frequency))
    case .negation(let inner): .negation(inner.counted(by: frequency))
    case .atom(.comparison(let left, let relation, let right)):
      .atom(.comparison(left.counted(by: frequency), relation, right.counted(by: frequency)))
    case .atom: self
    }
  }
}

extension Predicate.Operand {
  fileprivate func counted(by frequency: ClockFrequency) -> Self {
    guard case .time(let count, let perSecond) = value else { return self }
    return Self(value: .number(frequency.clocks(count, per: perSecond) ?? .max), mask: mask)
  }
}

extension Predicate.Operand: CustomStringConvertible {
  var description: String { mask == .max ? value.description : "\(value) & \(hexadecimal(mask))" }
}

extension Predicate.Value: CustomStringConvertible {
  var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .time(let count, let perSecond):
      "\(count)" + ([1_000_000_000: "ns", 1_000_000: "us", 1_000: "ms"][perSecond] ?? "s")
    case .register(let register): register.rawValue
    case .memory(let place, let size, let isPhysical):
      "\([1: "byte", 2: "word", 4: "dword"][size] ?? "qword") at \(isPhysical ? "physical " : "")\(place)"
    case .clock: "clock"
    case .steps: "steps"
    case .deliveries(let vector, let isException): "\(isException ? "exceptions" : "interrupts") \(vector)"
    }
  }
}

extension Predicate.Place: CustomStringConvertible {
  var description: String {
    switch self {
    case .address(let address): hexadecimal(address)
    case .symbol(let name, 0): name.text
    case .symbol(let name, let offset): offset < 0 ? "\(name.text)\(offset)" : "\(name.text)+\(offset)"
    }
  }
}

/// What is wrong with a predicate, with its place.
public struct PredicateError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The predicate's text.
  public var text: String
  /// Counted from 1, in characters.
  public var column: Int
  public var length: Int
  public var message: String
  public var remedy: String

  /// The place and the message, the text with a caret under the place, the remedy.
  public var description: String {
    var shown = ""
    for scalar in text.unicodeScalars {
      shown.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
    }
    let lines = [
      "--when:\(column): error: \(message)", "  \(shown)",
      "  \(String(repeating: " ", count: column - 1))^\(String(repeating: "~", count: max(1, length) - 1))",
    ]
    return (lines + (remedy.isEmpty ? [] : ["  \(remedy)"])).joined(separator: "\n")
  }
}
