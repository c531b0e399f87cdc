import Intrinsics
import KernelLogic

/// A little code in ring 3, to see what the processor forbids there (Intel SDM vol. 3A, 5.9 "Privileged Instructions").
package enum Ring3 {
  private static let codePage = LinearAddress(0x7000_0000_0000)
  private static let stackPage = LinearAddress(0x7000_0001_0000)
  /// Bit 1 is always set; IF, so that interrupts go on.
  private static let flags: UInt64 = 0x202
  package static let alignmentCheckFlag: UInt64 = 1 << 18
  /// The requested privilege level in a selector.
  private static let privilege: UInt16 = 3

  /// Runs machine code in ring 3, on a stack of its own, until it raises an exception, as it must: there is no other way back.
  package static func exception<let count: Int>(
    raisedBy code: InlineArray<count, UInt8>, flags: UInt64 = 0
  ) -> Exception? {
    do throws(PagingError) {
      try KernelAddressSpace.mapFresh(codePage, .userCode)
      try KernelAddressSpace.mapFresh(stackPage, .userData)
    } catch {
      panic("ring 3 has no memory: \(error.reason)")
    }
    defer { unmap() }
    guard let start = UnsafeMutablePointer<UInt8>(bitPattern: UInt(codePage.rawValue)) else { return nil }
    for index in 0..<count { start[index] = code[index] }
    entryFlags = Self.flags | flags
    return Recovery.exception { enter() }
  }

  /// A global, so that the closure above captures nothing and needs no heap.
  nonisolated(unsafe) private static var entryFlags: UInt64 = 0

  private static func enter() {
    enterRing3(
      codePage.rawValue, stackPage.rawValue + Frame.byteCount, entryFlags,
      GlobalDescriptorTable.userCode | privilege, GlobalDescriptorTable.userData | privilege)
  }

  private static func unmap() {
    do throws(PagingError) {
      try KernelAddressSpace.unmapFresh(codePage)
      try KernelAddressSpace.unmapFresh(stackPage)
    } catch {
      panic("what ring 3 used cannot be unmapped: \(error.reason)")
    }
  }
}
