import ArgumentParser
import Orrery
import OrreryBase
import OrreryTrace

/// `orrery bisect TRACE --when CONDITION`.
struct PredicateBisect {
  let path: String
  let when: String
  let isMonotonic: Bool
  let isJSON: Bool

  func run() throws {
    let predicate: Predicate
    do throws(PredicateError) { predicate = try Predicate(parsing: when) } catch {
      throw CommandFailure(error.description)
    }
    let trace = try OpenedTrace(path: path)
    try trace.requireIntact("is not run again")
    let outcome: PredicateSearch.Outcome
    do throws(PredicateSearch.Failure) {
      let search = try PredicateSearch(source: trace.source, predicate: predicate, isMonotonic: isMonotonic)
      var progress = Progress()
      search.progress = { steps in progress.show("searching: \(Words.count(steps, "step"))") }
      defer { progress.clear() }
      outcome = try search.search()
    } catch {
      switch error {
      case .predicate(let error): throw CommandFailure(error.description)
      case .replay(let error): throw CommandFailure(error, path: path)
      }
    }
    switch outcome {
    case .found(let moment): report(moment, StepWords(rendering: trace.rendering()))
    case .never(let end, let steps, let clock):
      if isJSON {
        var object = JSONObject()
        object.add("found", false)
        object.add("steps", steps)
        object.add("clock", clock)
        Console.current.line(object.description)
      } else {
        Console.current.line(
          "\(path): never true in \(Words.count(steps, "step")) up to clock \(Words.number(clock)): \(end)")
      }
      throw ExitCode(1)
    }
  }

  private func report(_ moment: PredicateSearch.Moment, _ words: StepWords) {
    if isJSON { return Console.current.line(json(moment, words).description) }
    let console = Console.current
    let place = "clock \(Words.number(moment.clock)), after \(Words.count(moment.steps, "step"))"
    switch moment.action {
    case .none where moment.steps == 0: console.line("\(path): true from the start")
    case .none: console.line("\(path): true at \(place), with no step: the processor is halted, or the run began so")
    case .instruction, .delivery:
      console.line("\(path): true \(moment.isBefore ? "before" : "with") the instruction at \(place)")
    }
    for line in words.lines(moment.action) { console.line("  \(line)") }
    for input in moment.inputs { console.line("  input before it: \(words.input(input))") }
    for register in moment.registers where !Self.isUnremarkable(register) {
      console.line(
        "  \(register.name): \(StepWords.value(register.before)) → \(StepWords.value(register.after))")
    }
    for value in moment.values {
      console.line(
        "  \(value.text) = \(value.value.map { "\(Words.number($0)) (\(hexadecimal($0)))" } ?? "nothing: not mapped, or no memory")"
      )
    }
    console.line("see it with: orrery show \(Reproduction.quoted(path)) --from \(moment.clock)")
  }

  /// Every instruction moves rip.
  private static func isUnremarkable(_ register: PredicateSearch.Moment.Register) -> Bool { register.name == "rip" }

  private func json(_ moment: PredicateSearch.Moment, _ words: StepWords) -> JSONObject {
    var object = JSONObject()
    object.add("found", true)
    object.add("steps", moment.steps)
    object.add("clock", moment.clock)
    object.add("before", moment.isBefore)
    object.add("step", words.json(moment.action))
    object.add("inputs", moment.inputs.map { words.input($0) })
    object.add(
      "registers",
      moment.registers.map { register in
        var object = JSONObject()
        object.add("name", register.name)
        object.add("before", StepWords.value(register.before))
        object.add("after", StepWords.value(register.after))
        return object
      })
    object.add(
      "values",
      moment.values.map { value in
        var object = JSONObject()
        object.add("text", value.text)
        object.add("value", value.value.map { hexadecimal($0) })
        return object
      })
    return object
  }
}
