import OrreryBase

// Shape: a = kind (bit 0: 0 applied, 1 lost) | point << 1, name = the cause; or a = 1 | queue << 1. No flag, no bases.
// Then the action: payload << 3 | kind of action, where a key's payload is its code << 1 | pressed; or the lost byte.

extension LaneEncoder {
  mutating func input(_ action: InputAction, point: InputPoint, cause: String) {
    let shape = Shape(a: UInt64(point.rawValue) << 1, name: index(ofName: cause))
    let entry = shapes.number(of: shape)
    head(entry, flag: false)
    if entry.isNew {
      varint(shape.a)
      name(shape.name)
    }
    if case .key(let key, let isPressed) = action {
      // The plain keys take two bytes this way, with the code's high byte above.
      varint((UInt64(key.rawValue) << 1 | (isPressed ? 1 : 0)) << 3)
    } else {
      let encoded = action.encoded
      varint((encoded & InputAction.payloadMask) << 3 | encoded >> 56)
    }
  }

  mutating func inputLost(_ queue: InputQueue, byte value: UInt8) {
    let shape = Shape(a: 1 | UInt64(queue.rawValue) << 1)
    let entry = shapes.number(of: shape)
    head(entry, flag: false)
    if entry.isNew { varint(shape.a) }
    byte(value)
  }
}

extension LaneDecoder {
  mutating func input() throws(CodingFault) -> Payload {
    let head = try head()
    guard !head.flag else { throw CodingFault("an input event has a flag that has no meaning") }
    let shape = try shape(head.number) { lane throws(CodingFault) in try lane.inputShape() }
    if shape.a & 1 != 0 {
      return .inputLost(InputQueue(rawValue: UInt8(truncatingIfNeeded: shape.a >> 1)), byte: try byte())
    }
    let coded = try varint()
    guard let action = LaneDecoder.action(kind: coded & 7, payload: coded >> 3),
      let point = InputPoint(rawValue: UInt8(truncatingIfNeeded: shape.a >> 1))
    else { throw CodingFault("an input event has an action that does not exist") }
    return .input(action, point: point, cause: text(ofName: shape.name))
  }

  private static func action(kind: UInt64, payload: UInt64) -> InputAction? {
    guard kind == 0 else {
      return payload <= InputAction.payloadMask ? InputAction(encoded: kind << 56 | payload) : nil
    }
    guard let code = UInt16(exactly: payload >> 1) else { return nil }
    return .key(Key(rawValue: code), isPressed: payload & 1 != 0)
  }

  private mutating func inputShape() throws(CodingFault) -> Shape {
    let a = try varint()
    if a & 1 != 0 {
      guard a >> 9 == 0 else { throw CodingFault("an input event names a queue that does not exist") }
      return Shape(a: a)
    }
    guard a <= 2 else { throw CodingFault("an input event names a point that does not exist") }
    return Shape(a: a, name: try name())
  }
}
