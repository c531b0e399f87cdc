/// An entry of a page table, at any level (Intel SDM vol. 3A, table 4-15 to 4-20).
package struct PageTableEntry: Equatable {
  package struct Flags: OptionSet {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let present = Self(rawValue: 1 << 0)
    package static let writable = Self(rawValue: 1 << 1)
    package static let userAccessible = Self(rawValue: 1 << 2)
    package static let writeThrough = Self(rawValue: 1 << 3)
    package static let cacheDisabled = Self(rawValue: 1 << 4)
    package static let accessed = Self(rawValue: 1 << 5)
    package static let dirty = Self(rawValue: 1 << 6)
    /// `PS`: the entry maps a 2 MiB (level 2) or 1 GiB (level 3) page.
    package static let largePage = Self(rawValue: 1 << 7)
    package static let global = Self(rawValue: 1 << 8)
    package static let noExecute = Self(rawValue: 1 << 63)

    // Sets that are used while the heap itself grows: an array literal would, without optimization, ask the heap for an array.

    /// Memory for data: writable, never executed.
    package static let data = Self(rawValue: writable.rawValue | noExecute.rawValue)
    /// The same for ring 3.
    package static let userData = Self(rawValue: data.rawValue | userAccessible.rawValue)
    /// Code of ring 3, writable so that it can be put there.
    package static let userCode = Self(rawValue: writable.rawValue | userAccessible.rawValue)
    /// An entry that leads to a table: the entries below decide what is allowed.
    package static let table = Self(rawValue: present.rawValue | writable.rawValue)
  }

  /// Bits 51 to 12. In an entry for a large page the lowest of them (bit 12) is `PAT`, which this kernel leaves 0.
  private static let addressMask: UInt64 = 0x000f_ffff_ffff_f000

  package var rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package init(_ address: PhysicalAddress, _ flags: Flags) {
    rawValue = address.rawValue & Self.addressMask | flags.rawValue & ~Self.addressMask
  }
  package static let empty = Self(rawValue: 0)

  package var address: PhysicalAddress { PhysicalAddress(rawValue & Self.addressMask) }
  package var flags: Flags { Flags(rawValue: rawValue & ~Self.addressMask) }
  package var frame: Frame { Frame(containing: address) }
  package var isPresent: Bool { flags.contains(.present) }
  package var isLargePage: Bool { isPresent && flags.contains(.largePage) }
}
