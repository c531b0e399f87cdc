import Intrinsics
import KernelLogic

/// The debug console at port 0xE9, which emulators have (Bochs, `port_e9_hack`) and a PC has not: for figures, which differ where the machine
/// differs and so have no place on the serial port.
package enum DebugConsole {
  private static let port: UInt16 = 0xe9

  package static func report(_ text: ConsoleText) {
    text.forEachByte { out8(port, $0) }
    out8(port, UInt8(ascii: "\n"))
  }
}
