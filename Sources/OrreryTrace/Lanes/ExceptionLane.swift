import OrreryBase

// Shape: a = kind (bits 0-1: 0 delivery, 1 return, 2 triple fault, 3 not delivered) | vector << 2 | has error code << 10 | has cr2 << 11 | by software << 12,
// b = error code or how many later deliveries are open.
// base0: the rip delivered last; base1: the cr2 delivered last. Flag: rip is base0. Otherwise rip's difference from base0; then cr2's from base1.

/// What an event of the lane says of its exception, by number.
enum ExceptionEventKind: UInt64 {
  case delivery = 0
  case handlerReturn = 1
  case tripleFault = 2
  case undelivered = 3
}

extension LaneEncoder {
  mutating func exception(_ delivery: ExceptionDelivery, _ kind: ExceptionEventKind) {
    let a =
      kind.rawValue | UInt64(delivery.vector) << 2 | (delivery.errorCode == nil ? 0 : 1 << 10)
      | (delivery.cr2 == nil ? 0 : 1 << 11) | (delivery.isSoftware ? 1 << 12 : 0)
    exceptionHead(Shape(a: a, b: UInt64(delivery.errorCode ?? 0)), rip: delivery.rip)
    if let cr2 = delivery.cr2 {
      difference(cr2, from: base1)
      base1 = cr2
    }
    base0 = delivery.rip
  }

  mutating func exceptionReturn(vector: UInt8, rip: UInt64, openAbove: UInt32) {
    let kind = ExceptionEventKind.handlerReturn
    exceptionHead(Shape(a: kind.rawValue | UInt64(vector) << 2, b: UInt64(openAbove)), rip: rip)
  }

  private mutating func exceptionHead(_ shape: Shape, rip: UInt64) {
    let entry = shapes.number(of: shape)
    head(entry, flag: rip == base0)
    if entry.isNew {
      varint(shape.a)
      varint(shape.b)
    }
    if rip != base0 { difference(rip, from: base0) }
  }
}

extension LaneDecoder {
  mutating func exception() throws(CodingFault) -> Payload {
    let head = try head()
    let shape = try shape(head.number) { lane throws(CodingFault) in try lane.exceptionShape() }
    let vector = UInt8(truncatingIfNeeded: shape.a >> 2)
    let low = UInt32(truncatingIfNeeded: shape.b)
    let rip = head.flag ? base0 : try difference(from: base0)
    let kind = ExceptionEventKind(rawValue: shape.a & 3)
    if kind == .handlerReturn { return .exceptionReturn(vector: vector, rip: rip, openAbove: low) }
    var delivery = ExceptionDelivery(vector: vector, rip: rip, isSoftware: shape.a & 1 << 12 != 0)
    if shape.a & 1 << 10 != 0 { delivery.errorCode = low }
    if shape.a & 1 << 11 != 0 {
      base1 = try difference(from: base1)
      delivery.cr2 = base1
    }
    base0 = rip
    return switch kind {
    case .tripleFault: .tripleFault(delivery)
    case .undelivered: .undelivered(delivery)
    default: .exception(delivery)
    }
  }

  private mutating func exceptionShape() throws(CodingFault) -> Shape {
    let shape = Shape(a: try varint(), b: try varint())
    let isReturn = shape.a & 3 == ExceptionEventKind.handlerReturn.rawValue
    let hasErrorCode = shape.a & 1 << 10 != 0
    guard shape.a >> 13 == 0, !isReturn || shape.a >> 10 == 0, shape.b >> 32 == 0,
      isReturn || hasErrorCode || shape.b == 0
    else { throw CodingFault("an exception event is of a kind that does not exist") }
    return shape
  }
}
