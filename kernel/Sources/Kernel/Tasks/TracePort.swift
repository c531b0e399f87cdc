import Intrinsics
import KernelLogic

/// A port through which the kernel says, for a trace of its run, what it is doing: lines of text, each a mark.
///
/// Orrery records them (docs/INTERFACES.md, "The trace port"). On other machines nothing answers at the port, and what is written goes nowhere.
enum TracePort {
  private static let port: UInt16 = 0xea

  /// One mark; a handler cannot come between its bytes.
  static func mark(_ text: ConsoleText) {
    withoutInterrupts {
      text.forEachByte { out8(port, $0) }
      out8(port, UInt8(ascii: "\n"))
    }
  }
}
