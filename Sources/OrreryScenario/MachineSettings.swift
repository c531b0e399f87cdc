public import OrreryBase

/// The machine a scenario asks for; what it leaves out is `default`.
public struct MachineSettings: Hashable, Sendable {
  /// The machine of a scenario that says nothing of it.
  public static let `default` = BoundMachineSettings(
    memorySize: 64 << 20, frequency: .defaultFrequency, commandLine: [], tlb: .coherent,
    uart: .immediate)

  /// Memory sizes that can be asked for, in bytes: from room for a kernel at 1 MiB up to the 32-bit PCI window of a PC.
  public static let memorySizes: ClosedRange<UInt64> = (2 << 20)...(3 << 30)

  /// Frequencies that can be asked for, in hertz: the lowest is near the timer chips' own, below which their periods would be less than a clock.
  public static let frequencies: ClosedRange<UInt64> = 1_000_000...100_000_000_000

  /// The longest command line, in bytes, that a boot protocol here carries (Linux's x86 limit, which QEMU's users know).
  public static let commandLineLimit = 2047

  /// What is wrong with a command line, if anything.
  static func problem(withCommandLine text: ByteText) -> String? {
    text.bytes.count > commandLineLimit || text.bytes.contains(0)
      ? "the command line must have at most \(commandLineLimit) bytes and none that is zero" : nil
  }

  /// When a store to a live page table takes effect.
  public enum TLB: String, CaseIterable, Hashable, Sendable {
    /// At the next access.
    case coherent
    /// When a modelled translation buffer drops the old entry.
    case stale
  }

  /// When a byte written to a serial port has been sent.
  public enum UART: String, CaseIterable, Hashable, Sendable {
    /// At once.
    case immediate
    /// After the time the programmed divisor gives.
    case baud
  }

  public var memory: ByteSize?
  public var frequency: Frequency?
  public var commandLine: ByteText?
  public var tlb: TLB?
  public var uart: UART?

  public init(
    memory: ByteSize? = nil, frequency: Frequency? = nil, commandLine: ByteText? = nil,
    tlb: TLB? = nil,
    uart: UART? = nil
  ) {
    self.memory = memory
    self.frequency = frequency
    self.commandLine = commandLine
    self.tlb = tlb
    self.uart = uart
  }
}

/// The machine of a run, in the units of the machine, every setting decided.
public struct BoundMachineSettings: Hashable, Sendable {
  /// In bytes, a multiple of 4096.
  public var memorySize: UInt64
  public var frequency: ClockFrequency
  /// Without its terminating zero; it contains none.
  public var commandLine: [UInt8]
  public var tlb: MachineSettings.TLB
  public var uart: MachineSettings.UART

  public init(
    memorySize: UInt64, frequency: ClockFrequency, commandLine: [UInt8], tlb: MachineSettings.TLB,
    uart: MachineSettings.UART
  ) {
    self.memorySize = memorySize
    self.frequency = frequency
    self.commandLine = commandLine
    self.tlb = tlb
    self.uart = uart
  }
}
