/// A lane of the trace, as a scenario names it; the trace's own type has the same names.
public enum RecordedLane: String, CaseIterable, Hashable, Sendable {
  case input, interrupt, exception, map, heap, frame, output, mark, state
}
