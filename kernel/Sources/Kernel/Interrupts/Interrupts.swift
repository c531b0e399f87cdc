import Intrinsics
import KernelLogic

/// Hardware interrupts: the controllers, then each device, then the interrupt flag (Intel SDM vol. 3A, 6.8.1).
package enum Interrupts {
  package static let defaultTimerFrequency: UInt32 = 100

  /// What the handlers have to say to the executor.
  static let signals = PendingSignals()

  package static func start(timerFrequency: UInt32 = defaultTimerFrequency) {
    InterruptController.start()
    Timer.start(frequency: timerFrequency)
    Keyboard.start()
    SerialInput.start()
    enableInterrupts()
  }
}
