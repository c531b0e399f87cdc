internal import OrreryBase

/// A VGA in its 80×25 text mode (IBM PS/2 hardware interface technical reference, video subsystem), and what it last displayed.
///
/// Ports: 0x3C0, 0x3C1 attribute controller; 0x3C2, 0x3CC miscellaneous output, input status 0; 0x3C4, 0x3C5 sequencer; 0x3C6…0x3C9 palette;
/// 0x3CA feature control; 0x3CE, 0x3CF graphics controller; 0x3D4, 0x3D5 CRT controller; 0x3DA input status 1. All registers hold what is written;
/// those of the cursor and the start address show. A change to a graphics mode, to another geometry, memory window or way of reaching the planes, or to a split
/// screen stops the machine: nothing else is modelled. Characters are codes, not shapes.
///
/// Timing: a frame is 449 lines of 900 pixels at 28.322 MHz, counted from clock 0: 720 pixels of 400 lines are displayed, lines 412 and 413 are the
/// vertical retrace.
struct VGAText: Device {
  private static let pixelsPerSecond: UInt64 = 28_322_000
  private static let pixelsPerLine: UInt64 = 900
  private static let linesPerFrame: UInt64 = 449
  private static let displayedPixels: UInt64 = 720
  private static let displayedLines: UInt64 = 400
  private static let retraceLines: Range<UInt64> = 412..<414

  /// Cells of 32 KiB of text memory.
  private static let memoryCells = 16384
  private static let screenCells = Screen.columns * Screen.rows

  private enum CRT {
    static let displayEnd: UInt8 = 0x01
    static let maximumScanLine: UInt8 = 0x09
    static let overflow: UInt8 = 0x07
    static let cursorStart: UInt8 = 0x0A
    static let cursorEnd: UInt8 = 0x0B
    static let startHigh: UInt8 = 0x0C
    static let startLow: UInt8 = 0x0D
    static let cursorHigh: UInt8 = 0x0E
    static let cursorLow: UInt8 = 0x0F
    static let verticalRetraceEnd: UInt8 = 0x11
    static let offset: UInt8 = 0x13
    static let modeControl: UInt8 = 0x17
    static let lineCompare: UInt8 = 0x18
  }

  /// The registers of mode 3, as firmware sets them.
  private static let mode3CRT: [UInt8] = [
    0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F,
    0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF,
  ]
  private static let mode3Attributes: [UInt8] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x0C, 0x00, 0x0F,
    0x08, 0x00,
  ]
  private static let mode3Graphics: [UInt8] = [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF]
  private static let mode3Sequencer: [UInt8] = [0x03, 0x00, 0x03, 0x00, 0x02]

  /// The bits that registers have; the others read 0.
  private static let attributeBits: [UInt8] = [UInt8](repeating: 0x3F, count: 16) + [0xEF, 0xFF, 0x3F, 0x0F, 0x0F]
  private static let graphicsBits: [UInt8] = [0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF]
  private static let sequencerBits: [UInt8] = [0x03, 0x3D, 0x0F, 0x3F, 0x0E]

  private let ratio: TickRatio
  private var crt = mode3CRT
  private var attributes = mode3Attributes
  private var graphics = mode3Graphics
  private var sequencer = mode3Sequencer
  private var palette = [UInt8](repeating: 0, count: 768)
  private var crtIndex: UInt8 = 0
  /// Bit 5 keeps the display connected to the palette.
  private var attributeIndex: UInt8 = 0x20
  private var expectsAttributeData = false
  private var graphicsIndex: UInt8 = 0
  private var sequencerIndex: UInt8 = 0
  private var miscellaneous: UInt8 = 0x67
  private var featureControl: UInt8 = 0
  private var paletteMask: UInt8 = 0xFF
  /// The byte of `palette` that the next access of 0x3C9 reads or writes.
  private var paletteReadIndex: UInt16 = 0
  private var paletteWriteIndex: UInt16 = 0
  private var readsPalette = false
  /// The cells displayed at the last cut.
  private var shadow: [UInt8]

  init(frequency: ClockFrequency) {
    ratio = TickRatio(ticksPerSecond: Self.pixelsPerSecond, frequency: frequency)
    shadow = []
    forgetDisplayed()
  }

  /// Takes the display for empty: the next cut gives every cell that is not.
  mutating func forgetDisplayed() {
    shadow = []
    for _ in 0..<Self.screenCells { shadow += [0x20, 0x07] }
  }

  /// Writes what firmware leaves in text memory: spaces, light grey on black.
  static func clear(_ memory: UnsafeMutableRawPointer) {
    for cell in 0..<memoryCells {
      memory.storeBytes(of: 0x20, toByteOffset: cell * 2, as: UInt8.self)
      memory.storeBytes(of: 0x07, toByteOffset: cell * 2 + 1, as: UInt8.self)
    }
  }

  // MARK: Display

  private func word(_ high: UInt8, _ low: UInt8) -> Int { Int(crt[Int(high)]) << 8 | Int(crt[Int(low)]) }

  /// The cell of text memory in the upper left corner.
  private var startCell: Int { word(CRT.startHigh, CRT.startLow) }

  /// The offset in text memory of a displayed cell; the memory repeats.
  private func offset(ofCell cell: Int) -> Int { (startCell + cell) % Self.memoryCells * 2 }

  func screen(_ memory: UnsafeRawPointer) -> Screen {
    let cells = (0..<Self.screenCells).map { cell in
      let offset = offset(ofCell: cell)
      return Screen.Cell(
        character: memory.load(fromByteOffset: offset, as: UInt8.self),
        attribute: memory.load(fromByteOffset: offset + 1, as: UInt8.self))
    }
    let cursorCell = word(CRT.cursorHigh, CRT.cursorLow) - startCell
    let isCursorOn = cursorHasLines && (0..<Self.screenCells).contains(cursorCell)
    let (row, column) = cursorCell.quotientAndRemainder(dividingBy: Screen.columns)
    return Screen(cells: cells, cursor: isCursorOn ? Screen.Position(row: row, column: column) : nil)
  }

  /// Whether the cursor is on, and has lines within a character's: it begins at one, and ends at none before it.
  private var cursorHasLines: Bool {
    let start = crt[Int(CRT.cursorStart)]
    let lastLine = crt[Int(CRT.maximumScanLine)] & 0x1F
    return start & 0x20 == 0 && start & 0x1F <= min(crt[Int(CRT.cursorEnd)] & 0x1F, lastLine)
  }

  /// Gives each run of cells of a row that differ from what was displayed at the last cut, and displays them.
  mutating func cut(
    _ memory: UnsafeRawPointer, report: (_ row: Int, _ column: Int, _ cells: ArraySlice<UInt8>) -> Void
  ) {
    for row in 0..<Screen.rows where !isDisplayed(row, memory) {
      var column = 0
      while let run = takeRun(row, from: column, memory) {
        report(
          row, run.lowerBound,
          shadow[(row * Screen.columns + run.lowerBound) * 2..<(row * Screen.columns + run.upperBound) * 2])
        column = run.upperBound
      }
    }
  }

  /// Whether a row is as it was at the last cut: eight bytes at a time, for a cut mostly finds few rows changed.
  private func isDisplayed(_ row: Int, _ memory: UnsafeRawPointer) -> Bool {
    let rowBytes = Screen.columns * 2
    let start = offset(ofCell: row * Screen.columns)
    guard start + rowBytes <= Self.memoryCells * 2 else { return false }
    return shadow.withUnsafeBytes { shadow in
      var difference: UInt64 = 0
      for position in stride(from: 0, to: rowBytes, by: 8) {
        difference |=
          shadow.loadUnaligned(fromByteOffset: row * rowBytes + position, as: UInt64.self)
          ^ memory.loadUnaligned(fromByteOffset: start + position, as: UInt64.self)
      }
      return difference == 0
    }
  }

  /// Takes the next run of cells that differ over into the shadow; nil when the row has none at or after `column`.
  private mutating func takeRun(_ row: Int, from column: Int, _ memory: UnsafeRawPointer) -> Range<Int>? {
    let firstCell = row * Screen.columns
    let place = startCell + firstCell
    return shadow.withUnsafeMutableBytes { shadow in
      var start = column
      var end = column
      while end < Screen.columns {
        let cell = memory.load(fromByteOffset: (place + end) % Self.memoryCells * 2, as: UInt16.self)
        let displayed = shadow.load(fromByteOffset: (firstCell + end) * 2, as: UInt16.self)
        if cell != displayed {
          shadow.storeBytes(of: cell, toByteOffset: (firstCell + end) * 2, as: UInt16.self)
        } else if start == end {
          start += 1
        } else {
          break
        }
        end += 1
      }
      return start < end ? start..<end : nil
    }
  }

  // MARK: Ports

  /// Bit 0: not displaying; bit 3: vertical retrace.
  private func inputStatus1(at clock: Clock) -> UInt8 {
    let pixel = ratio.tick(at: clock) % (Self.pixelsPerLine * Self.linesPerFrame)
    let line = pixel / Self.pixelsPerLine
    let isBlank = line >= Self.displayedLines || pixel % Self.pixelsPerLine >= Self.displayedPixels
    return (isBlank ? 0x01 : 0) | (Self.retraceLines.contains(line) ? 0x08 : 0)
  }

  mutating func read(_ port: UInt16, clock: Clock) -> UInt8? {
    switch port {
    case 0x3C0: return attributeIndex
    case 0x3C1: return Self.register(attributes, attributeIndex & 0x1F)
    case 0x3C2: return 0x10  // Input status 0: a display is connected.
    case 0x3C4: return sequencerIndex
    case 0x3C5: return Self.register(sequencer, sequencerIndex)
    case 0x3C6: return paletteMask
    case 0x3C7: return readsPalette ? 3 : 0
    case 0x3C8: return UInt8(paletteWriteIndex / 3)
    case 0x3C9:
      defer { paletteReadIndex = (paletteReadIndex + 1) % 768 }
      return palette[Int(paletteReadIndex)]
    case 0x3CA: return featureControl
    case 0x3CC: return miscellaneous
    case 0x3CE: return graphicsIndex
    case 0x3CF: return Self.register(graphics, graphicsIndex)
    case 0x3D4: return crtIndex
    case 0x3D5: return Self.register(crt, crtIndex)
    case 0x3DA:
      expectsAttributeData = false
      return inputStatus1(at: clock)
    default: return nil
    }
  }

  /// A register of a bank, as an index selects it; one that does not exist reads 0.
  private static func register(_ bank: [UInt8], _ index: UInt8) -> UInt8 {
    Int(index) < bank.count ? bank[Int(index)] : 0
  }

  /// Whether the port is one of the VGA's.
  mutating func write(_ value: UInt8, to port: UInt16, wires: inout Wires) -> Bool {
    switch port {
    case 0x3C0: writeAttribute(value, wires: &wires)
    case 0x3C2:
      miscellaneous = value
      if value & 1 == 0 { wires.stop(.unmodelled("VGA registers at monochrome addresses (port 0x3c2, bit 0 clear)")) }
      if value & 2 == 0 { wires.stop(.unmodelled("VGA memory switched off (port 0x3c2, bit 1 clear)")) }
    case 0x3C4: sequencerIndex = value & 7
    case 0x3C5: writeSequencer(value, wires: &wires)
    case 0x3C6: paletteMask = value
    case 0x3C7:
      paletteReadIndex = UInt16(value) * 3
      readsPalette = true
    case 0x3C8:
      paletteWriteIndex = UInt16(value) * 3
      readsPalette = false
    case 0x3C9:
      palette[Int(paletteWriteIndex)] = value & 0x3F
      paletteWriteIndex = (paletteWriteIndex + 1) % 768
    case 0x3CE: graphicsIndex = value & 0x0F
    case 0x3CF: writeGraphics(value, wires: &wires)
    case 0x3D4: crtIndex = value & 0x3F
    case 0x3D5: writeCRT(value, wires: &wires)
    case 0x3DA: featureControl = value
    case 0x3C1, 0x3CA, 0x3CC: break  // For reading only.
    default: return false
    }
    return true
  }

  /// Planes 0 and 1, characters and attributes, are written by even and odd addresses; anything else reaches the planes in another way.
  private mutating func writeSequencer(_ value: UInt8, wires: inout Wires) {
    let index = Int(sequencerIndex)
    guard index < sequencer.count else { return }
    sequencer[index] = value & Self.sequencerBits[index]
    if index == 2 && value & 3 != 3 || index == 4 && value & 0x0C != 0 {
      wires.stop(
        .unmodelled(
          "VGA planes other than text's (sequencer register \(index) = \(hexadecimal(value, digits: 2)))"))
    }
  }

  private mutating func writeAttribute(_ value: UInt8, wires: inout Wires) {
    if !expectsAttributeData {
      attributeIndex = value & 0x3F
    } else if Int(attributeIndex & 0x1F) < attributes.count {
      attributes[Int(attributeIndex & 0x1F)] = value & Self.attributeBits[Int(attributeIndex & 0x1F)]
      if attributeIndex & 0x1F == 0x10, value & 1 != 0 {
        wires.stop(.unmodelled("a VGA graphics mode (attribute register 0x10 = \(hexadecimal(value, digits: 2)))"))
      }
    }
    expectsAttributeData.toggle()
  }

  private mutating func writeGraphics(_ value: UInt8, wires: inout Wires) {
    guard Int(graphicsIndex) < graphics.count else { return }
    graphics[Int(graphicsIndex)] = value & Self.graphicsBits[Int(graphicsIndex)]
    // Register 6: bit 0 graphics mode, bits 2 and 3 the window: 0xB8000 of 32 KiB.
    if graphicsIndex == 6, value & 0x0D != 0x0C {
      wires.stop(
        .unmodelled("a VGA graphics mode or memory window (graphics register 6 = \(hexadecimal(value, digits: 2)))"))
    }
    // Set/reset, rotation and logic, read and write modes, bit mask: as they are, a byte stored is the byte in memory.
    let isOtherAccess =
      switch graphicsIndex {
      case 1, 3: value & Self.graphicsBits[Int(graphicsIndex)] != 0
      case 5: value & 0x5B != 0x10
      case 8: value != 0xFF
      default: false
      }
    if isOtherAccess {
      wires.stop(
        .unmodelled(
          "a VGA memory access other than text's (graphics register \(graphicsIndex) = \(hexadecimal(value, digits: 2)))"
        ))
    }
  }

  private mutating func writeCRT(_ value: UInt8, wires: inout Wires) {
    guard Int(crtIndex) < crt.count else { return }
    // Bit 7 of register 0x11 protects registers 0…7, but for the line compare bit in register 7.
    if crtIndex <= 7, crt[Int(CRT.verticalRetraceEnd)] & 0x80 != 0 {
      if crtIndex == CRT.overflow { crt[7] = crt[7] & ~0x10 | value & 0x10 }
      return checkSplit(wires: &wires)
    }
    crt[Int(crtIndex)] = value
    let isOtherGeometry =
      switch crtIndex {
      case CRT.displayEnd, CRT.offset: value != Self.mode3CRT[Int(crtIndex)]
      case CRT.maximumScanLine: value & 0x9F != Self.mode3CRT[Int(crtIndex)] & 0x9F
      case CRT.modeControl: value & 0x43 != Self.mode3CRT[Int(crtIndex)] & 0x43
      default: false
      }
    if isOtherGeometry {
      wires.stop(
        .unmodelled(
          "a text mode other than 80×25 (CRT register \(hexadecimal(crtIndex, digits: 2)) = \(hexadecimal(value, digits: 2)))"
        ))
    }
    checkSplit(wires: &wires)
  }

  /// Below the line that the line compare registers name, the display begins at the first cell again.
  private func checkSplit(wires: inout Wires) {
    let line =
      Int(crt[Int(CRT.lineCompare)]) | Int(crt[Int(CRT.overflow)] & 0x10) << 4
      | Int(crt[Int(CRT.maximumScanLine)] & 0x40) << 3
    if line < Int(Self.displayedLines) { wires.stop(.unmodelled("a VGA screen split at line \(line)")) }
  }

  /// A write to the CRT data port now would change what is displayed.
  var selectsStartAddress: Bool { crtIndex == CRT.startHigh || crtIndex == CRT.startLow }

  // MARK: State

  /// Writes the registers, without what was displayed.
  func checkpointRegisters(into writer: inout ByteWriter) {
    for bank in [crt, attributes, graphics, sequencer, palette] { writer.bytes.append(contentsOf: bank) }
    for byte in [
      crtIndex, attributeIndex, graphicsIndex, sequencerIndex, miscellaneous, featureControl, paletteMask,
    ] {
      writer.append(byte)
    }
    writer.append(fixed: paletteReadIndex)
    writer.append(fixed: paletteWriteIndex)
    writer.append(expectsAttributeData)
    writer.append(readsPalette)
  }

  func checkpoint(into writer: inout ByteWriter) {
    checkpointRegisters(into: &writer)
    writer.bytes.append(contentsOf: shadow)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    crt = Array(try reader.take(Self.mode3CRT.count))
    attributes = Array(try reader.take(Self.mode3Attributes.count))
    graphics = Array(try reader.take(Self.mode3Graphics.count))
    sequencer = Array(try reader.take(Self.mode3Sequencer.count))
    palette = Array(try reader.take(768))
    crtIndex = try reader.byte()
    attributeIndex = try reader.byte()
    graphicsIndex = try reader.byte()
    sequencerIndex = try reader.byte()
    miscellaneous = try reader.byte()
    featureControl = try reader.byte()
    paletteMask = try reader.byte()
    paletteReadIndex = try reader.fixed(in: 0...767, "the read index of the VGA palette")
    paletteWriteIndex = try reader.fixed(in: 0...767, "the write index of the VGA palette")
    expectsAttributeData = try reader.flag()
    readsPalette = try reader.flag()
    shadow = Array(try reader.take(Self.screenCells * 2))
  }
}
