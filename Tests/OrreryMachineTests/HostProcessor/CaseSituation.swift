import OrreryBase

/// What there is about a case, besides its operands, that makes it fault or not.
enum CaseSituation {
  /// The registers that point into the data point far enough from its ends for whatever an instruction adds.
  case inside
  /// They point to the ends of what can be written and of what can be read.
  case edges
  /// Some of them point to where no address can be.
  case nonCanonical
  /// They point anywhere inside, with EFLAGS.AC set.
  case misaligned
  /// As `inside`, with EFLAGS.TF set by the POPF before.
  case singleStepped
}

extension SeededGenerator {
  /// The distance of pointers from the ends of the data, in bytes: more than displacement, index and pushes together.
  private static let margin = 4096

  /// An address in the data, a multiple of 16 but for those of `misaligned` and some of `edges`, which are within `reach` bytes.
  mutating func pointer(in situation: CaseSituation, reach: UInt64) -> UInt64 {
    let any = next()
    let inside = HostProcessor.dataSize - 2 * Self.margin
    let place = HostProcessor.dataAddress + UInt64(Self.margin) + (any >> 32) % UInt64(inside) & ~15
    switch situation {
    case .inside, .singleStepped: return place
    case .misaligned: return place + any & 15
    case .nonCanonical: return any & 1 == 0 ? place : place ^ 1 << (47 + (any >> 8) % 17)
    case .edges:
      let near = edge(first: 0) &+ (any >> 8) % reach &- reach / 2
      return any & 3 != 0 ? near & ~15 : near
    }
  }

  /// Where pages of other rights meet: the beginning of the data unless `first` is 1, its end, the end of what can be read.
  mutating func edge(first: UInt64) -> UInt64 {
    let end = HostProcessor.dataAddress + UInt64(HostProcessor.dataSize)
    switch first + next() % (3 - first) {
    case 0: return HostProcessor.dataAddress
    case 1: return end
    default: return end + 4096
    }
  }
}
