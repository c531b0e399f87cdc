import OrreryBase

// Shape: a = operation (bits 0-1) | there is no frame << 2, b = caller, c = size, name = the allocator. The caller of a new shape is a difference from
// base1, the caller described last.
// base0: the end of the frame named last, were it of 4 KiB. Flag: the frame is there. Otherwise, unless there is none, its difference from base0.

extension LaneEncoder {
  mutating func frame(_ call: FrameCall) {
    let shape = Shape(
      a: UInt64(call.operation.rawValue) | (call.frame == nil ? 1 << 2 : 0), b: call.caller, c: call.size,
      name: index(ofName: call.allocator))
    let entry = shapes.number(of: shape)
    let isNext = call.frame?.rawValue == base0
    head(entry, flag: isNext)
    if entry.isNew {
      varint(shape.a)
      difference(shape.b, from: base1)
      varint(shape.c)
      name(shape.name)
      base1 = shape.b
    }
    guard let address = call.frame?.rawValue else { return }
    if !isNext { difference(address, from: base0) }
    base0 = address &+ 4096
  }
}

extension LaneDecoder {
  mutating func frame() throws(CodingFault) -> Payload {
    let head = try head()
    let shape = try shape(head.number) { lane throws(CodingFault) in try lane.frameShape() }
    guard let operation = FrameCall.Operation(rawValue: UInt8(truncatingIfNeeded: shape.a & 3)) else {
      throw CodingFault("a frame event is of a kind that does not exist")
    }
    var call = FrameCall(
      operation, frame: nil, size: shape.c, caller: shape.b, allocator: text(ofName: shape.name))
    guard shape.a & 1 << 2 == 0 else {
      guard !head.flag else { throw CodingFault("a frame event has a flag that has no meaning") }
      return .frame(call)
    }
    let address = head.flag ? base0 : try difference(from: base0)
    call.frame = PhysicalAddress(address)
    base0 = address &+ 4096
    return .frame(call)
  }

  private mutating func frameShape() throws(CodingFault) -> Shape {
    let a = try varint()
    guard a >> 3 == 0, a & 3 != 3 else { throw CodingFault("a frame event is of a kind that does not exist") }
    base1 = try difference(from: base1)
    return Shape(a: a, b: base1, c: try varint(), name: try name())
  }
}
