import OrreryBase

// Shape: a = operation (bits 0-1) | low four bits of the pointer << 2 | pointer is null << 6, b = caller, c = alignment, name = the allocator.
// The caller of a new shape is a difference from base1, the caller described last.
// Flag: the size is the shape's last; otherwise the size. Then, unless null, the pointer / 16 as a difference from base0 / 16, where base0 is the last
// pointer that was not null; and for a reallocation the previous pointer's difference from base0.

extension LaneEncoder {
  @inline(__always)
  mutating func heap(_ call: HeapCall) {
    let pointer = call.pointer
    let isNull = pointer == 0
    let shape = Shape(
      a: UInt64(call.operation.rawValue) | (pointer & 15) << 2 | (isNull ? 1 << 6 : 0), b: call.caller,
      c: call.alignment, name: index(ofName: call.allocator))
    let entry = shapes.number(of: shape)
    let isRepeated = shapes.remembered(entry.number) == call.size
    head(entry, flag: isRepeated)
    if entry.isNew { heapShape(shape) }
    if !isRepeated {
      varint(call.size)
      shapes.remember(call.size, for: entry.number)
    }
    if !isNull {
      difference(pointer >> 4, from: base0 >> 4)
      base0 = pointer
    }
    if call.operation == .reallocate { difference(call.previousPointer, from: base0) }
  }

  @inline(never)
  private mutating func heapShape(_ shape: Shape) {
    varint(shape.a)
    difference(shape.b, from: base1)
    varint(shape.c)
    name(shape.name)
    base1 = shape.b
  }
}

extension LaneDecoder {
  mutating func heap() throws(CodingFault) -> Payload {
    let head = try head()
    let shape: Shape
    var number = head.number
    if number == 0 {
      shape = try heapShape()
      number = add(shape)
    } else {
      shape = self.shape(number)
    }
    guard let operation = HeapCall.Operation(rawValue: UInt8(truncatingIfNeeded: shape.a & 3)) else {
      throw CodingFault("a heap event is of a kind that does not exist")
    }
    var call = HeapCall(
      operation, pointer: 0, alignment: shape.c, caller: shape.b, allocator: text(ofName: shape.name))
    call.size = head.flag ? remembered(number) : try varint()
    remember(call.size, for: number)
    if shape.a & 1 << 6 == 0 {
      call.pointer = try difference(from: base0 >> 4) << 4 | shape.a >> 2 & 15
      base0 = call.pointer
    }
    if operation == .reallocate { call.previousPointer = try difference(from: base0) }
    return .heap(call)
  }

  private mutating func heapShape() throws(CodingFault) -> Shape {
    let a = try varint()
    guard a >> 7 == 0, a & 1 << 6 == 0 || a >> 2 & 15 == 0 else {
      throw CodingFault("a heap event is of a kind that does not exist")
    }
    base1 = try difference(from: base1)
    return Shape(a: a, b: base1, c: try varint(), name: try name())
  }
}
