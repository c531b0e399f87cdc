import ArgumentParser
import Orrery
import OrreryBase
import OrreryMachine
import OrreryTrace

/// `orrery bisect TRACE TRACE`.
struct DivergenceBisect {
  let firstPath: String
  let secondPath: String
  let isJSON: Bool

  func run() throws {
    let first = try OpenedTrace(path: firstPath)
    let second = try OpenedTrace(path: secondPath)
    for trace in [first, second] { try trace.requireIntact("is not run again") }
    var search = DivergenceSearch(first.source, second.source)
    var progress = Progress()
    search.progress = { steps in progress.show("running both: \(Words.count(steps, "step"))") }
    let result: DivergenceSearch.Result
    do throws(ReplayError) {
      defer { progress.clear() }
      result = try search.run()
    } catch { throw CommandFailure(error, path: "\(firstPath), \(secondPath)") }
    let words = StepWords(rendering: first.rendering())
    if isJSON { Console.current.line(json(result, words).description) } else { report(result, words) }
    switch result.outcome {
    case .same: return
    case .different, .notReproduced: throw ExitCode(1)
    }
  }

  private func report(_ result: DivergenceSearch.Result, _ words: StepWords) {
    let console = Console.current
    switch result.outcome {
    case .same(let count):
      console.line("\(firstPath), \(secondPath): the same state at all \(Words.count(count, "state event"))")
    case .notReproduced(let steps):
      console.line(
        "\(firstPath), \(secondPath): their states after \(Words.count(steps, "step")) differ, and those of the runs when run again do not"
      )
      console.line("  one was recorded by a machine that is not this one; see which with: orrery replay")
    case .different(let divergence, let visibleAt): report(divergence, visibleAt, words)
    }
    for difference in result.withoutEffect.prefix(Self.listLimit) {
      console.line("no lasting effect: \(describe(difference, words))")
    }
    let rest = result.withoutEffect.count - Self.listLimit
    if rest > 0 { console.line("no lasting effect: \(rest) more inputs that only one run has") }
  }

  private static let listLimit = 16

  private func describe(_ difference: InputDifference, _ words: StepWords) -> String {
    let path = difference.isInSecond ? secondPath : firstPath
    return "\(words.input(difference.input)), only in \(path)"
      + (difference.cause.isEmpty ? "" : " (\(difference.cause))")
  }

  private func report(_ divergence: Divergence, _ visibleAt: Steps, _ words: StepWords) {
    let console = Console.current
    switch divergence.action {
    case .none where divergence.steps == 0:
      console.line("\(firstPath), \(secondPath): different from the start, before the first instruction")
    case .none:
      console.line(
        "\(firstPath), \(secondPath): different from clock \(Words.number(divergence.clock)) on, after \(Words.count(divergence.steps - 1, "step")), with no step: the processor is halted"
      )
    case .instruction, .delivery:
      console.line(
        "\(firstPath), \(secondPath): different with step \(Words.number(divergence.steps)), at clock \(Words.number(divergence.clock))"
      )
    }
    for line in words.lines(divergence.action, secondBytes: divergence.secondBytes) { console.line("  \(line)") }
    for cause in divergence.causes.prefix(Self.listLimit) { console.line("  because of: \(describe(cause, words))") }
    for register in divergence.registers {
      let before = register.before.map { ", before \(StepWords.value($0))" } ?? ""
      console.line(
        "  \(register.name): \(StepWords.value(register.first)) and \(StepWords.value(register.second))\(before)")
    }
    for run in divergence.memory {
      console.line(
        "  physical \(Words.address(run.address.rawValue)): \(StepWords.hexadecimal(run.ours)) and \(StepWords.hexadecimal(run.theirs))"
      )
    }
    let listed = divergence.memory.reduce(0) { $0 + UInt64($1.ours.count) }
    if divergence.memoryByteCount > listed {
      console.line("  and \(Words.count(divergence.memoryByteCount - listed, "byte")) of memory more")
    }
    for device in divergence.devices { console.line("  state of the \(device)") }
    for (path, end) in [(firstPath, divergence.firstEnd), (secondPath, divergence.secondEnd)] {
      if let end { console.line("  \(path) ends: \(end)") }
    }
    console.line("  still so at the state compared after \(Words.count(visibleAt, "step"))")
  }

  // MARK: JSON

  private func json(_ result: DivergenceSearch.Result, _ words: StepWords) -> JSONObject {
    var object = JSONObject()
    switch result.outcome {
    case .same(let count):
      object.add("same", true)
      object.add("states", count)
    case .notReproduced(let steps):
      object.add("same", false)
      object.add("reproduced", false)
      object.add("visibleAt", steps)
    case .different(let divergence, let visibleAt):
      object.add("same", false)
      object.add("reproduced", true)
      object.add("visibleAt", visibleAt)
      add(divergence, words, to: &object)
    }
    object.add("withoutEffect", result.withoutEffect.map { json($0, words) })
    object.add("inputDifferences", result.inputDifferenceCount)
    return object
  }

  private func json(_ difference: InputDifference, _ words: StepWords) -> JSONObject {
    var object = JSONObject()
    object.add("clock", difference.input.clock)
    object.add("input", difference.input.action.rendered(words.rendering.keyName))
    object.add("cause", difference.cause)
    object.add("trace", difference.isInSecond ? secondPath : firstPath)
    return object
  }

  private func add(_ divergence: Divergence, _ words: StepWords, to object: inout JSONObject) {
    object.add("steps", divergence.steps)
    object.add("clock", divergence.clock)
    object.add("step", words.json(divergence.action, secondBytes: divergence.secondBytes))
    object.add("causes", divergence.causes.map { json($0, words) })
    object.add(
      "registers",
      divergence.registers.map { register in
        var object = JSONObject()
        object.add("name", register.name)
        if let before = register.before { object.add("before", StepWords.value(before)) }
        object.add("first", StepWords.value(register.first))
        object.add("second", StepWords.value(register.second))
        return object
      })
    object.add(
      "memory",
      divergence.memory.map { run in
        var object = JSONObject()
        object.add("physical", hexadecimal(run.address.rawValue))
        object.add("first", StepWords.hexadecimal(run.ours))
        object.add("second", StepWords.hexadecimal(run.theirs))
        return object
      })
    object.add("memoryBytes", divergence.memoryByteCount)
    object.add("devices", divergence.devices)
  }
}
