/// What repeats from event to event: the part of an event that a lane block codes once and then names by number.
struct Shape: Equatable {
  var a: UInt64
  var b: UInt64 = 0
  var c: UInt64 = 0
  /// The index of a name in the block.
  var name: UInt64 = 0

  var hash: Int {
    let mixed =
      a &* 0x9E37_79B9_7F4A_7C15 ^ b &* 0xC2B2_AE3D_27D4_EB4F ^ c &* 0x1656_67B1_9E37_79F9
      ^ name &* 0x27D4_EB2F_1656_67C5
    // The top 13 bits: one of 8,192 slots.
    return Int(truncatingIfNeeded: ((mixed ^ mixed >> 29) &* 0x9E37_79B9_7F4A_7C15) >> 51)
  }
}

/// The writer's numbering of the shapes of one lane block, with one remembered value for each.
///
/// An open-addressing table over storage allocated once; a lookup allocates nothing.
struct ShapeTable {
  private let shapes = UnsafeMutablePointer<Shape>.allocate(capacity: TraceFormat.shapeLimit)
  private let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: TraceFormat.shapeLimit)
  /// 8,192 slots, so at most half are taken: the number of the shape, 0 when free.
  private let slots = UnsafeMutablePointer<UInt16>.allocate(capacity: ShapeTable.slotCount)
  private var count = 0

  private static let slotCount = 2 * TraceFormat.shapeLimit

  init() {
    slots.initialize(repeating: 0, count: ShapeTable.slotCount)
  }

  func deallocate() {
    shapes.deallocate()
    memory.deallocate()
    slots.deallocate()
  }

  mutating func removeAll() {
    guard count > 0 else { return }
    slots.update(repeating: 0, count: ShapeTable.slotCount)
    count = 0
  }

  /// The number of `shape`, from 1 on, and whether it was numbered just now; number 0 when it is new and the numbers are used up.
  @inline(__always)
  mutating func number(of shape: Shape) -> (number: Int, isNew: Bool) {
    var slot = shape.hash
    while true {
      let number = Int(slots[slot])
      if number == 0 { break }
      if shapes[number &- 1] == shape { return (number, false) }
      slot = (slot &+ 1) & (ShapeTable.slotCount &- 1)
    }
    guard count < TraceFormat.shapeLimit else { return (0, true) }
    shapes[count] = shape
    memory[count] = 0
    count &+= 1
    slots[slot] = UInt16(truncatingIfNeeded: count)
    return (count, true)
  }

  /// The value remembered for shape `number`; 0 at first.
  @inline(__always)
  func remembered(_ number: Int) -> UInt64 { number == 0 ? 0 : memory[number &- 1] }

  @inline(__always)
  mutating func remember(_ value: UInt64, for number: Int) {
    if number != 0 { memory[number &- 1] = value }
  }
}
