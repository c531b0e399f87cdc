public import OrreryBase

/// Why `Machine.run` returned; the machine stands at a step boundary, and may run on after all but `.stopped`.
public enum RunExit: Hashable, Sendable {
  case reachedClock
  case reachedSteps
  /// The instruction at an anchor is about to execute; inputs applied now get `InputPoint.instruction`.
  case anchor(LinearAddress)
  /// A byte left a serial port and `pausesAfterSerialOutput` is set.
  case serialOutput
  /// A byte was written to the trace port and `pausesAfterMark` is set.
  case mark
  /// Cells of the screen may have changed, their records are there, and `pausesAfterScreen` is set.
  case screen
  /// Something that `inspect` named may have changed with the last step.
  case inspected
  /// The keyboard became idle (as a rule the guest read the last byte it had) and `pausesAfterKeyboardRead` is set.
  case keyboardRead
  /// The probe buffer wants draining.
  case probesFull
  /// Halted, and no device event or scheduled input can ever come.
  case idle
  case stopped(StopReason)
}
