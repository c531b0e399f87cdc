/// An instruction about to execute, told apart by the stack it executes on.
struct Attempt: Equatable {
  var rip: UInt64
  var rsp: UInt64
}

/// A few instructions that were reported and have not retired; the oldest is forgotten when there are too many (abandoned stacks leave some behind).
struct AttemptList {
  static let capacity = 16

  private(set) var attempts: [Attempt] = []

  init() {}

  init(_ attempts: [Attempt]) { self.attempts = attempts }

  func contains(_ attempt: Attempt) -> Bool { !attempts.isEmpty && attempts.contains(attempt) }

  mutating func insert(_ attempt: Attempt) {
    guard !contains(attempt) else { return }
    if attempts.count == Self.capacity { attempts.removeFirst() }
    attempts.append(attempt)
  }

  mutating func remove(_ attempt: Attempt) {
    if !attempts.isEmpty { attempts.removeAll { $0 == attempt } }
  }
}
