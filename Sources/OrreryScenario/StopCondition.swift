/// A condition on which the run ends as it should.
public struct StopCondition: Hashable, Sendable {
  public var trigger: Trigger
  public var delay: TimeSpan?
  public var location: SourceLocation

  public init(_ trigger: Trigger, delay: TimeSpan? = nil, location: SourceLocation = .none) {
    self.trigger = trigger
    self.delay = delay
    self.location = location
  }
}
