/// One kind of event in a trace. The raw value is the lane's number in the file.
@frozen
public enum Lane: UInt8, Hashable, Sendable, CaseIterable {
  /// All that comes from outside: keys, serial bytes, scripted interrupts, with the anchor that caused them.
  case input = 0
  /// Each interrupt delivery and the matching `iret`.
  case interrupt = 1
  /// Each exception and how it ended.
  case exception = 2
  /// Changes of the memory map, switches of the address space, `invlpg`.
  case map = 3
  /// What the kernel's allocators hand out and take back.
  case heap = 4
  /// Physical page frames handed out and taken back, where the scenario names the kernel's functions.
  case frame = 5
  /// Serial bytes, screen changes, debug console, exit value.
  case output = 6
  /// What the kernel itself says through the trace port.
  case mark = 7
  /// Hashes of the architectural state.
  case state = 8

  /// The lane's name in options, renderings and goldens.
  public var name: String {
    switch self {
    case .input: "input"
    case .interrupt: "interrupt"
    case .exception: "exception"
    case .map: "map"
    case .heap: "heap"
    case .frame: "frame"
    case .output: "output"
    case .mark: "mark"
    case .state: "state"
    }
  }

  /// The lane called `name`; nil when there is none.
  public init?(name: some StringProtocol) {
    guard let lane = Lane.allCases.first(where: { $0.name == name }) else { return nil }
    self = lane
  }
}

extension Lane: Comparable {
  public static func < (left: Lane, right: Lane) -> Bool { left.rawValue < right.rawValue }
}

/// A set of lanes, one bit a lane number.
@frozen
public struct LaneSet: OptionSet, Hashable, Sendable {
  public var rawValue: UInt16

  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public init(_ lane: Lane) { self.init(rawValue: 1 << UInt16(lane.rawValue)) }

  public static let all = LaneSet(Lane.allCases.map { LaneSet($0) })

  @inlinable
  public func contains(_ lane: Lane) -> Bool { rawValue & 1 << UInt16(lane.rawValue) != 0 }

  /// The lanes of the set in the order of their numbers.
  public var lanes: [Lane] { Lane.allCases.filter { contains($0) } }
}
