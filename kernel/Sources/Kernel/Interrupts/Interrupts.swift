import Intrinsics

/// Hardware interrupts: the controllers, then each device, then the interrupt flag.
package enum Interrupts {
  package static let timerFrequency: UInt32 = 100

  /// Needs the heap, for the queues.
  package static func start() {
    InterruptController.start()
    Timer.start(frequency: timerFrequency)
    Keyboard.start()
    SerialInput.start()
    enableInterrupts()
  }
}
