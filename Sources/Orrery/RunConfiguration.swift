public import OrreryBase
public import OrreryImage
import OrreryMachine
public import OrreryScenario
public import OrreryTrace

/// All that a run depends on beside the image and its inputs, and what of it is recorded. A trace's header holds it, so a replay needs nothing else.
public struct RunConfiguration: Hashable, Sendable {
  /// The machine's revision. It changes with everything that a guest or the state hash can see (docs/MACHINE_REVISIONS.md).
  public static let revision = "pc-1"

  /// How many steps lie between two `state` events unless another number is chosen.
  public static let defaultStateInterval: Steps = 1 << 26

  /// The state intervals there are. A replay goes no further than one interval beyond the last state that it found the same, so an interval without
  /// bound would let a trace keep it running for ever.
  public static let stateIntervals: ClosedRange<Steps> = 1...1 << 30

  public var machine: BoundMachineSettings
  /// The lanes to record; `input` and `state` always are, for without them a trace could not be replayed.
  public var lanes: LaneSet
  public var stateInterval: Steps
  /// How the image is entered; nil for the way that it offers first.
  public var bootProtocol: BootProtocol?
  /// What is loaded beside the image.
  public var modules: [BootModule] = []
  /// Functions watched beside the known ones.
  public var allocators: [AllocatorFunction]
  /// The values of the scenario's parameters, for the reader of the trace.
  public var parameters: [ParameterValue]

  public init(
    machine: BoundMachineSettings = MachineSettings.default, lanes: LaneSet = .all,
    stateInterval: Steps = RunConfiguration.defaultStateInterval, allocators: [AllocatorFunction] = [],
    parameters: [ParameterValue] = []
  ) {
    precondition(Self.stateIntervals.contains(stateInterval), "state events are 1 to 2^30 steps apart")
    self.machine = machine
    self.lanes = lanes.union([LaneSet(.input), LaneSet(.state)])
    self.stateInterval = stateInterval
    self.allocators = allocators
    self.parameters = parameters
  }
}

extension RunConfiguration {
  /// What `scenario` asks for: its machine, its lanes or all, its allocators.
  public init(_ scenario: BoundScenario) {
    // Every lane of a scenario is one of a trace, by the same name.
    let lanes = scenario.lanes.map { lanes in
      LaneSet(lanes.compactMap { Lane(name: $0.rawValue) }.map { LaneSet($0) })
    }
    self.init(
      machine: scenario.machine, lanes: lanes ?? .all, allocators: scenario.allocators, parameters: scenario.values)
  }
}

extension RunConfiguration {
  /// How `kernel` is entered.
  func bootProtocol(for kernel: KernelImage) throws(ImageError) -> BootProtocol {
    if let bootProtocol { bootProtocol } else { try kernel.preferredProtocol() }
  }
}

// MARK: - Known allocators

extension RunConfiguration {
  /// The allocator functions that are watched without being named.
  public static var knownAllocatorNames: [String] { AllocatorFunctions.known.map(\.symbol) }

  /// What the known allocator function called `name` takes and gives; nil when none is.
  public static func knownAllocator(named name: String) -> AllocatorFunction? {
    AllocatorFunctions.known.first { $0.symbol == name }
  }
}

// MARK: - In a header

extension RunConfiguration {
  private enum Key {
    static let memory = "memory"
    static let frequency = "frequency"
    static let commandLine = "command-line"
    static let tlb = "tlb"
    static let uart = "uart"
    static let boot = "boot"
    static let allocator = "allocator"
    static let parameter = "parameter"
  }

  /// The settings as a header has them, in fixed order.
  var settings: [TraceHeader.Setting] {
    var settings = [
      TraceHeader.Setting(Key.memory, String(machine.memorySize)),
      TraceHeader.Setting(Key.frequency, String(machine.frequency.hertz)),
      TraceHeader.Setting(Key.commandLine, EscapedBytes.text(of: machine.commandLine)),
      TraceHeader.Setting(Key.tlb, machine.tlb.rawValue),
      TraceHeader.Setting(Key.uart, machine.uart.rawValue),
    ]
    // PVH goes without saying, as it did when there was nothing else.
    if let bootProtocol, bootProtocol != .pvh { settings.append(TraceHeader.Setting(Key.boot, bootProtocol.rawValue)) }
    settings += allocators.map { TraceHeader.Setting(Key.allocator, $0.settingText) }
    settings += parameters.map { TraceHeader.Setting(Key.parameter, "\($0.name)=\($0.value)") }
    return settings
  }

  /// The configuration a trace was recorded with.
  init(header: TraceHeader) throws(ReplayError) {
    guard header.revision == Self.revision else {
      throw .otherRevision(trace: header.revision, program: Self.revision)
    }
    guard Self.stateIntervals.contains(header.stateInterval) else {
      throw .contradiction(
        "its states are \(Words.number(header.stateInterval)) steps apart, and a recorder takes one every 1 to "
          + "\(Words.number(Self.stateIntervals.upperBound)) steps")
    }
    guard header.lanes.isSuperset(of: [LaneSet(.input), LaneSet(.state)]) else {
      throw .contradiction("its header does not list the lanes input and state, which every recording has")
    }
    self.init(lanes: header.lanes, stateInterval: header.stateInterval)
    bootProtocol = .pvh
    modules = header.modules.map { BootModule(bytes: $0.bytes, string: $0.string) }
    for setting in header.configuration {
      guard try take(setting) else { throw .unknownSetting(setting.key, setting.value) }
    }
  }

  /// Takes one setting; false when it makes no sense to this program.
  mutating func take(_ setting: TraceHeader.Setting) throws(ReplayError) -> Bool {
    switch setting.key {
    case Key.memory:
      guard let size = UInt64(setting.value), size % 4096 == 0, KernelImage.memorySizes.contains(size),
        size <= MachineConfiguration.maximumMemorySize
      else { return false }
      machine.memorySize = size
    case Key.frequency:
      guard let hertz = UInt64(setting.value), MachineSettings.frequencies.contains(hertz) else { return false }
      machine.frequency = ClockFrequency(hertz: hertz)
    case Key.commandLine:
      guard let bytes = EscapedBytes.bytes(of: setting.value) else { return false }
      machine.commandLine = bytes
    case Key.tlb:
      guard let tlb = MachineSettings.TLB(rawValue: setting.value) else { return false }
      machine.tlb = tlb
    case Key.uart:
      guard let uart = MachineSettings.UART(rawValue: setting.value) else { return false }
      machine.uart = uart
    case Key.boot:
      guard let bootProtocol = BootProtocol(rawValue: setting.value) else { return false }
      self.bootProtocol = bootProtocol
    case Key.allocator:
      guard let function = AllocatorFunction(settingText: setting.value) else { return false }
      allocators.append(function)
    case Key.parameter:
      let parts = setting.value.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let value = UInt64(parts[1]) else { return false }
      parameters.append(ParameterValue(name: String(parts[0]), value: value))
    default: return false
    }
    return true
  }
}

/// Bytes as printable ASCII: everything else, and the percent sign, as `%` and two hexadecimal digits.
enum EscapedBytes {
  static func text(of bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
      if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text
  }

  /// The bytes that `text` stands for; nil when an escape is incomplete.
  static func bytes(of text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}

extension AllocatorFunction {
  /// `heap allocate my_alloc(size, alignment)`, as the scenario language has it.
  var settingText: String {
    "\(resource.rawValue) \(operation.rawValue) \(symbol)(\(arguments.map(\.rawValue).joined(separator: ", ")))"
  }

  init?(settingText text: String) {
    guard let resource = Resource.allCases.first(where: { text.hasPrefix($0.rawValue + " ") }) else { return nil }
    var rest = text.dropFirst(resource.rawValue.count + 1)
    // "allocate zeroed" begins with "allocate": the longer name is tried first.
    let operations = Operation.allCases.sorted { $0.rawValue.count > $1.rawValue.count }
    guard let operation = operations.first(where: { rest.hasPrefix($0.rawValue + " ") }) else { return nil }
    rest = rest.dropFirst(operation.rawValue.count + 1)
    guard rest.last == ")", let open = rest.lastIndex(of: "("), open > rest.startIndex else { return nil }
    let names = rest[rest.index(after: open)...].dropLast()
    var arguments: [Argument] = []
    if !names.isEmpty {
      for name in names.split(separator: ", ", omittingEmptySubsequences: false) {
        guard let argument = Argument(rawValue: String(name)), arguments.count < Self.argumentLimit else { return nil }
        arguments.append(argument)
      }
    }
    self.init(resource, operation, String(rest[..<open]), arguments)
  }
}
