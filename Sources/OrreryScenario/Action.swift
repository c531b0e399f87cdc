public import OrreryBase

/// One thing a rule does to the machine.
public enum Action: Hashable, Sendable {
  case press(Key)
  case release(Key)
  /// Presses the keys of a chord in order and releases them in reverse, at once: the controller's queue may overrun.
  case key(Chord)
  /// Types a text on a US keyboard, each code only when the guest has read the one before: none is lost.
  case type(TypedText)
  /// Bytes that go down the line to a serial port: the first arrives at once, each other one character later.
  case serial(ByteText, port: SerialPort = .com1)
  /// One edge on interrupt request line 0…15, ORed with the device's own line.
  case interruptLine(Number)
  /// A vector, 32…255, presented to the processor past the 8259.
  case vector(Number)
  case nonMaskableInterrupt
}
