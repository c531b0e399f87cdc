/// Why a mapping was not changed.
package enum PagingError: Error, Equatable {
  case misalignedAddress
  case nonCanonicalAddress
  case alreadyMapped
  case notMapped
  /// A 2 MiB or 1 GiB page lies where a table would be needed.
  case insideLargePage
  case outOfFrames

  package var reason: StaticString {
    switch self {
    case .misalignedAddress: "the address is not on a page boundary"
    case .nonCanonicalAddress: "the address is not canonical"
    case .alreadyMapped: "the page is mapped already"
    case .notMapped: "the page is not mapped"
    case .insideLargePage: "the address lies inside a larger page"
    case .outOfFrames: "no physical memory is left"
    }
  }
}
