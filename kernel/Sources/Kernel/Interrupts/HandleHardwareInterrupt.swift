import KernelLogic

/// Serves one line of the interrupt controllers, with interrupts off, on the hardware-interrupt stack
/// (Intel 8259A data sheet, "End of Interrupt").
func handleHardwareInterrupt(line: UInt8) {
  if InterruptController.isSpurious(line: line) { return }
  switch line {
  case Timer.line: Timer.handleInterrupt()
  case Keyboard.line: Keyboard.handleInterrupt()
  case SerialInput.line: SerialInput.handleInterrupt()
  case RealTimeClock.line: RealTimeClock.handleInterrupt()
  default: println("unexpected hardware interrupt, line \(line)")
  }
  InterruptController.acknowledge(line: line)
}
