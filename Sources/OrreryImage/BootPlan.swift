public import OrreryBase

/// What to put where before the first step, and how the processor starts.
public struct BootPlan: Sendable {
  /// Bytes for one place in memory.
  public struct Write: Sendable {
    public var address: PhysicalAddress
    public var bytes: ArraySlice<UInt8>
  }

  /// A range of memory that is zero at entry.
  public struct ZeroedRange: Hashable, Sendable {
    public var address: PhysicalAddress
    /// In bytes.
    public var size: UInt64

    public init(address: PhysicalAddress, size: UInt64) {
      self.address = address
      self.size = size
    }
  }

  /// The state in which the processor enters the kernel.
  public enum Entry: Hashable, Sendable {
    /// 32-bit protected mode, paging off, flat segments, interrupts off.
    case protected32(eip: UInt32, ebx: UInt32)
  }

  /// Ranges that do not overlap each other or `zeroed`, all inside memory.
  public var writes: [Write]
  public var zeroed: [ZeroedRange]
  public var entry: Entry
}
