/// Why `execute()` returned. `rip`, `clock` and `steps` are exact in each case.
enum EngineExit {
  /// `budget` steps were taken.
  case budget
  /// `leavesBlock` or `isHalted` was set by the last instruction, or the interrupt state changed: look at the boundary, then go on.
  case boundary
  /// The instruction at `rip` faulted: `fault` holds the exception, no register or memory it would have changed is changed (but for what the
  /// manual says is, and for the iterations of a `rep` already done).
  case fault
  /// The instruction at `rip` has a breakpoint and has not been executed.
  case breakpoint
  /// `stop` holds a reason.
  case stopped
}
