/// The scripted input of a run: what happens to the machine from outside, and when.
///
///     let scenario = Scenario(
///       machine: MachineSettings(memory: .mebibytes(64)),
///       parameters: [Parameter("K", in: 0...40)],
///       rules: [
///         Rule(.afterSerial("ready> "), do: .type("help{Enter}")),
///         Rule(.onSymbol("Idle.wait", hit: 3), delay: .steps(.parameter("K")), do: .key(.a)),
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
  /// What it was parsed from, for messages.
  var source: ScenarioSource

  public init(
    machine: MachineSettings = MachineSettings(), limits: Limits = Limits(), lanes: [RecordedLane]? = nil,
    allocators: [AllocatorFunction] = [], parameters: [Parameter] = [], rules: [Rule] = [],
    stops: [StopCondition] = []
  ) {
    self.machine = machine
    self.limits = limits
    self.lanes = lanes
    self.allocators = allocators
    self.parameters = parameters
    self.rules = rules
    self.stops = stops
    self.source = ScenarioSource(text: "", file: "")
  }
}
