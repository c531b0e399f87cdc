internal import OrreryBase

/// Bits of the debug registers (Intel SDM volume 3, 17.2).
enum DebugRegister {
  /// DR6: what can be written, and what is always 1 (there is no RTM, and no bus-lock detection).
  static let statusMask: UInt64 = 0xE00F
  static let statusFixed: UInt64 = 0xFFFF_0FF0
  /// DR6.B0…B3.
  static let conditions: UInt64 = 0xF
  /// DR6.BD: the instruction was about to access a debug register.
  static let accessDetected: UInt64 = 1 << 13
  /// DR6.BS: a single step.
  static let singleStep: UInt64 = 1 << 14
  /// DR6.BT: a switch to a task whose T flag is set.
  static let taskSwitch: UInt64 = 1 << 15
  /// DR7: what can be written, and what is always 1.
  static let controlMask: UInt64 = 0xFFFF_23FF
  static let controlFixed: UInt64 = 0x400
  /// DR7.GD.
  static let detectsAccess: UInt64 = 1 << 13
  /// DR7.L0…L3 and LE, which end with their task.
  static let localEnables: UInt64 = 0x155
}

/// What DR0…DR3, DR7 and CR4.DE ask for, sorted by what has to look out for it, and what was met.
///
/// Instruction breakpoints are breakpoints of the engine, as anchors are. Pages that data breakpoints lie in are kept out of the engine's TLB, so that its slow
/// paths see every access to them. One that meets a breakpoint is not carried out at first: its instruction begins once more, alone, and traps when it is
/// complete. So nothing of this costs anything while it is not used.
struct DebugWatch {
  /// A breakpoint on data or ports.
  struct Range {
    /// Its bit in DR6.
    var condition: UInt8 = 0
    var first: UInt64 = 0
    /// The address of its last byte.
    var last: UInt64 = 0
    var isForReads = false

    func meets(_ start: UInt64, size: Int) -> Bool { start <= last && start &+ UInt64(size - 1) >= first }
  }

  private var data: InlineArray<4, Range> = .init(repeating: Range())
  private(set) var dataCount = 0
  private var ports: InlineArray<4, Range> = .init(repeating: Range())
  private(set) var portCount = 0
  /// Addresses of instructions, with their bits in DR6.
  private(set) var instructions: InlineArray<4, (address: UInt64, condition: UInt8)> = .init(repeating: (0, 0))
  private(set) var instructionCount = 0

  /// One instruction executes by itself: conditions that are met are noted in `met`.
  var isCollecting = false
  /// The conditions that the instruction in progress met: bits of DR6.
  var met: UInt8 = 0
  /// An access met a breakpoint while instructions were executed in blocks: its instruction must begin anew, alone.
  var mustCollect = false

  var isIdle: Bool { dataCount + portCount + instructionCount == 0 }

  init() {}

  /// What the registers ask for.
  init(addresses: (Int) -> UInt64, control: UInt64, debuggingExtensions: Bool) {
    for number in 0..<4 where control >> UInt64(number * 2) & 3 != 0 {
      let address = addresses(number)
      // Lengths are 1, 2, 8 and 4, and an address counts from a multiple of its length.
      let length = [1, 2, 8, 4][Int(control >> UInt64(18 + number * 4) & 3)] as UInt64
      let first = address & ~(length - 1)
      var range = Range(condition: 1 << UInt8(number), first: first, last: first &+ (length - 1))
      switch control >> UInt64(16 + number * 4) & 3 {
      case 0:
        instructions[instructionCount] = (address, range.condition)
        instructionCount += 1
      case 2:
        guard debuggingExtensions else { continue }
        ports[portCount] = range
        portCount += 1
      case let kind:
        range.isForReads = kind == 3
        data[dataCount] = range
        dataCount += 1
      }
    }
  }

  /// The conditions that an access of data meets.
  func conditions(_ linear: UInt64, size: Int, isWrite: Bool) -> UInt8 {
    var met: UInt8 = 0
    for index in 0..<dataCount where (isWrite || data[index].isForReads) && data[index].meets(linear, size: size) {
      met |= data[index].condition
    }
    return met
  }

  func conditions(port: UInt16, size: Int) -> UInt8 {
    var met: UInt8 = 0
    for index in 0..<portCount where ports[index].meets(UInt64(port), size: size) { met |= ports[index].condition }
    return met
  }

  func conditions(instruction linear: UInt64) -> UInt8 {
    var met: UInt8 = 0
    for index in 0..<instructionCount where instructions[index].address == linear {
      met |= instructions[index].condition
    }
    return met
  }

  /// Whether a data breakpoint lies in the page of `linear`; none crosses into another.
  func watchesPage(of linear: UInt64) -> Bool {
    for index in 0..<dataCount where (data[index].first ^ linear) & ~0xFFF == 0 { return true }
    return false
  }
}

extension CPU {
  private var debug: UnsafeMutablePointer<DebugWatch> { pointee.system.pointee.debug }

  /// DR0…DR3, DR7 or CR4.DE were loaded.
  func debugRegistersChanged() {
    let registers = pointee.debugRegisters
    let old = debug.pointee
    var new = DebugWatch(
      addresses: { registers[$0] }, control: registers[7],
      debuggingExtensions: pointee.cr4 & ControlRegister.de != 0)
    guard !old.isIdle || !new.isIdle else { return }
    new.isCollecting = old.isCollecting
    new.met = old.met
    debug.pointee = new
    if old.instructionCount + new.instructionCount > 0 {
      pointee.breakpoints.pointee.removeAll(.debugRegister)
      for index in 0..<new.instructionCount {
        _ = pointee.breakpoints.pointee.insert(new.instructions[index].address, .debugRegister)
      }
      forgetBlocks()
    }
    if old.dataCount + new.dataCount > 0 { pointee.system.pointee.translations.pointee.forgetSlots() }
  }

  /// Before an instruction accesses data: notes the breakpoints that it meets. False when the instruction must begin anew by itself; then nothing of it may
  /// happen now.
  @inline(__always)
  func watch(_ linear: UInt64, size: Int, isWrite: Bool) -> Bool {
    debug.pointee.dataCount == 0 || watchEach(linear, size: size, isWrite: isWrite)
  }

  /// Whether a data breakpoint lies in the page of `linear`: it must stay out of the engine's TLB.
  @inline(__always)
  func watchesPage(of linear: UInt64) -> Bool {
    debug.pointee.dataCount != 0 && debug.pointee.watchesPage(of: linear)
  }

  @inline(never)
  private func watchEach(_ linear: UInt64, size: Int, isWrite: Bool) -> Bool {
    let met = debug.pointee.conditions(linear, size: size, isWrite: isWrite)
    guard met != 0 else { return true }
    guard debug.pointee.isCollecting else {
      debug.pointee.mustCollect = true
      return faults(.debug)
    }
    debug.pointee.met |= met
    return true
  }

  /// An instruction accesses a port; it ends its block by itself.
  func watch(port: UInt16, size: Int) {
    if debug.pointee.portCount > 0 { debug.pointee.met |= debug.pointee.conditions(port: port, size: size) }
  }

  /// Whether there is an instruction breakpoint at `linear`, which then is in DR6.
  func meetsInstructionBreakpoint(at linear: UInt64) -> Bool {
    let met = debug.pointee.conditions(instruction: linear)
    if met != 0 { noteConditions(met) }
    return met != 0
  }

  /// DR6.B0…B3 say what was met this time.
  func noteConditions(_ met: UInt8) {
    pointee.debugRegisters[6] = pointee.debugRegisters[6] & ~DebugRegister.conditions | UInt64(met)
  }
}
