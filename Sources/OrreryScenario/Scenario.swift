/// The scripted input of a run: what happens to the machine from outside, and when.
///
///     let scenario = Scenario(
///       machine: MachineSettings(memory: .mebibytes(64)),
///       parameters: [Parameter("K", in: 0...40)],
///       rules: [
///         Rule(.afterSerial("ready> "), do: .type("help{Enter}")),
///         Rule(.onSymbol("Idle.wait", hit: 3), delay: .steps(.parameter("K")), do: .key("A")),
///       ],
///       stops: [StopCondition(.afterSerial("bye"))])
///     let run = try scenario.bound(with: [ParameterValue(name: "K", value: 7)])
///
/// A scenario file parses to the same value (docs/SCENARIO.md), and `description` prints it in the language's canonical form.
public struct Scenario: Hashable, Sendable {
  public var machine: MachineSettings
  public var limits: Limits
  /// The lanes to record; nil leaves it to the recorder.
  public var lanes: [RecordedLane]?
  /// Functions to watch beside the default ones.
  public var allocators: [AllocatorFunction]
  public var parameters: [Parameter]
  public var rules: [Rule]
  public var stops: [StopCondition]
  /// How the run is to end when no stop ends it; nil for none of the ends that are trouble.
  public var expectedEnd: ExpectedEnd?
  /// What it was parsed from, for messages.
  var source: ScenarioSource

  public init(
    machine: MachineSettings = MachineSettings(), limits: Limits = Limits(),
    lanes: [RecordedLane]? = nil,
    allocators: [AllocatorFunction] = [], parameters: [Parameter] = [], rules: [Rule] = [],
    stops: [StopCondition] = [], expectedEnd: ExpectedEnd? = nil
  ) {
    self.machine = machine
    self.limits = limits
    self.lanes = lanes
    self.allocators = allocators
    self.parameters = parameters
    self.rules = rules
    self.stops = stops
    self.expectedEnd = expectedEnd
    self.source = ScenarioSource(text: "", file: "")
  }

  /// The greatest size of a scenario's text, in bytes.
  public static let textLimit = 4 << 20

  /// Parses the language of docs/SCENARIO.md and checks every number, parameters at their first values.
  ///
  /// - Parameter file: the name that messages begin with.
  /// - Throws: `ScenarioError` with all mistakes found.
  public init(parsing text: String, file: String) throws(ScenarioError) {
    let source = ScenarioSource(text: text, file: file)
    guard text.utf8.count <= Self.textLimit else {
      throw ScenarioError([
        ScenarioProblem(
          .error, "the scenario has \(text.utf8.count) bytes",
          remedy: "at most \(Self.textLimit) are read", at: .none,
          in: ScenarioSource(text: "", file: file))
      ])
    }
    var parser = Parser(text, source)
    parser.parse()
    guard parser.problems.isEmpty else {
      throw ScenarioError(parser.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
    self = parser.scenario
    self.source = source
    _ = try bound()
  }

  /// The scenario with a value for each parameter, the first of its values where `values` names none.
  ///
  /// - Throws: `ScenarioError` with every number that is out of its range, as written or with these values.
  public func bound(with values: [ParameterValue] = []) throws(ScenarioError) -> BoundScenario {
    var binder = Binder(self)
    let bound = binder.bind(with: values)
    guard binder.problems.isEmpty else {
      throw ScenarioError(binder.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
    return bound
  }
}
