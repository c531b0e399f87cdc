import Intrinsics
import Synchronization

/// The pair of 8259A interrupt controllers (Intel 8259A data sheet, "Initialization Command Words", "Operation Command Words").
package enum InterruptController {
  /// Where the 16 lines lead, behind the processor's own 32 exceptions.
  static let vectors: ClosedRange<UInt8> = 32...47

  private static let primaryCommand: UInt16 = 0x20
  private static let primaryData: UInt16 = 0x21
  private static let secondaryCommand: UInt16 = 0xa0
  private static let secondaryData: UInt16 = 0xa1

  private static let initializeWithFourWords: UInt8 = 0x11
  private static let mode8086: UInt8 = 0x01
  private static let cascadeLine: UInt8 = 2
  private static let endOfInterrupt: UInt8 = 0x20
  private static let readRequests: UInt8 = 0x0a
  private static let readInService: UInt8 = 0x0b

  /// Moves the lines to `vectors` and masks them all; only the line of the secondary controller is let through.
  static func start() {
    out8(primaryCommand, initializeWithFourWords)
    out8(secondaryCommand, initializeWithFourWords)
    out8(primaryData, vectors.lowerBound)
    out8(secondaryData, vectors.lowerBound + 8)
    out8(primaryData, 1 << cascadeLine)
    out8(secondaryData, cascadeLine)
    out8(primaryData, mode8086)
    out8(secondaryData, mode8086)
    out8(primaryData, ~(1 << cascadeLine))
    out8(secondaryData, 0xff)
  }

  static func unmask(line: UInt8) {
    let port = line < 8 ? primaryData : secondaryData
    out8(port, in8(port) & ~(1 << (line & 7)))
  }

  static func mask(line: UInt8) {
    let port = line < 8 ? primaryData : secondaryData
    out8(port, in8(port) | 1 << (line & 7))
  }

  /// Whether any line of either controller is in service.
  package static var isServing: Bool { withoutInterrupts { (0...15).contains(where: isInService) } }

  /// A line that fell before it was acknowledged shows as line 7 of its controller, without being in service.
  static func isSpurious(line: UInt8) -> Bool {
    guard line & 7 == 7, !isInService(line: line) else { return false }
    // The primary controller did see a true interrupt from the secondary one.
    if line >= 8 { out8(primaryCommand, endOfInterrupt) }
    spurious.add(1, ordering: .relaxed)
    return true
  }

  private static let spurious = Atomic<UInt64>(0)
  package static var spuriousCount: UInt64 { spurious.load(ordering: .relaxed) }

  /// Whether the line's interrupt was acknowledged by the processor and not yet ended by the kernel.
  package static func isInService(line: UInt8) -> Bool {
    let port = line < 8 ? primaryCommand : secondaryCommand
    out8(port, readInService)
    return in8(port) & 1 << (line & 7) != 0
  }

  /// Whether the line has asked for service and not yet had it.
  package static func isRequested(line: UInt8) -> Bool {
    let port = line < 8 ? primaryCommand : secondaryCommand
    out8(port, readRequests)
    return in8(port) & 1 << (line & 7) != 0
  }

  static func acknowledge(line: UInt8) {
    if line >= 8 { out8(secondaryCommand, endOfInterrupt) }
    out8(primaryCommand, endOfInterrupt)
  }
}
