internal import OrreryBase

/// The odd registers of an AT's board (IBM PC AT technical reference, 6183355; Intel 82371SB data sheet, 290550).
///
/// Ports:
/// - 0x61, port B: bit 0 gate of counter 2, bit 1 speaker, bits 2 and 3 check masks, all stored; read: bit 4 toggles with every refresh, bit 5 is the
///   output of counter 2, bits 6 and 7 (errors) are clear.
/// - 0x92, port A: bit 0 written as 1 resets, bit 1 opens the A20 gate, the others are stored.
/// - 0x80…0x8F, page registers of the DMA controllers: 16 bytes that hold what was written; firmware and kernels use 0x80 for progress codes and delay.
///   The DMA controllers themselves (0x00…0x0F, 0xC0…0xDF) are not modelled.
/// - 0xED: a delay port; writes go nowhere, reads float.
/// - 0xCF8…0xCFF, PCI configuration: this board has no PCI, so reads float and writes go nowhere; but 0xCF9, accessed as a byte, is the reset control register that
///   kernels expect of any machine of the last decades: bit 1 (the kind of reset) is stored, bit 2 resets.
/// - 0x604, 0xB004 and 0x4004 written as a word with bit 13 (SLP_EN) set: power off, as in the emulators whose ACPI register was there. SLP_TYP (bits 10…12)
///   is 0 for that, at 0x4004 it is 5; another kind of sleep is not modelled. Reads float.
///
/// Timing: the refresh bit toggles every 18 pulses of the 8254's clock.
struct SystemControl: Device {
  static let pulsesPerRefresh: UInt64 = 18

  private let ratio: TickRatio
  private var portB: UInt8 = 0
  private var portA: UInt8 = 2
  private var resetControl: UInt8 = 0
  private var pages: InlineArray<16, UInt8> = .init(repeating: 0)

  init(frequency: ClockFrequency) {
    ratio = TickRatio(ticksPerSecond: I8254.pulsesPerSecond, frequency: frequency)
  }

  /// The gate of counter 2 of the 8254.
  var gate2: Bool { portB & 1 != 0 }

  /// This port's way of opening the A20 gate.
  var opensA20: Bool { portA & 2 != 0 }

  // MARK: Ports

  func readPortB(output2: Bool, clock: Clock) -> UInt8 {
    let refresh = ratio.tick(at: clock) / Self.pulsesPerRefresh & 1
    return portB | UInt8(refresh) << 4 | (output2 ? 0x20 : 0)
  }

  mutating func writePortB(_ value: UInt8) { portB = value & 0x0F }

  func readPortA() -> UInt8 { portA }

  mutating func writePortA(_ value: UInt8, wires: inout Wires) {
    portA = value & 0xFE
    if value & 1 != 0 { wires.stop(.reset(source: "port 0x92")) }
  }

  func readPage(_ port: UInt16) -> UInt8 { pages[Int(port & 15)] }

  mutating func writePage(_ value: UInt8, to port: UInt16) { pages[Int(port & 15)] = value }

  func readResetControl() -> UInt8 { resetControl }

  mutating func writeResetControl(_ value: UInt8, wires: inout Wires) {
    resetControl = value & 2
    if value & 4 != 0 { wires.stop(.reset(source: "port 0xcf9")) }
  }

  func writePowerControl(_ value: UInt16, to port: UInt16, wires: inout Wires) {
    guard value & 0x2000 != 0 else { return }
    let kind = value >> 10 & 7
    if kind == (port == 0x4004 ? 5 : 0) {
      wires.stop(.powerOff)
    } else {
      wires.stop(.unmodelled("ACPI sleep of kind \(kind) through port \(hexadecimal(port))"))
    }
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    checkpointOthers(into: &writer)
    writer.append(resetControl)
  }

  func hash(into writer: inout ByteWriter) {
    checkpointOthers(into: &writer)
    if resetControl != 0 { writer.append(resetControl) }
  }

  private func checkpointOthers(into writer: inout ByteWriter) {
    writer.append(portB)
    writer.append(portA)
    for index in pages.indices { writer.append(pages[index]) }
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    portB = try reader.fixed(in: 0...0x0F, "port 0x61")
    portA = try reader.byte() & 0xFE
    for index in pages.indices { pages[index] = try reader.byte() }
    resetControl = try reader.byte() & 2
  }
}
