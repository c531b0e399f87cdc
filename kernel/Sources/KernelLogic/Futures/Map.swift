extension Future where Self: ~Copyable {
  /// The future of what `transform` makes of this future's value.
  package consuming func map<Output>(_ transform: @escaping (Self.Output) -> Output) -> Map<Self, Output> {
    Map(base: self, transform: transform)
  }
}

/// What `map` returns: it has no state but that of the future inside.
package struct Map<Base: Future & ~Copyable, Output>: Future, ~Copyable {
  private var base: Base
  private let transform: (Base.Output) -> Output

  fileprivate init(base: consuming Base, transform: @escaping (Base.Output) -> Output) {
    self.base = base
    self.transform = transform
  }

  package mutating func poll(_ waker: Waker) -> Poll<Output> {
    switch base.poll(waker) {
    case .ready(let value): .ready(transform(value))
    case .pending: .pending
    }
  }
}
