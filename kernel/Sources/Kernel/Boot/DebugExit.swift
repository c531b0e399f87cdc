import Intrinsics

/// QEMU's `isa-debug-exit` device (its source, `hw/misc/debugexit.c`), which Orrery has too: ends the machine. The host sees `(code << 1) | 1`.
package enum DebugExit {
  private static let port: UInt16 = 0xf4

  package static let success: UInt32 = 0x10
  package static let failure: UInt32 = 0x11

  package static func exit(_ code: UInt32) -> Never {
    out32(port, code)
    haltForever()
  }

  /// For a machine without the device, and for `halt`.
  package static func haltForever() -> Never {
    while true {
      disableInterrupts()
      halt()
    }
  }
}
