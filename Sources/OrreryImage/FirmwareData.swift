internal import OrreryBase

/// What a PC's firmware keeps in memory for whoever comes after it: the data area of the BIOS at 0x400 and the extended one below 640 KiB. Kernels look
/// there for where tables may lie and which serial ports there are.
///
/// Fields are those of the IBM PC AT's technical reference, with the values that this machine's devices have.
enum FirmwareData {
  static let range: Range<UInt64> = 0x400..<0x500
  static let extendedStart = MemoryMap.firmwareArea.lowerBound

  static var bytes: [UInt8] {
    var area = [UInt8](repeating: 0, count: range.count)
    func set(_ address: UInt64, _ value: UInt64, size: Int = 2) {
      for index in 0..<size {
        area[Int(address - range.lowerBound) + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
      }
    }
    set(0x400, 0x3F8)  // COM1
    set(0x402, 0x2F8)  // COM2
    set(0x40E, extendedStart >> 4)  // segment of the extended area
    set(0x410, 0x0422)  // equipment: floating-point unit, 80-column colour display, two serial ports
    set(0x413, extendedStart >> 10)  // conventional memory in KiB
    set(0x41A, 0x1E)  // keyboard buffer: head, tail
    set(0x41C, 0x1E)
    set(0x449, 3, size: 1)  // video mode
    set(0x44A, 80)  // columns
    set(0x44C, 0x1000)  // bytes of a page of the display
    set(0x463, 0x3D4)  // CRT controller
    set(0x480, 0x1E)  // keyboard buffer: start, end
    set(0x482, 0x3E)
    set(0x484, 24, size: 1)  // rows, less one
    set(0x485, 16)  // scan lines of a character
    set(0x496, 0x10, size: 1)  // enhanced keyboard
    return area
  }

  /// The size of the extended area in KiB, its only field that is not the firmware's own.
  static let extendedBytes: [UInt8] = [1]
}
