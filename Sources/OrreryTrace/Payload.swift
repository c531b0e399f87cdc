public import OrreryBase

/// What an event states. Each lane has its own cases; all values are facts of the machine, so none depends on host, path, date or build.
public enum Payload: Hashable, Sendable {
  // MARK: input

  /// An action was applied from outside at `point`.
  ///
  /// `cause` describes the anchor, independent of its place in the scenario (`after serial "ready>"`, `on symbol kernelMain hit 1`); empty for live input.
  case input(InputAction, point: InputPoint, cause: String)
  /// A byte from outside was lost because its queue was full.
  case inputLost(InputQueue, byte: UInt8)

  // MARK: interrupt

  /// An interrupt was delivered; `rip` is the instruction it came before.
  case interrupt(vector: UInt8, source: InterruptSource, rip: UInt64)
  /// The `iret` that ends a delivery retired. `rip` is where it returned to; `openAbove` is how many later deliveries (of interrupts or exceptions)
  /// are still open: 0 when it ends the latest.
  case interruptReturn(vector: UInt8, rip: UInt64, openAbove: UInt32)

  // MARK: exception

  /// An exception was delivered to its handler. A double fault is the delivery of vector 8.
  case exception(ExceptionDelivery)
  /// The `iret` that ends an exception's handler retired: it was handled. Fields as for `interruptReturn`.
  case exceptionReturn(vector: UInt8, rip: UInt64, openAbove: UInt32)
  /// A fault could not be delivered, because its delivery raised another. What came of the two follows at the same clock: a double fault, the second
  /// fault by itself, or a triple fault.
  case undelivered(ExceptionDelivery)
  /// A fault could be delivered neither as itself nor as a double fault. The delivery holds the last fault.
  case tripleFault(ExceptionDelivery)

  // MARK: map

  /// Paging was switched on or off, or CR3 loaded: `root` is now the address of the top-level table.
  case addressSpace(root: PhysicalAddress, mode: PagingMode)
  /// A range of linear addresses is mapped differently from before.
  case map(MapChange)
  /// An entry of a live table points, or no longer points, back at a table on the path to it.
  case recursive(RecursiveEntry)
  /// More ranges changed at once than the budget allows to list: how many, and the hash of their descriptions.
  case bulk(count: UInt64, hash: Hash128)
  /// `invlpg` retired.
  case invalidatePage(LinearAddress)

  // MARK: heap

  /// An outermost call of an allocator returned.
  case heap(HeapCall)

  // MARK: frame

  /// An outermost call of a frame allocator returned.
  case frame(FrameCall)

  // MARK: output

  /// Bytes left serial port `port` (0 is COM1); the event's clock is that of the cut that ended them (a new line, an input, a delivery …).
  case serial(port: UInt8, bytes: [UInt8])
  /// Cells of one row of the text screen changed, from `column` on: character and attribute of each, alternating.
  case screen(row: UInt8, column: UInt8, cells: [UInt8])
  /// Bytes were written to the debug console, port 0xE9; cut as those of a serial port.
  case debugConsole(bytes: [UInt8])
  /// A value was written to the debug-exit port.
  case exitValue(UInt32)

  // MARK: mark

  /// The kernel said a line through the trace port, which stands here without its end; the event's clock is that of the end.
  case mark(text: [UInt8])

  // MARK: state

  /// The hash of the whole architectural state after `steps` steps.
  case state(Hash128, steps: Steps)
}

extension Payload {
  /// The most bytes one event carries in `serial`, `screen`, `debugConsole` and `mark`; an observer splits what is longer.
  public static let byteLimit = 4096

  /// The most UTF-8 bytes of a cause or an allocator's name that a trace keeps; the writer cuts what is longer.
  public static let nameLimit = 1024

  /// The most aliases one `MapChange` carries.
  public static let aliasLimit = 512

  public var lane: Lane {
    switch self {
    case .input, .inputLost: .input
    case .interrupt, .interruptReturn: .interrupt
    case .exception, .exceptionReturn, .undelivered, .tripleFault: .exception
    case .addressSpace, .map, .recursive, .bulk, .invalidatePage: .map
    case .heap: .heap
    case .frame: .frame
    case .serial, .screen, .debugConsole, .exitValue: .output
    case .mark: .mark
    case .state: .state
    }
  }
}

/// Where a byte from outside waits for the guest.
public struct InputQueue: RawRepresentable, Hashable, Sendable {
  /// 0 the keyboard controller, 1 + n serial port n; `ProbeRecord.detail` of an `inputLost`.
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let keyboard = InputQueue(rawValue: 0)

  public static func serial(port: UInt8) -> InputQueue { InputQueue(rawValue: port &+ 1) }
}

extension Payload {
  /// Whether `codeAddress` is where a call returns to, just behind the instruction it is about.
  public var isCodeAddressReturn: Bool { lane == .heap || lane == .frame }

  /// The code address the event is about: the interrupted or faulting instruction, or the caller of an allocator; nil when it has none.
  public var codeAddress: UInt64? {
    switch self {
    case .interrupt(_, _, let rip), .interruptReturn(_, let rip, _), .exceptionReturn(_, let rip, _): rip
    case .exception(let delivery), .undelivered(let delivery), .tripleFault(let delivery): delivery.rip
    case .heap(let call): call.caller
    case .frame(let call): call.caller
    default: nil
    }
  }
}
