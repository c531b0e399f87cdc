import OrreryBase

/// The interrupts and exceptions whose handlers have not returned yet, so that an `iret` finds the delivery it ends.
///
/// Both kinds are in one list, because a frame on the stack belongs to whichever was pushed there last.
struct OpenHandlers: Sendable {
  /// The most deliveries kept open. A kernel that leaves handlers without `iret` would otherwise make the list grow for ever; the oldest is given up.
  static let limit = 256

  struct Handler: Hashable, Sendable {
    var vector: UInt8
    var isException: Bool
    var hasErrorCode: Bool
    /// Where it interrupted.
    var rip: UInt64
    var stackPointerBefore: UInt64
    /// The address of the last value pushed: the error code, or the saved rip.
    var stackPointerAfter: UInt64
  }

  struct Closed {
    var handler: Handler
    /// How many later deliveries are still open.
    var openAbove: UInt32
  }

  private(set) var handlers: [Handler] = []

  mutating func open(_ handler: Handler) {
    // A frame pushed over an older one: that one can never be returned through. In 64-bit mode a frame is five quadwords (SDM volume 3, 6.14.2).
    let frame = handler.stackPointerAfter
    if !handlers.isEmpty {
      handlers.removeAll { older in
        older.stackPointerAfter &- frame < 40 || frame &- older.stackPointerAfter < 40
      }
    }
    if handlers.count == Self.limit { handlers.removeFirst() }
    handlers.append(handler)
  }

  /// The latest open delivery that an `iret` from `stackPointerBefore` to `rip` and `stackPointerAfter` ends; nil when it ends none, as an `iret` that starts a user program.
  mutating func close(rip: UInt64, stackPointerBefore: UInt64, stackPointerAfter: UInt64) -> Closed? {
    let byFrame = handlers.lastIndex { handler in
      let popped = stackPointerBefore &- handler.stackPointerAfter
      // The handler itself drops the error code before it returns: 8 bytes, or 4 in 32-bit mode.
      return handler.hasErrorCode ? popped == 8 || popped == 4 : popped == 0
    }
    // A kernel may copy the frame to another stack and return from there.
    let found =
      byFrame
      ?? handlers.lastIndex { $0.rip == rip && $0.stackPointerBefore == stackPointerAfter }
    guard let index = found else { return nil }
    let openAbove = UInt32(truncatingIfNeeded: handlers.count - 1 - index)
    return Closed(handler: openAbove == 0 ? handlers.removeLast() : handlers.remove(at: index), openAbove: openAbove)
  }
}
