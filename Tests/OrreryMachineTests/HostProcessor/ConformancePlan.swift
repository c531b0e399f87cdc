#if arch(x86_64)
/// What a run against the host's processor consists of: a number of items that each have as many cases as are asked for.
struct ConformancePlan {
  struct Item {
    /// The heading under which it is counted, and what it is a form of.
    var group: String
    var family: String
    /// The exception that each of its cases raises, when the manual says so.
    var raises: UInt64?
    var makeCase: (_ seed: UInt64) -> InstructionCase
  }

  /// Names its files.
  var name: String
  var items: [Item]

  /// Every form, with operands and addresses that are what a program would have.
  static func forms() -> ConformancePlan {
    let integers = InstructionForm.all.map { form in
      Item(group: form.group, family: form.family) { CaseGenerator.makeCase(seed: $0, form: form, end: end) }
    }
    let floatingPoint = FloatingPointForm.all.map { form in
      Item(group: form.group, family: form.name.firstWord) {
        FloatingPointCaseGenerator.makeCase(seed: $0, form: form, end: end)
      }
    }
    return ConformancePlan(name: "host", items: integers + floatingPoint)
  }

  /// Every form that can raise an exception, in situations in which it does, alone and behind others.
  static func exceptions() -> ConformancePlan {
    var items: [Item] = []
    for form in InstructionForm.all where form.family == "div" || form.family == "idiv" {
      items.append(
        Item(group: "divisions", family: form.family) { CaseGenerator.makeCase(seed: $0, form: form, end: end) })
    }
    items += memoryItems("at the ends of pages that can be written, and read", .edges)
    items += memoryItems("addresses that are not canonical", .nonCanonical)
    items += memoryItems("misaligned addresses, with EFLAGS.AC", .misaligned)
    for form in InstructionForm.all {
      items.append(integerItem("single steps", form, .singleStepped))
    }
    items.append(sequences("single steps", .singleStepped))
    for form in FloatingPointForm.all where form.hasExceptions {
      items.append(
        Item(group: "exceptions of floating point that are not masked", family: form.name.firstWord) {
          FloatingPointCaseGenerator.makeCase(seed: $0, form: form, end: end, unmasks: true)
        })
    }
    items.append(
      Item(group: "exceptions of floating point that are not masked", family: "sequences") {
        FloatingPointCaseGenerator.makeCase(seed: $0, form: nil, end: end, unmasks: true)
      })
    items += FaultEncoding.all.map { encoding in
      Item(group: encoding.group, family: encoding.name.firstWord, raises: encoding.vector) {
        FaultEncoding.makeCase(seed: $0, encoding: encoding)
      }
    }
    return ConformancePlan(name: "exceptions", items: items)
  }

  private static let end = HostProcessor.endAddress

  private static func memoryItems(_ group: String, _ situation: CaseSituation) -> [Item] {
    var items = InstructionForm.all.filter { form in
      form.usesMemory && !(situation == .misaligned && form.mayCheckAlignment)
    }.map { integerItem(group, $0, situation) }
    items += FloatingPointForm.all.filter { $0.usesMemory && $0.hasExceptions }.map { form in
      Item(group: group, family: form.name.firstWord) {
        FloatingPointCaseGenerator.makeCase(seed: $0, form: form, end: end, in: situation)
      }
    }
    return items + [sequences(group, situation)]
  }

  private static func integerItem(_ group: String, _ form: InstructionForm, _ situation: CaseSituation) -> Item {
    Item(group: group, family: form.family) { CaseGenerator.makeCase(seed: $0, form: form, end: end, in: situation) }
  }

  private static func sequences(_ group: String, _ situation: CaseSituation) -> Item {
    Item(group: group, family: "sequences") { CaseGenerator.makeCase(seed: $0, form: nil, end: end, in: situation) }
  }
}
#endif
