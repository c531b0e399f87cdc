/// What kind of fact a probe record states, and which field carries what.
///
/// `rip` is always the instruction pointer at that step, `clock` the clock at which the step began.
@frozen
public enum ProbeKind: UInt8, Sendable {
  /// An input was applied. `detail`: `InputPoint`. `value0`: `InputAction.encoded`.
  case input
  /// A byte from outside was lost because its queue was full. `detail`: 0 keyboard, 1 + n serial port n. `value0`: the byte.
  case inputLost
  /// An interrupt was delivered. `detail`: vector. `value0`: `InterruptSource`. `value1`: rsp before delivery. `value2`: rsp after. `rip`: interrupted rip.
  case interrupt
  /// An `iret` retired. `rip`: of the `iret`. `value0`: the rip returned to. `value1`: rsp after it. `value2`: rsp before it.
  case interruptReturn
  /// An exception was delivered. `detail`: vector. `value0`: error code. `value1`: cr2. `value2`: 1 when there is an error code. `value3`: rsp before. `value4`: rsp after.
  /// `value5`: 1 when it came from a software interrupt instruction (INT n, INT3, INTO), which then is `rip`'s instruction.
  case exception
  /// A fault could be delivered neither as itself nor as a double fault. `detail`: vector of the last fault. `value0`: its error code. `value1`: cr2.
  case tripleFault
  /// Paging was switched on or off, or CR3 loaded. `value0`: physical address of the root table. `value1`: `PagingMode`.
  case addressSpace
  /// A frame became a table of the live tree; `tableEntry` records of its non-zero entries follow. `detail`: level (4…1). `value0`: physical address of the frame.
  case tablePage
  /// An entry of a live table changed, apart from accessed and dirty bits. `value0`: physical address of the entry. `value1`: old. `value2`: new. `detail`: 1 while a `tablePage` is being listed.
  case tableEntry
  /// `invlpg` retired. `value0`: linear address.
  case invalidatePage
  /// A watched function is about to execute its first instruction. `detail`: index of the `CallProbe`. `value0`…`value4`: rdi, rsi, rdx, rcx, r8. `value5`: rsp. `value6`: return address.
  case call
  /// A watched call has returned. `detail`: index of the `CallProbe`. `value0`: rax. `value1`: what the out-pointer points to. `value2`: 1 when that was readable.
  /// `value3`: rsp at entry of the call.
  case callReturn
  /// A byte left a serial port. `detail`: port (0 is COM1). `value0`: byte.
  case serialOutput
  /// A byte was written to port 0xE9. `value0`: byte.
  case debugConsole
  /// A value was written to the isa-debug-exit port. `value0`: value.
  case debugExit
  /// Cells of one screen row changed. `detail`: row. `value0`: first column. `value1`: count of cells. `value2`: offset of the cells in `ProbeBuffer.bytes` (character, attribute each).
  case screenRow
  /// A byte was written to the trace port. `value0`: the byte.
  case mark
  /// A fault could not be delivered, because its delivery raised another; what came of the two follows. `detail`: vector. `value0`: error code. `value1`: cr2 as the fault
  /// left it. `value2`: 1 when there is an error code.
  case undelivered
}

/// Why the processor took an interrupt: `ProbeRecord.value0` of an `interrupt`.
@frozen
public struct InterruptSource: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64

  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Interrupt request line `line`, 0…15, of the 8259 pair.
  @inlinable
  public static func line(_ line: UInt8) -> Self { Self(rawValue: UInt64(line)) }

  /// A spurious interrupt of the first 8259 (its line 7) or the second (line 15).
  @inlinable
  public static func spurious(_ line: UInt8) -> Self { Self(rawValue: 0x100 | UInt64(line)) }

  /// A vector from a scenario, past the 8259.
  public static let scripted = Self(rawValue: 0x200)

  public static let nonMaskable = Self(rawValue: 0x201)
}

/// How linear addresses are translated: `ProbeRecord.value1` of an `addressSpace`.
@frozen
public enum PagingMode: UInt64, Sendable {
  case off
  /// 32-bit paging, two levels.
  case twoLevel
  /// PAE paging, three levels.
  case threeLevel
  /// 4-level paging of IA-32e mode.
  case fourLevel
}

/// One fact about one step, with every value an observer needs, captured at that step; what each field holds is said at `ProbeKind`.
@frozen
public struct ProbeRecord: Sendable {
  public var kind: ProbeKind
  public var detail: UInt32
  public var clock: Clock
  public var rip: UInt64
  public var value0: UInt64
  public var value1: UInt64
  public var value2: UInt64
  public var value3: UInt64
  public var value4: UInt64
  public var value5: UInt64
  public var value6: UInt64

  @inlinable
  public init(
    _ kind: ProbeKind, detail: UInt32 = 0, clock: Clock, rip: UInt64, _ value0: UInt64 = 0, _ value1: UInt64 = 0,
    _ value2: UInt64 = 0, _ value3: UInt64 = 0, _ value4: UInt64 = 0, _ value5: UInt64 = 0, _ value6: UInt64 = 0
  ) {
    self.kind = kind
    self.detail = detail
    self.clock = clock
    self.rip = rip
    self.value0 = value0
    self.value1 = value1
    self.value2 = value2
    self.value3 = value3
    self.value4 = value4
    self.value5 = value5
    self.value6 = value6
  }
}

/// Which facts the machine writes down.
@frozen
public struct ProbeSet: OptionSet, Hashable, Sendable {
  public var rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let input = ProbeSet(rawValue: 1 << 0)
  public static let interrupts = ProbeSet(rawValue: 1 << 1)
  public static let exceptions = ProbeSet(rawValue: 1 << 2)
  public static let pageTables = ProbeSet(rawValue: 1 << 3)
  public static let calls = ProbeSet(rawValue: 1 << 4)
  public static let output = ProbeSet(rawValue: 1 << 5)
  public static let screen = ProbeSet(rawValue: 1 << 6)
  public static let marks = ProbeSet(rawValue: 1 << 7)

  public static let all: ProbeSet = [
    .input, .interrupts, .exceptions, .pageTables, .calls, .output, .screen, .marks,
  ]
}
