import OrreryTrace

/// In what flow of control something happens: the order of events is compared within one context and never across.
enum BehaviourContext: Hashable, Comparable {
  case main
  /// The handler of an interrupt or exception vector.
  case handler(UInt8)

  var name: String {
    switch self {
    case .main: "main"
    case .handler(let vector) where vector < 32: "handler of \(Words.exception(vector))"
    case .handler(let vector): "handler of vector \(vector)"
    }
  }

  /// What block names of the context start with: none for the main flow.
  var prefix: String {
    switch self {
    case .main: ""
    case .handler(let vector): "h\(vector)."
    }
  }
}

/// Follows which deliveries are open, and so in which context the processor is.
struct ContextStack {
  struct Delivery {
    var vector: UInt8
    var rip: UInt64
    var isException: Bool
  }

  private(set) var open: [Delivery] = []

  /// Deliveries that no return ends would grow the stack for ever; a kernel that leaves its handlers by other ways has a main flow without depth.
  private static let depthLimit = 1_024

  var present: BehaviourContext { open.last.map { .handler($0.vector) } ?? .main }

  mutating func deliver(_ delivery: Delivery) {
    if open.count == ContextStack.depthLimit { open.removeFirst() }
    open.append(delivery)
  }

  /// Ends a delivery and gives it with the context it interrupted; nil when none of the vector is open.
  mutating func end(vector: UInt8, openAbove: UInt32) -> (delivery: Delivery, interrupted: BehaviourContext)? {
    let expected = open.count - 1 - Int(openAbove)
    let index =
      open.indices.contains(expected) && open[expected].vector == vector
      ? expected : open.lastIndex { $0.vector == vector }
    guard let index else { return nil }
    let delivery = open.remove(at: index)
    return (delivery, index == 0 ? .main : .handler(open[index - 1].vector))
  }
}
