public import OrreryBase

/// A function whose calls and returns the machine writes down.
public struct CallProbe: Hashable, Sendable {
  /// The address of the function's first instruction.
  public var address: LinearAddress
  /// The register (0…15, in encoding order) that at entry points to where the result goes, as in `posix_memalign`.
  public var outPointerRegister: UInt8?
  public var capturesReturn: Bool

  public init(address: LinearAddress, outPointerRegister: UInt8? = nil, capturesReturn: Bool = true) {
    self.address = address
    self.outPointerRegister = outPointerRegister
    self.capturesReturn = capturesReturn
  }
}

/// What kind of machine to build. Two machines of equal configuration given equal images and inputs do exactly the same.
public struct MachineConfiguration: Hashable, Sendable {
  /// The largest memory a machine can have, in bytes: below the 4 GiB hole.
  public static let maximumMemorySize: UInt64 = 3 << 30

  /// When a byte written to a serial port has left it.
  public enum SerialTiming: String, Hashable, Sendable {
    case immediate
    case baud
  }

  /// When a store to a live page table takes effect.
  public enum TLBModel: String, Hashable, Sendable {
    /// At the next access.
    case coherent
    /// When the modelled TLB forgets the translation of before: see `ModelledTLB`.
    case stale
  }

  /// RAM from address 0, in bytes: a multiple of 4096, at least 1 MiB.
  public var memorySize: UInt64 = 64 << 20
  public var frequency = ClockFrequency.defaultFrequency
  public var serialTiming = SerialTiming.immediate
  public var tlb = TLBModel.coherent
  public var probes: ProbeSet = []
  public var callProbes: [CallProbe] = []

  public init() {}
}
