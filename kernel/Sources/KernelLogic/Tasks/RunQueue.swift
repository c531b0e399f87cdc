/// What can run now, in the order in which it became so: each gets its turn before any gets another.
///
/// A ring that doubles when it is full. Only tasks and the executor use it, never an interrupt handler.
package struct RunQueue<Element> {
  private var slots: [Element?] = []
  private var head = 0
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ element: Element) {
    if count == slots.count { grow() }
    slots[(head + count) % slots.count] = element
    count += 1
  }

  package mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    defer {
      slots[head] = nil
      head = (head + 1) % slots.count
      count -= 1
    }
    return slots[head]
  }

  private mutating func grow() {
    var larger: [Element?] = []
    larger.reserveCapacity(max(8, 2 * count))
    while let element = popFirst() { larger.append(element) }
    count = larger.count
    while larger.count < max(8, 2 * count) { larger.append(nil) }
    slots = larger
    head = 0
  }
}
