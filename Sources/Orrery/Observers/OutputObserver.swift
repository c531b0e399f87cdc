import OrreryBase
import OrreryTrace

/// Turns what the guest says to the outside into events of the `output` lane.
///
/// Bytes of one serial port, or of the debug console, are one event up to a cut, and the event has the clock of the cut. A cut is
/// - a new line (10), or the 256th byte;
/// - a byte from another port;
/// - an input that is no fault, a delivery of an interrupt or of an exception, a written exit value;
/// - the end of the run.
///
/// These are the same whichever lanes are recorded, so the events are too.
struct OutputObserver: Sendable {
  static let byteLimit = 256

  private enum Port: Hashable {
    case serial(UInt8)
    case debugConsole
  }

  private var port = Port.serial(0)
  private var bytes: [UInt8] = []

  mutating func observeSerial(_ record: ProbeRecord, into events: inout ObservedEvents) {
    append(record, to: .serial(UInt8(truncatingIfNeeded: record.detail)), into: &events)
  }

  mutating func observeDebugConsole(_ record: ProbeRecord, into events: inout ObservedEvents) {
    append(record, to: .debugConsole, into: &events)
  }

  mutating func observeExit(_ record: ProbeRecord, into events: inout ObservedEvents) {
    cut(clock: record.clock, into: &events)
    events.append(.exitValue(UInt32(truncatingIfNeeded: record.value0)), clock: record.clock)
  }

  /// `cells` are the bytes the record's offset refers to. A kernel that prints on both screen and port does so by characters, so rows cut nothing.
  func observeScreenRow(_ record: ProbeRecord, cells: [UInt8], into events: inout ObservedEvents) {
    let start = Int(record.value2)
    let end = start + 2 * Int(record.value1)
    precondition(end <= cells.count, "the machine writes the cells before the record that refers to them")
    events.append(
      .screen(
        row: UInt8(truncatingIfNeeded: record.detail), column: UInt8(truncatingIfNeeded: record.value0),
        cells: Array(cells[start..<end])), clock: record.clock)
  }

  /// Ends the event that is being gathered, if there is one.
  mutating func cut(clock: Clock, into events: inout ObservedEvents) {
    guard !bytes.isEmpty else { return }
    switch port {
    case .serial(let number): events.append(.serial(port: number, bytes: bytes), clock: clock)
    case .debugConsole: events.append(.debugConsole(bytes: bytes), clock: clock)
    }
    bytes = []
  }

  private mutating func append(_ record: ProbeRecord, to port: Port, into events: inout ObservedEvents) {
    if port != self.port { cut(clock: record.clock, into: &events) }
    self.port = port
    let byte = UInt8(truncatingIfNeeded: record.value0)
    bytes.append(byte)
    if byte == UInt8(ascii: "\n") || bytes.count == Self.byteLimit { cut(clock: record.clock, into: &events) }
  }
}
