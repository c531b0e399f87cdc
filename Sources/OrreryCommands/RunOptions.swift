import ArgumentParser
import Orrery
import OrreryBase
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// What `record` and `run` share: the image, the scenario, and what is set on the command line.
struct RunOptions: ParsableArguments {
  @Argument(
    help:
      "The kernel: an ELF file with a PVH note, or any file with a Multiboot or Multiboot2 header. Or a machine that `save` saved.",
    completion: .file())
  var image: String

  @Option(
    help: ArgumentHelp(
      "How the kernel is entered: \(BootOption.allValueStrings.joined(separator: ", ")). The first of these that it offers, unless given.",
      valueName: "protocol"))
  var boot: BootOption?

  @Option(
    name: .customLong("module"), parsing: .singleValue,
    help: ArgumentHelp(
      "Loads a file beside the kernel, with a text for it: its name, unless given. Again for each further module.",
      valueName: "file[=text]"),
    completion: .file())
  var modules: [String] = []

  @Option(name: .shortAndLong, help: "The scenario: what happens to the machine, and when.", completion: .file())
  var scenario: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Gives a parameter of the scenario a value.", valueName: "name=value"))
  var values: [String] = []

  @Option(help: "The kernel's command line; replaces the scenario's.")
  var commandLine: String?

  @Option(
    name: [.customLong("lanes"), .customLong("lane")],
    help: ArgumentHelp(
      "The lanes to record, separated by commas. Input and state always are.",
      valueName: "lanes"))
  var lanes: [LaneOption] = []

  @Option(
    name: .customLong("allocator"), parsing: .singleValue,
    help: ArgumentHelp(
      "Watches a function of the kernel that takes and gives what a known one does, such as `my_alloc=malloc`.",
      valueName: "name=known"))
  var allocators: [String] = []

  @Option(
    name: .customLong("inject"), parsing: .singleValue,
    help: ArgumentHelp(
      """
      Turns a bit over at a time, as a fault of the hardware would; again for each further fault. The target is rax…r15, rip, rflags, cr2, xmm0…xmm15 or a \
      physical address such as 0x10_0000. It is an input of the trace, and replayed.
      """,
      valueName: "time:target:bit"))
  var injections: [InjectOption] = []

  // A number that begins with a minus sign is a wrong number, not an option.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Ends the run after this many steps; replaces the scenario's limit.", valueName: "steps"))
  var limit: UInt64?

  /// As in a scenario.
  private static let stepLimits = 1...BoundScenario.timeLimit

  func validate() throws {
    if let limit, !Self.stepLimits.contains(limit) {
      throw ValidationError(
        "--limit \(limit): expected a number of steps from 1 to \(Words.number(Self.stepLimits.upperBound))")
    }
    _ = try parameterValues()
    _ = try allocatorFunctions()
  }

  func parameterValues() throws -> [ParameterValue] {
    try values.map { text in
      let parts = text.split(separator: "=", maxSplits: 1)
      let number = parts.count == 2 ? String(parts[1]) : ""
      let value = number.hasPrefix("0x") ? UInt64(number.dropFirst(2), radix: 16) : UInt64(number)
      guard parts.count == 2, let value else {
        throw ValidationError("--set '\(text)': expected NAME=NUMBER, such as --set K=7")
      }
      return ParameterValue(name: String(parts[0]), value: value)
    }
  }

  func allocatorFunctions() throws -> [AllocatorFunction] {
    try allocators.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let known = RunConfiguration.knownAllocator(named: parts[1]) else {
        throw ValidationError(
          "--allocator '\(text)': expected NAME=KNOWN, where KNOWN is one of "
            + RunConfiguration.knownAllocatorNames.joined(separator: ", "))
      }
      var function = known
      function.symbol = parts[0]
      return function
    }
  }
}

extension RunOptions {
  /// A machine that was saved has its kernel loaded and its command line read.
  fileprivate func checkForSavedMachine() throws {
    let given = [("--boot", boot != nil), ("--module", !modules.isEmpty), ("--command-line", commandLine != nil)]
    if let (name, _) = given.first(where: { $0.1 }) {
      throw CommandFailure("\(name): \(image) is a saved machine, which was booted before; leave the option out")
    }
  }
}

/// The image and scenario of a run, read and checked.
struct RunInputs {
  let image: RunImage
  let scenario: Scenario
  let scenarioText: String
  private let modules: [BootModule]
  /// What is read; open, so that no other file can take its identity.
  let files: [InputFile]
  private let options: RunOptions
  /// Whether a person sits at the machine, who ends the run.
  private let isLive: Bool

  init(_ options: RunOptions, isLive: Bool = false) throws {
    self.options = options
    self.isLive = isLive
    let imageFile: InputFile
    let bytes: [UInt8]
    do throws(HostError) {
      imageFile = try InputFile(path: options.image)
      bytes = try imageFile.contents(limit: KernelImage.byteLimit)
    } catch { throw CommandFailure(error) }
    do throws(ImageError) { image = try RunImage(bytes: bytes) } catch {
      throw CommandFailure(error, path: options.image)
    }
    let moduleFiles = try options.moduleFiles()
    modules = try moduleFiles.map { try $0.module() }
    if case .state = image { try options.checkForSavedMachine() }
    guard let path = options.scenario else {
      scenario = Scenario()
      scenarioText = ""
      files = [imageFile] + moduleFiles.map(\.file)
      try warnAboutAllocators()
      return
    }
    do throws(HostError) {
      let scenarioFile = try InputFile(path: path)
      scenarioText = try scenarioFile.text(limit: UInt64(Scenario.textLimit))
      files = [imageFile, scenarioFile] + moduleFiles.map(\.file)
    } catch { throw CommandFailure(error) }
    do throws(ScenarioError) { scenario = try Scenario(parsing: scenarioText, file: path) } catch {
      throw CommandFailure(error)
    }
    for warning in scenario.warnings(golden: false) { Console.current.note(warning.description) }
    try warnAboutAllocators()
  }

  /// Says which functions of the command line the kernel does not have: their calls would be missing from the trace without a word. Those of the scenario are
  /// anchors of it.
  private func warnAboutAllocators() throws {
    for function in try options.allocatorFunctions() {
      let place = "--allocator \(function.symbol)"
      switch image.kernel.symbols.find(function.symbol) {
      case .found: break
      case .missing:
        let remedy = image.kernel.symbols.symbols.isEmpty ? "its image has no symbols" : "see its symbols with nm"
        Console.current.note("\(place): warning: the kernel has no function `\(function.symbol)`; \(remedy)")
      case .ambiguous(let symbols):
        let names = symbols.prefix(4).map { "`\($0.name)`" }.joined(separator: ", ")
        Console.current.note(
          "\(place): warning: the kernel has \(symbols.count) functions `\(function.symbol)`, and none is watched; name one: \(names)"
        )
      }
    }
  }

  /// The run with `values` for the parameters, and its configuration.
  func bound(with values: [ParameterValue]) throws -> (scenario: BoundScenario, configuration: RunConfiguration) {
    var bound: BoundScenario
    do { bound = try image.bind(scenario, with: values) } catch let error as ScenarioError {
      throw CommandFailure(error)
    } catch { throw CommandFailure("\(options.scenario ?? ""): error: \(error)") }
    // Nobody is to be thrown out of a session after a minute: only limits that somebody named hold there.
    if isLive, scenario.limits.steps == nil { bound.limits.steps = BoundScenario.timeLimit }
    if isLive, scenario.limits.time == nil { bound.limits.clock = BoundScenario.timeLimit }
    if let text = options.commandLine { bound.machine.commandLine = Array(text.utf8) }
    if let limit = options.limit { bound.limits.steps = limit }
    for injection in options.injections { try injection.add(to: &bound) }
    var configuration = RunConfiguration(bound)
    configuration.bootProtocol = options.boot?.bootProtocol
    configuration.modules = modules
    if !options.lanes.isEmpty { configuration.lanes = RunConfiguration(lanes: LaneOption.union(options.lanes)).lanes }
    configuration.allocators += try options.allocatorFunctions()
    return (bound, configuration)
  }

  /// A recorder of one run.
  func recorder(with values: [ParameterValue], sink: TraceFileSink?) throws -> Recorder {
    let (scenario, configuration) = try bound(with: values)
    do throws(Recorder.Failure) {
      return try Recorder(
        image: image, scenario: scenario, configuration: configuration, scenarioText: scenarioText,
        sink: sink)
    } catch {
      sink?.discard()
      switch error {
      case .image(let error): throw CommandFailure(error, path: options.image)
      case .scenario(let error):
        var failure = CommandFailure(self.scenario.problem("anchor lost: \(error)", at: error.location).description)
        // What `run` exits with is the kernel's; 125 would be that of a kernel.
        if sink != nil { failure.code = OrreryProgram.undecided }
        throw failure
      case .trace(let error): throw CommandFailure(error, path: sink?.path ?? "")
      }
    }
  }
}
