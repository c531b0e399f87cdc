import KernelLogic

/// Physical memory at one offset: all of it, or with a recursive table the little that the kernel needs of it. An entry of
/// the root table covers 512 GiB (Intel SDM vol. 3A, 4.5).
package enum PhysicalMemory {
  /// Entry 32 of the root table. `Entry.S` maps the first gibibyte there, `KernelAddressSpace` all that the machine has.
  static let offset: UInt64 = 0x1000_0000_0000

  package static func linearAddress(of address: PhysicalAddress) -> LinearAddress {
    LinearAddress(address.rawValue) + offset
  }

  package static func pointer(to address: PhysicalAddress) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(linearAddress(of: address).rawValue))!
  }
}
