import OrreryBase

// Shape: a = kind (bits 0-1: 0 serial, 1 screen, 2 debug console, 3 exit value) | serial port << 2, or of a screen event row << 2 | one attribute << 10
// | the attribute << 11.
// Serial and debug console: flag = exactly one byte, which follows; otherwise a count and the bytes.
// Screen: base0 is the column after the last screen event's cells. Flag = exactly one cell there, of the one attribute: its character follows. Otherwise
// column, count of cells, then their characters if they have one attribute, or else runs of cells of one: attribute, count, characters.

extension LaneEncoder {
  mutating func serial(port: UInt8, bytes: [UInt8]) { text(Shape(a: UInt64(port) << 2), bytes) }

  mutating func debugConsole(bytes: [UInt8]) { text(Shape(a: 2), bytes) }

  private mutating func text(_ shape: Shape, _ bytes: [UInt8]) {
    precondition(bytes.count <= Payload.byteLimit, "an output event has more bytes than its limit")
    let isSingle = bytes.count == 1
    outputHead(shape, flag: isSingle)
    if !isSingle { varint(UInt64(bytes.count)) }
    copy(bytes)
  }

  mutating func screen(row: UInt8, column: UInt8, cells: [UInt8]) {
    let isWhole = cells.count <= Payload.byteLimit && cells.count % 2 == 0
    precondition(isWhole, "a screen event has whole cells within its limit")
    let attribute = cells.count > 0 ? cells[1] : 0
    let isUniform = cells.withUnsafeBytes { Self.hasOneAttribute($0) }
    let colour = isUniform ? 1 << 10 | UInt64(attribute) << 11 : 0
    let isNext = cells.count == 2 && UInt64(column) == base0
    outputHead(Shape(a: 1 | UInt64(row) << 2 | colour), flag: isNext)
    base0 = UInt64(column) + UInt64(cells.count / 2)
    if isNext { return byte(cells[0]) }
    byte(column)
    varint(UInt64(cells.count / 2))
    if isUniform {
      copyEverySecond(of: cells[...])
    } else {
      runs(cells)
    }
  }

  /// Whether all cells have the attribute of the first: four of them at a time.
  private static func hasOneAttribute(_ cells: UnsafeRawBufferPointer) -> Bool {
    guard cells.count >= 8 else { return stride(from: 3, to: cells.count, by: 2).allSatisfy { cells[$0] == cells[1] } }
    var difference: UInt64 = 0
    let first = cells.loadUnaligned(as: UInt16.self)
    let expected = UInt64(first) &* 0x0001_0001_0001_0001
    for start in stride(from: 0, through: cells.count - 8, by: 8) {
      difference |= cells.loadUnaligned(fromByteOffset: start, as: UInt64.self) ^ expected
    }
    // The last ones again, with some before them.
    difference |= cells.loadUnaligned(fromByteOffset: cells.count - 8, as: UInt64.self) ^ expected
    return UInt64(littleEndian: difference) & 0xFF00_FF00_FF00_FF00 == 0
  }

  private mutating func runs(_ cells: [UInt8]) {
    var start = 0
    while start < cells.count {
      let attribute = cells[start + 1]
      var end = start + 2
      while end < cells.count, cells[end + 1] == attribute { end += 2 }
      byte(attribute)
      varint(UInt64((end - start) / 2))
      copyEverySecond(of: cells[start..<end])
      start = end
    }
  }

  mutating func exitValue(_ value: UInt32) {
    outputHead(Shape(a: 3), flag: false)
    varint(UInt64(value))
  }

  private mutating func outputHead(_ shape: Shape, flag: Bool) {
    let entry = shapes.number(of: shape)
    head(entry, flag: flag)
    if entry.isNew { varint(shape.a) }
  }
}

extension LaneDecoder {
  mutating func output() throws(CodingFault) -> Payload {
    let head = try head()
    let shape: Shape
    if head.number == 0 {
      shape = Shape(a: try varint())
      guard LaneDecoder.isOutputShape(shape.a) else {
        throw CodingFault("an output event is of a kind that does not exist")
      }
      _ = add(shape)
    } else {
      shape = self.shape(head.number)
    }
    switch shape.a & 3 {
    case 0: return .serial(port: UInt8(truncatingIfNeeded: shape.a >> 2), bytes: try text(isSingle: head.flag))
    case 2: return .debugConsole(bytes: try text(isSingle: head.flag))
    case 1: return try screen(shape.a, isNext: head.flag)
    default:
      guard !head.flag else { throw CodingFault("an output event has a flag that has no meaning") }
      guard let value = UInt32(exactly: try varint()) else { throw CodingFault("an exit value exceeds 32 bits") }
      return .exitValue(value)
    }
  }

  private mutating func text(isSingle: Bool) throws(CodingFault) -> [UInt8] {
    let count = isSingle ? 1 : try varint()
    return try copy(count, limit: Payload.byteLimit)
  }

  private static func isOutputShape(_ a: UInt64) -> Bool {
    switch a & 3 {
    case 0: a >> 10 == 0
    case 1: a >> 19 == 0 && (a & 1 << 10 != 0 || a >> 11 == 0)
    default: a >> 2 == 0
    }
  }

  private mutating func screen(_ shape: UInt64, isNext: Bool) throws(CodingFault) -> Payload {
    let row = UInt8(truncatingIfNeeded: shape >> 2)
    let isUniform = shape & 1 << 10 != 0
    let attribute = UInt8(truncatingIfNeeded: shape >> 11)
    if isNext {
      guard isUniform, let column = UInt8(exactly: base0) else { throw CodingFault("a screen event is in no column") }
      base0 += 1
      return .screen(row: row, column: column, cells: [try byte(), attribute])
    }
    let column = try byte()
    let count = try varint()
    guard count <= UInt64(Payload.byteLimit / 2) else { throw CodingFault("a screen event has too many cells") }
    base0 = UInt64(column) + count
    var cells: [UInt8] = []
    cells.reserveCapacity(2 * Int(count))
    if isUniform {
      for character in try copy(count, limit: Payload.byteLimit) { cells += [character, attribute] }
      return .screen(row: row, column: column, cells: cells)
    }
    while cells.count < 2 * Int(count) {
      let attribute = try byte()
      let run = try varint()
      guard run > 0, run <= count - UInt64(cells.count / 2) else {
        throw CodingFault("a screen event has a run of no or too many cells")
      }
      for character in try copy(run, limit: Payload.byteLimit) { cells += [character, attribute] }
    }
    return .screen(row: row, column: column, cells: cells)
  }
}
