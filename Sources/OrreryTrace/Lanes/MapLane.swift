import OrreryBase

// Shape, a bits 0-2 the kind:
// 0 address space: mode << 3, b = root.
// 1 map change: kind of change << 3 (2 bits) | size of page << 5 (2 bits: 4 KiB, 2 MiB, 4 MiB, 1 GiB) | in units of 4 KiB << 7 | has aliases << 8
//   | flags << 16 | previous flags << 32, b = count of pages.
// 2 recursive entry: is present << 3 | level << 4.  3 bulk.  4 invlpg.
// base0: where the last map change started; base1, base2: where it ended, linear and physical.
// Flag of a map change: it starts at base1 and base2; of an invlpg: its address is base0.

extension LaneEncoder {
  mutating func addressSpace(root: PhysicalAddress, mode: PagingMode) {
    let shape = Shape(a: mode.rawValue << 3, b: root.rawValue)
    let entry = shapes.number(of: shape)
    head(entry, flag: false)
    if entry.isNew {
      varint(shape.a)
      varint(shape.b)
    }
  }

  mutating func map(_ change: MapChange) {
    precondition(change.aliases.count <= Payload.aliasLimit, "a map change has more aliases than its limit")
    let isAligned =
      (change.start.rawValue | change.physical.rawValue | change.previousPhysical.rawValue) & 0xFFF == 0
      && change.aliases.allSatisfy { $0.rawValue & 0xFFF == 0 }
    range(
      Shape(
        a: mapShape(
          change.kind, change.pageSize, isAligned: isAligned, flags: change.flags, previousFlags: change.previousFlags)
          | (change.aliases.isEmpty ? 0 : 1 << 8),
        b: change.pageCount),
      start: change.start.rawValue, length: change.pageCount &* change.pageSize.bytes,
      physical: change.physical.rawValue,
      previous: change.kind == .remapped ? change.previousPhysical.rawValue : nil)
    guard !change.aliases.isEmpty else { return }
    varint(UInt64(change.aliases.count))
    var last = change.start.rawValue
    for alias in change.aliases {
      difference(alias.rawValue, from: last, unit: isAligned ? 12 : 0)
      last = alias.rawValue
    }
  }

  @inline(__always)
  mutating func map(_ change: PageChange) {
    let isAligned = (change.start.rawValue | change.physical.rawValue | change.previousPhysical.rawValue) & 0xFFF == 0
    range(
      Shape(
        a: mapShape(
          change.kind, change.size, isAligned: isAligned, flags: change.flags, previousFlags: change.previousFlags),
        b: 1),
      start: change.start.rawValue, length: change.size.bytes, physical: change.physical.rawValue,
      previous: change.kind == .remapped ? change.previousPhysical.rawValue : nil)
  }

  /// Codes a map change but for its aliases.
  @inline(__always)
  private mutating func range(_ shape: Shape, start: UInt64, length: UInt64, physical: UInt64, previous: UInt64?) {
    let entry = shapes.number(of: shape)
    let continues = start == base1 && physical == base2
    head(entry, flag: continues)
    if entry.isNew {
      varint(shape.a)
      varint(shape.b)
    }
    let unit: UInt64 = shape.a & 1 << 7 != 0 ? 12 : 0
    if !continues {
      difference(start, from: base1, unit: unit)
      difference(physical, from: base2, unit: unit)
    }
    if let previous { difference(previous, from: physical, unit: unit) }
    base0 = start
    base1 = start &+ length
    base2 = physical &+ length
  }

  mutating func recursive(_ recursive: RecursiveEntry) {
    let shape = Shape(a: 2 | (recursive.isPresent ? 1 << 3 : 0) | UInt64(recursive.level) << 4)
    let entry = shapes.number(of: shape)
    head(entry, flag: false)
    if entry.isNew { varint(shape.a) }
    varint(recursive.start.rawValue)
    varint(recursive.table.rawValue)
  }

  mutating func bulk(count: UInt64, hash: Hash128) {
    let entry = shapes.number(of: Shape(a: 3))
    head(entry, flag: false)
    if entry.isNew { varint(3) }
    varint(count)
    fixed(hash.low)
    fixed(hash.high)
  }

  @inline(__always)
  mutating func invalidatePage(_ address: LinearAddress) {
    let entry = shapes.number(of: Shape(a: 4))
    let isLast = address.rawValue == base0
    head(entry, flag: isLast)
    if entry.isNew { varint(4) }
    if !isLast { difference(address.rawValue, from: base0) }
  }

  /// A difference in units of 2^`unit`; both numbers are multiples of it.
  @inline(__always)
  private mutating func difference(_ value: UInt64, from base: UInt64, unit: UInt64) {
    difference(value &>> unit, from: base &>> unit)
  }
}

extension LaneDecoder {
  mutating func map() throws(CodingFault) -> Payload {
    let head = try head()
    let shape = try shape(head.number) { lane throws(CodingFault) in try lane.mapShape() }
    switch shape.a & 7 {
    case 1: return .map(try mapChange(shape, continues: head.flag))
    case 4:
      return .invalidatePage(LinearAddress(head.flag ? base0 : try difference(from: base0)))
    case _ where head.flag: throw CodingFault("a map event has a flag that has no meaning")
    case 0:
      guard let mode = PagingMode(rawValue: shape.a >> 3) else { throw CodingFault("a paging mode does not exist") }
      return .addressSpace(root: PhysicalAddress(shape.b), mode: mode)
    case 2:
      return .recursive(
        RecursiveEntry(
          start: LinearAddress(try varint()), level: UInt8(truncatingIfNeeded: shape.a >> 4),
          table: PhysicalAddress(try varint()), isPresent: shape.a & 1 << 3 != 0))
    default:
      let count = try varint()
      let low = try fixed()
      return .bulk(count: count, hash: Hash128(high: try fixed(), low: low))
    }
  }

  private mutating func mapShape() throws(CodingFault) -> Shape {
    let a = try varint()
    let isValid: Bool
    switch a & 7 {
    case 0: isValid = PagingMode(rawValue: a >> 3) != nil
    case 1: isValid = a >> 48 == 0 && a & 0xFE00 == 0
    case 2: isValid = a >> 12 == 0
    case 3, 4: isValid = a >> 3 == 0
    default: isValid = false
    }
    guard isValid else { throw CodingFault("a map event is of a kind that does not exist") }
    return Shape(a: a, b: a & 7 <= 1 ? try varint() : 0)
  }

  private mutating func mapChange(_ shape: Shape, continues: Bool) throws(CodingFault) -> MapChange {
    guard let kind = MapChange.Kind(rawValue: UInt8(truncatingIfNeeded: shape.a >> 3 & 3)) else {
      throw CodingFault("a map change is of a kind that does not exist")
    }
    let isAligned = shape.a & 1 << 7 != 0
    let unit: UInt64 = isAligned ? 12 : 0
    let start = continues ? base1 : try difference(from: base1, unit: unit)
    let physical = continues ? base2 : try difference(from: base2, unit: unit)
    var change = MapChange(
      kind, start: LinearAddress(start), pageCount: shape.b, pageSize: PageSize(code: shape.a >> 5),
      physical: PhysicalAddress(physical), flags: PageFlags(rawValue: UInt16(truncatingIfNeeded: shape.a >> 16)),
      previousFlags: PageFlags(rawValue: UInt16(truncatingIfNeeded: shape.a >> 32)))
    if kind == .remapped {
      change.previousPhysical = PhysicalAddress(try difference(from: physical, unit: unit))
    }
    if shape.a & 1 << 8 != 0 {
      let count = try varint()
      guard count > 0, count <= UInt64(Payload.aliasLimit) else {
        throw CodingFault("a map change has no or too many aliases")
      }
      var last = start
      for _ in 0..<count {
        last = try difference(from: last, unit: unit)
        change.aliases.append(LinearAddress(last))
      }
    }
    let length = change.pageCount &* change.pageSize.bytes
    base0 = start
    base1 = start &+ length
    base2 = physical &+ length
    return change
  }

  private mutating func difference(from base: UInt64, unit: UInt64) throws(CodingFault) -> UInt64 {
    try difference(from: base >> unit) << unit
  }
}

/// The first word of the shape of a map change that has no aliases.
@inline(__always)
private func mapShape(
  _ kind: MapChange.Kind, _ size: PageSize, isAligned: Bool, flags: PageFlags, previousFlags: PageFlags
) -> UInt64 {
  1 | UInt64(kind.rawValue) << 3 | size.code << 5 | (isAligned ? 1 << 7 : 0) | UInt64(flags.rawValue) << 16
    | UInt64(previousFlags.rawValue) << 32
}

extension PageSize {
  fileprivate var code: UInt64 {
    switch self {
    case .fourKiB: 0
    case .twoMiB: 1
    case .fourMiB: 2
    case .oneGiB: 3
    }
  }

  /// The size whose code the low two bits of `code` are.
  fileprivate init(code: UInt64) {
    switch code & 3 {
    case 0: self = .fourKiB
    case 1: self = .twoMiB
    case 2: self = .fourMiB
    default: self = .oneGiB
    }
  }
}
