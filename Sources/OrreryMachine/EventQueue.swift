internal import OrreryBase

/// The event slots of all devices, in the order in which events of one clock are applied: port order (docs/INTERFACES.md).
enum EventSlot: Int, CaseIterable {
  /// Channel 0 of the 8254, ports 0x40…0x43: its output changes.
  case timer
  /// The keyboard behind the 8042, ports 0x60 and 0x64: a scan code has been transferred.
  case keyboard
  /// The MC146818, ports 0x70 and 0x71: an enabled interrupt becomes due.
  case realTimeClock
  /// COM2, ports 0x2F8…0x2FF: a character has left, or the receiver's FIFO timed out.
  case com2
  /// COM1, ports 0x3F8…0x3FF.
  case com1
}

/// When each device next has something to do: one deadline for each slot, and the earliest of them.
///
/// Slots are few and fixed, so the order of events follows from the table of slots alone, never from the history of arming.
struct EventQueue {
  private var deadlines: InlineArray<5, Clock> = .init(repeating: .max)
  /// The earliest deadline; `.max` when no slot is armed.
  private(set) var nextDeadline: Clock = .max

  init() {
    precondition(EventSlot.allCases.count == deadlines.count, "every event slot has its deadline")
  }

  func deadline(of slot: EventSlot) -> Clock { deadlines[slot.rawValue] }

  /// Sets the slot's deadline; `.max` disarms it.
  mutating func arm(_ slot: EventSlot, at deadline: Clock) {
    deadlines[slot.rawValue] = deadline
    var earliest = Clock.max
    for index in deadlines.indices { earliest = min(earliest, deadlines[index]) }
    nextDeadline = earliest
  }

  mutating func disarm(_ slot: EventSlot) { arm(slot, at: .max) }
}
