import Intrinsics
import KernelLogic

/// The text screen in video memory, and its cursor in the CRT controller (IBM VGA technical reference:
/// "Video Memory Organization", "CRT Controller Registers" 0x0e and 0x0f).
package struct TextModeMemory: ScreenGrid {
  static let start = PhysicalAddress(0xb8000)
  private static let indexPort: UInt16 = 0x3d4
  private static let dataPort: UInt16 = 0x3d5
  private static let cursorHigh: UInt8 = 0x0e
  private static let cursorLow: UInt8 = 0x0f

  package init() {}

  package func load(row: Int, column: Int) -> ScreenCharacter {
    ScreenCharacter(rawValue: loadVolatile16(cell(row, column)))
  }

  package func store(_ character: ScreenCharacter, row: Int, column: Int) {
    storeVolatile16(cell(row, column), character.rawValue)
  }

  package func moveCursor(row: Int, column: Int) {
    let position = UInt16(truncatingIfNeeded: row * ScreenWriter<Self>.columnCount + column)
    out8(Self.indexPort, Self.cursorHigh)
    out8(Self.dataPort, UInt8(truncatingIfNeeded: position >> 8))
    out8(Self.indexPort, Self.cursorLow)
    out8(Self.dataPort, UInt8(truncatingIfNeeded: position))
  }

  private func cell(_ row: Int, _ column: Int) -> UInt64 {
    PhysicalMemory.linearAddress(of: Self.start).rawValue + UInt64(row * ScreenWriter<Self>.columnCount + column) * 2
  }
}
