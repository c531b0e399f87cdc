import OrreryBase
public import OrreryImage
public import OrreryScenario

/// What a run begins with: a kernel that is about to be booted, or a machine that was saved in the midst of another run.
public enum RunImage: Sendable {
  case kernel(KernelImage)
  case state(SavedState)

  /// Reads either, by how the bytes begin.
  public init(bytes: [UInt8]) throws(ImageError) {
    if SavedState.isSavedState(bytes) {
      self = .state(try SavedState(bytes: bytes))
    } else {
      self = .kernel(try KernelImage(bytes: bytes))
    }
  }

  /// The file.
  public var bytes: [UInt8] {
    switch self {
    case .kernel(let kernel): kernel.bytes
    case .state(let state): state.bytes
    }
  }

  /// The kernel that is booted, or was.
  public var kernel: KernelImage {
    switch self {
    case .kernel(let kernel): kernel
    case .state(let state): state.kernel
    }
  }
}

extension RunImage {
  /// What `scenario` asks of a saved machine and is not so.
  public struct SettingConflict: Error, Hashable, Sendable, CustomStringConvertible {
    /// `memory`, `frequency`, `command line`, `tlb` or `uart`.
    public var setting: String

    public var description: String {
      "the saved machine has another \(setting) than the scenario asks for; leave the setting out"
    }
  }

  /// `scenario` with `values`, as it is run from here: a saved machine keeps its settings, which a scenario may only describe as they are, and its frequency is what
  /// times are counted in.
  ///
  /// - Throws: `ScenarioError` or `SettingConflict`.
  public func bind(_ scenario: Scenario, with values: [ParameterValue] = []) throws -> BoundScenario {
    guard case .state(let state) = self else { return try scenario.bound(with: values) }
    let saved = state.settings
    var timed = scenario
    if scenario.machine.frequency == nil {
      timed.machine.frequency = Frequency(Number(saved.frequency.hertz), .hertz)
    }
    var bound = try timed.bound(with: values)
    let asked = scenario.machine
    let conflicts = [
      ("memory", asked.memory != nil && bound.machine.memorySize != saved.memorySize),
      ("frequency", bound.machine.frequency != saved.frequency),
      ("command line", asked.commandLine != nil && bound.machine.commandLine != saved.commandLine),
      ("tlb", asked.tlb != nil && bound.machine.tlb != saved.tlb),
      ("uart", asked.uart != nil && bound.machine.uart != saved.uart),
    ]
    if let (setting, _) = conflicts.first(where: { $0.1 }) { throw SettingConflict(setting: setting) }
    bound.machine = saved
    return bound
  }
}
