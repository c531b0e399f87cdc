import KernelLogic
import Testing

struct PendingSignalsTests {
  @Test func signalsStayUntilTheyAreTaken() {
    let signals = PendingSignals()
    expect(signals, hold: [])
    signals.post(.keyboard)
    signals.post(.timer)
    // A second tick before the first was looked at is the same signal.
    signals.post(.timer)
    expect(signals, hold: [.timer, .keyboard])
    expect(signals, hold: [])
  }

  @Test func whatIsPostedAfterATakeIsForTheNext() {
    let signals = PendingSignals()
    signals.post(.timer)
    expect(signals, hold: .timer)
    signals.post(.keyboard)
    expect(signals, hold: .keyboard)
  }

  /// Looks, then takes.
  private func expect(_ signals: borrowing PendingSignals, hold expected: Signals) {
    let (isEmpty, taken) = (signals.isEmpty, signals.take())
    #expect(taken == expected && isEmpty == (expected == []))
  }
}
