/// The error code of a page fault (Intel SDM vol. 3A, figure 4-12).
package struct PageFaultError: OptionSet {
  package var rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Set: the page is present and its rights forbid the access. Clear: it is not present.
  package static let protectionViolation = Self(rawValue: 1 << 0)
  package static let write = Self(rawValue: 1 << 1)
  package static let user = Self(rawValue: 1 << 2)
  package static let reservedBitSet = Self(rawValue: 1 << 3)
  package static let instructionFetch = Self(rawValue: 1 << 4)

  package var access: StaticString {
    if contains(.instructionFetch) { return "execute" }
    return contains(.write) ? "write" : "read"
  }

  package var cause: StaticString {
    if contains(.reservedBitSet) { return "a reserved bit is set in a page table" }
    return contains(.protectionViolation) ? "the page forbids it" : "the page is not present"
  }
}
