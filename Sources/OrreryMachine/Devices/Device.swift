internal import OrreryBase

/// A device of the board.
///
/// Its state is a pure function of how it was last programmed and of the clock: nothing is done tick by tick. `advance` brings it to a clock in one
/// go, and doing so in one step or in many leaves the same state. Every access of a port begins with it.
protocol Device {
  /// Applies all that happened up to and including `clock`, and writes the state in the form that equal states share.
  mutating func advance(to clock: Clock, wires: inout Wires)

  /// When the device must be advanced next for its lines and probes to be on time; later than the clock of the last `advance`; `.max` for never.
  var nextDeadline: Clock { get }

  /// Writes the whole state, flip-flops and latches included, exactly as it is.
  func checkpoint(into writer: inout ByteWriter)

  /// Writes what the state hash covers, of a device that has been advanced to the present: as a rule, what `checkpoint` writes. A part that came to a
  /// device later writes nothing while it is not in use, so that it changes no hash of an older trace.
  func hash(into writer: inout ByteWriter)

  /// Reads what `checkpoint` wrote. Every value is checked; after a throw the device is unusable until a restore succeeds, but never traps.
  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError)
}

extension Device {
  mutating func advance(to clock: Clock, wires: inout Wires) {}

  var nextDeadline: Clock { .max }

  func hash(into writer: inout ByteWriter) { checkpoint(into: &writer) }
}

extension ByteReader {
  /// A fixed-width number that must lie in `range`; `what` names it in the error.
  mutating func fixed<Value: FixedWidthInteger>(
    in range: ClosedRange<Value>, _ what: StaticString
  ) throws(ByteCodingError) -> Value {
    let start = offset
    let value = try fixed(Value.self)
    guard range.contains(value) else {
      throw ByteCodingError(
        offset: start, reason: "\(what) is \(value), must be \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }
}
