/// An end of a run that is trouble unless the scenario expects it.
public enum ExpectedEnd: String, CaseIterable, Hashable, Sendable {
  /// A limit is reached: of steps, of time, of the trace, or of what waits to be typed.
  case limit
  case tripleFault = "triple fault"
  /// The kernel uses something that the machine does not model.
  case notModelled = "not modelled"
}
