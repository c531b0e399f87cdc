internal import OrreryBase

/// How instruction bytes are decoded: the operating mode together with the code segment's default size.
enum CodeMode: UInt8 {
  /// Real-address mode, and 16-bit protected or compatibility code.
  case bits16
  case bits32
  case bits64
}

/// Which interrupts the next boundary holds back (Intel SDM volume 3, 6.8.3): each shadow lasts exactly one instruction.
enum InterruptShadow: UInt8 {
  case none
  case sti
  case movSS
}

/// All that the engine reads and writes while it runs, behind one `UnsafeMutablePointer<CPUState>`.
///
/// The processor's functions are methods in `extension UnsafeMutablePointer<CPUState>`, in files by subject. `rip`, `clock` and `steps` are exact
/// on entry to and exit from `execute()`, and whenever the engine calls one of the slow-path methods listed in docs/INTERFACES.md; during an
/// instruction `clock` is the clock at which its step began.
struct CPUState {
  // MARK: Hot: registers and flags. `gpr` stays first, so that its index times eight is an offset from the pointer.

  /// rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8…r15, in encoding order.
  var gpr: InlineArray<16, UInt64> = .init(repeating: 0)
  /// The engine's own registers at the offsets of `Register.zero`, `.value` and `.pointer`; they mean nothing between instructions, and the first is
  /// always zero. They follow `gpr`.
  var scratch: InlineArray<4, UInt64> = .init(repeating: 0)
  /// The instruction to execute next, as an offset in CS (in 64-bit mode: the linear address).
  var rip: UInt64 = 0
  /// RFLAGS without CF, PF, AF, ZF, SF, OF, which are lazy; bit 1 is always set.
  var systemFlags: UInt64 = 2
  /// The engine's lazy arithmetic flags; see CPU/Flags.swift.
  var lazyFlags = LazyFlags()

  // MARK: Hot: memory

  /// The translations in use: `supervisorTLB` or `userTLB`, by CPL.
  var tlb: UnsafeMutablePointer<TLBEntry>
  let supervisorTLB: UnsafeMutablePointer<TLBEntry>
  let userTLB: UnsafeMutablePointer<TLBEntry>

  // MARK: Time

  var clock: Clock = 0
  var steps: Steps = 0
  /// How many steps `execute()` may still take before it must return: the distance to the next event or limit. Set by the run loop.
  var budget: UInt64 = 0
  /// The engine's own: clock and steps at the end of the budget of the `execute()` in progress.
  var endClock: Clock = 0
  var endSteps: Steps = 0
  /// The breakpoint at `rip` was seen to: `execute()` passes it once.
  var resumesAtBreakpoint = false

  // MARK: Exceptions and boundaries

  /// The fault of the instruction at `rip`; meaningful while `hasFault`.
  var fault = Fault(vector: 0)
  var hasFault = false
  /// The engine must return after the instruction in progress: a store reached a watched page or its own code, or a device, flag or mode
  /// change wants a look at the boundary.
  var leavesBlock = false
  var shadow = InterruptShadow.none
  /// NMI delivered and no IRET since.
  var blocksNMI = false
  var isHalted = false
  /// When set, execution stops for good, with this reason.
  var stop: StopReason?

  // MARK: System registers

  var segments: InlineArray<6, Segment> = .init(repeating: Segment())
  var ldtr = Segment()
  var tr = Segment()
  var gdtr = DescriptorTableRegister()
  var idtr = DescriptorTableRegister(base: 0, limit: 0x3FF)
  var cr0: UInt64 = 0x6000_0010
  var cr2: UInt64 = 0
  var cr3: UInt64 = 0
  var cr4: UInt64 = 0
  var cr8: UInt64 = 0
  var efer: UInt64 = 0
  var debugRegisters: InlineArray<8, UInt64> = [0, 0, 0, 0, 0, 0, 0xFFFF_0FF0, 0x400]
  var star: UInt64 = 0
  var lstar: UInt64 = 0
  var cstar: UInt64 = 0
  var sfmask: UInt64 = 0
  var kernelGSBase: UInt64 = 0
  var sysenterCS: UInt64 = 0
  var sysenterESP: UInt64 = 0
  var sysenterEIP: UInt64 = 0
  var pat: UInt64 = 0x0007_0406_0007_0406
  var tscAux: UInt64 = 0
  /// What WRMSR or IA32_TSC_ADJUST added to the clock.
  var tscOffset: UInt64 = 0
  var miscEnable: UInt64 = 1
  var mtrrDefaultType: UInt64 = 0

  /// Derived from CR0, EFER, RFLAGS.VM and CS by `updateMode()`.
  var codeMode = CodeMode.bits16
  var cpl: UInt8 = 0

  // MARK: Vector and floating-point registers

  var xmm: InlineArray<16, SIMD2<UInt64>> = .init(repeating: .zero)
  /// The engine's own: a 128-bit memory operand, number 16 after `xmm`.
  var vectorScratch: SIMD2<UInt64> = .zero
  var mxcsr: UInt32 = 0x1F80
  /// The x87 registers R0…R7 as 80-bit values: significand, and sign with exponent.
  var fpuSignificands: InlineArray<8, UInt64> = .init(repeating: 0)
  var fpuExponents: InlineArray<8, UInt16> = .init(repeating: 0)
  var fpuControl: UInt16 = 0x37F
  var fpuStatus: UInt16 = 0
  /// Two bits a register: 3 when it is empty, 0 when not.
  var fpuTags: UInt16 = 0xFFFF
  /// The last x87 instruction that was no control instruction: where it was, its memory operand, eleven bits of its opcode.
  var fpuInstruction = X87Pointer()
  var fpuData = X87Pointer()
  var fpuOpcode: UInt16 = 0

  // MARK: The rest of the machine, each behind a pointer the machine owns

  let memory: UnsafeMutablePointer<PhysicalMemory>
  let blocks: UnsafeMutablePointer<BlockCache>
  let breakpoints: UnsafeMutablePointer<BreakpointSet>
  let board: Unmanaged<Board>
  let system: UnsafeMutablePointer<SystemState>
}

/// The processor: all its functions are methods of the pointer to its state.
typealias CPU = UnsafeMutablePointer<CPUState>
