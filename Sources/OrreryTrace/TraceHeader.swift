public import OrreryBase

/// What a trace says before its first event: all that a replay needs.
public struct TraceHeader: Hashable, Sendable {
  /// The machine's revision, for example `pc-1`.
  public var revision: String
  /// The configuration of the machine, in the recorder's fixed order; keys and values are words of the scenario's settings.
  public var configuration: [Setting]
  /// The lanes that were recorded.
  public var lanes: LaneSet
  /// How many steps lie between two `state` events.
  public var stateInterval: Steps
  /// The kernel image, every byte.
  public var image: [UInt8]
  /// What was loaded beside the image.
  public var modules: [Module]
  /// A name for the scenario. Recorders leave it empty, for equal runs have equal bytes whatever their files are called; the first ones did not.
  public var scenarioName: String
  /// The text of the scenario; empty for a run without one.
  public var scenario: String

  public init(
    revision: String, configuration: [Setting] = [], lanes: LaneSet = .all, stateInterval: Steps = 1 << 26,
    image: [UInt8] = [], modules: [Module] = [], scenarioName: String = "", scenario: String = ""
  ) {
    self.revision = revision
    self.configuration = configuration
    self.lanes = lanes
    self.stateInterval = stateInterval
    self.image = image
    self.modules = modules
    self.scenarioName = scenarioName
    self.scenario = scenario
  }

  /// A file that the boot loader puts beside the kernel, and what it says of it.
  public struct Module: Hashable, Sendable {
    public var string: [UInt8]
    public var bytes: [UInt8]

    public init(string: [UInt8], bytes: [UInt8]) {
      self.string = string
      self.bytes = bytes
    }
  }

  public struct Setting: Hashable, Sendable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }
}
