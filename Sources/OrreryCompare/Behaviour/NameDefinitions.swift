internal import OrreryBase

/// Where the names of a behaviour come up first, and which name of the other behaviour each stands for.
struct NameDefinitions {
  typealias Name = BehaviourText.Name

  /// One name, or several in a row that come up together.
  struct Definition {
    var start: Int
    var length: Int
    /// The unit, counted through all sections.
    var unit: Int
    /// The definition on the other side that means the same.
    var partner: Int?
    /// What is done with it later, as a number that is equal where the same is done.
    var uses = 0
    /// How many units there are between it and its first use in the same section; 0 without one.
    var distance = 0
  }

  /// More frames in a range than this are only told by the first.
  static let rangeLimit = 4_096
  /// So many mentions are noted before ranges are no longer taken apart.
  private static let mentionLimit = 1 << 21

  /// In the order of their names, none twice.
  var definitions: [Definition] = []

  init(_ text: BehaviourText) {
    var mentions: [(start: Int, length: Int, isLater: Int, unit: Int)] = []
    for section in text.sections {
      for (index, unit) in section.units.enumerated() {
        let names = text.names(unit)
        for slot in names.indices {
          let name = names[slot]
          var length = 1
          if name.isHandedOut {
            // Of a repetition, all that it hands out.
            let each = names.prefix(names.count / (unit.isUpTo ? 2 : 1)).count {
              $0.isHandedOut && $0.prefix == name.prefix
            }
            let all = unit.count.multipliedReportingOverflow(by: max(1, each))
            length = all.overflow ? 1 : all.partialValue
          } else if name.isRangeStart, slot + 1 < names.count, names[slot + 1].prefix == name.prefix {
            let count = min(names[slot + 1].number - name.number + 1, NameDefinitions.rangeLimit)
            // One by one, for the same frames may come up in other ranges on the other side.
            for offset in stride(from: 1, to: count, by: 1) where mentions.count < NameDefinitions.mentionLimit {
              mentions.append((name.value + offset, 1, 1, section.firstUnit + index))
            }
          }
          length = min(length, 1 << Name.numberBits - name.number)
          mentions.append((name.value, length, name.isHandedOut ? 0 : 1, section.firstUnit + index))
        }
      }
    }
    mentions.sort { ($0.start, $0.isLater, $0.unit) < ($1.start, $1.isLater, $1.unit) }
    var end = Int.min
    for mention in mentions {
      let start = max(mention.start, end)
      let mentionEnd = mention.start + mention.length
      guard start < mentionEnd else { continue }
      definitions.append(Definition(start: start, length: mentionEnd - start, unit: mention.unit))
      end = mentionEnd
    }
    noteUses(text)
  }

  /// The definition of a name, and the name's place in it; nil for what never comes up.
  func find(_ name: Name) -> (index: Int, offset: Int)? {
    let index = definitions.partitioningIndex { $0.start > name.value } - 1
    guard index >= 0, name.value - definitions[index].start < definitions[index].length else { return nil }
    return (index, name.value - definitions[index].start)
  }

  private mutating func noteUses(_ text: BehaviourText) {
    var counts = [Int](repeating: 0, count: definitions.count)
    for section in text.sections {
      for (index, unit) in section.units.enumerated() {
        let number = section.firstUnit + index
        for name in text.names(unit) {
          guard let (found, _) = find(name), definitions[found].unit != number, counts[found] < 8 else { continue }
          if counts[found] == 0, definitions[found].unit >= section.firstUnit {
            definitions[found].distance = number - definitions[found].unit
          }
          counts[found] += 1
          definitions[found].uses = mixed(definitions[found].uses, unit.key)
        }
      }
    }
  }
}

/// One number of two, such that few others give the same.
func mixed(_ left: Int, _ right: Int) -> Int {
  var mixed = UInt64(bitPattern: Int64(left)) &* 0x9E37_79B9_7F4A_7C15
  mixed ^= mixed >> 29
  mixed = (mixed &+ UInt64(bitPattern: Int64(right))) &* 0xBF58_476D_1CE4_E5B9
  mixed ^= mixed >> 32
  return Int(Int64(bitPattern: mixed))
}
