/// When something happens and what is done then.
///
///     Rule(.afterSerial("ready> "), delay: .steps(3), do: .type("help{Enter}"))
public struct Rule: Hashable, Sendable {
  public var trigger: Trigger
  /// Counted from the moment the trigger came true.
  public var delay: TimeSpan?
  public var repetition: Repetition?
  /// Done in this order at one clock; only the codes of a `type` are spread over time.
  public var actions: [Action]
  public var location: SourceLocation

  public init(
    _ trigger: Trigger, delay: TimeSpan? = nil, repeating repetition: Repetition? = nil,
    do actions: [Action],
    location: SourceLocation = .none
  ) {
    self.trigger = trigger
    self.delay = delay
    self.repetition = repetition
    self.actions = actions
    self.location = location
  }

  public init(
    _ trigger: Trigger, delay: TimeSpan? = nil, repeating repetition: Repetition? = nil,
    do actions: Action...
  ) {
    self.init(trigger, delay: delay, repeating: repetition, do: actions)
  }
}
