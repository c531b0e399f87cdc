/// Where things are in the memory of the guest that runs the system cases, and what its tables hold. Everything from `tables` on is put back before
/// each case, so that no case sees what another did.
enum GuestMap {
  static let code: UInt64 = GuestImage.base
  /// What the handler saved, one field of eight bytes after another.
  static let saved: UInt64 = 0x1F_0000
  static let harnessStack: UInt64 = 0x1F_F000

  static let tables: UInt64 = 0x20_0000
  static let tablesSize: UInt64 = 0x1_0000
  static let gdt: UInt64 = 0x20_0000
  static let idt: UInt64 = 0x20_1000
  static let task: UInt64 = 0x20_2000
  static let secondTask: UInt64 = 0x20_2800
  /// Four-level paging, and below `directory` PAE paging as well.
  static let rootTable: UInt64 = 0x20_3000
  static let directoryPointers: UInt64 = 0x20_4000
  static let directory: UInt64 = 0x20_5000
  /// The tables that lead to `window`.
  static let windowPointers: UInt64 = 0x20_6000
  static let windowDirectory: UInt64 = 0x20_7000
  static let windowTable: UInt64 = 0x20_8000
  /// Two-level paging.
  static let shortDirectory: UInt64 = 0x20_9000
  static let shortTable: UInt64 = 0x20_A000
  /// The four entries of PAE paging.
  static let rootOfThree: UInt64 = 0x20_B000
  static let ldt: UInt64 = 0x20_B800
  static let kernelStack: UInt64 = 0x20_C800
  static let stackOfLevel0: UInt64 = 0x20_D000
  static let interruptStack1: UInt64 = 0x20_D800
  static let interruptStack7: UInt64 = 0x20_E000
  static let userStack: UInt64 = 0x20_E800

  static let data: UInt64 = 0x30_0000
  static let dataSize: UInt64 = 0x2000

  static let pristine: UInt64 = 0x70_0000
  static let caseCode: UInt64 = 0x60_0000
  /// The base of the 16-bit code segments.
  static let shortCode: UInt64 = 0x68_0000
  static let records: UInt64 = 0x80_0000
  static let lists: UInt64 = 0xA0_0000

  /// The data pages once more, through page-table entries that cases change. The same offset serves pages of every size.
  static let window: UInt64 = 0x80_0030_0000
  static let shortWindow: UInt64 = 0x8030_0000

  /// The selectors of the GDT.
  enum Selector {
    static let code: UInt64 = 0x08
    static let data: UInt64 = 0x10
    static let userCode32: UInt64 = 0x18 | 3
    static let userData: UInt64 = 0x20 | 3
    static let userCode: UInt64 = 0x28 | 3
    static let code32: UInt64 = 0x30
    static let code16: UInt64 = 0x38
    static let userCode16: UInt64 = 0x40 | 3
    /// 16-bit stacks, whose segment begins at `tables`.
    static let data16: UInt64 = 0x48
    static let userData16: UInt64 = 0x50 | 3
    static let conforming: UInt64 = 0x58
    static let absentData: UInt64 = 0x60
    static let readOnlyUserData: UInt64 = 0x68 | 3
    static let executeOnlyUserCode: UInt64 = 0x70 | 3
    static let expandDown: UInt64 = 0x78
    static let task: UInt64 = 0x80
    static let ldt: UInt64 = 0x90
    static let absentCode: UInt64 = 0xA0
    static let longAndBigCode: UInt64 = 0xA8
    static let smallUserData: UInt64 = 0xC0 | 3
    static let absentUserCode: UInt64 = 0xC8 | 3
    static let userConforming: UInt64 = 0xD0 | 3
    static let interruptGate: UInt64 = 0xD8
    static let secondTask: UInt64 = 0xE8
    /// The first selector beyond the table.
    static let beyond: UInt64 = 0x100
  }

  /// A segment descriptor (Intel SDM volume 3, 3.4.5). `access` is its sixth byte, `size` the upper half of the seventh.
  static func descriptor(base: UInt64 = 0, limit: UInt64 = 0xF_FFFF, access: UInt64, size: UInt64) -> UInt64 {
    limit & 0xFFFF | (base & 0xFF_FFFF) << 16 | access << 40 | (limit >> 16 & 0xF) << 48 | size << 52
      | (base >> 24 & 0xFF) << 56
  }

  private static func globalDescriptors(isLong: Bool) -> [UInt64: UInt64] {
    let native: UInt64 = isLong ? 0xA : 0xC
    return [
      Selector.code: descriptor(access: 0x9B, size: native), Selector.data: descriptor(access: 0x93, size: 0xC),
      Selector.userCode32: descriptor(access: 0xFB, size: 0xC), Selector.userData: descriptor(access: 0xF3, size: 0xC),
      Selector.userCode: descriptor(access: 0xFB, size: native), Selector.code32: descriptor(access: 0x9B, size: 0xC),
      Selector.code16: descriptor(base: shortCode, limit: 0xFFFF, access: 0x9B, size: 0),
      Selector.userCode16: descriptor(base: shortCode, limit: 0xFFFF, access: 0xFB, size: 0),
      Selector.data16: descriptor(base: tables, limit: 0xFFFF, access: 0x93, size: 0),
      Selector.userData16: descriptor(base: tables, limit: 0xFFFF, access: 0xF3, size: 0),
      Selector.conforming: descriptor(access: 0x9F, size: native),
      Selector.absentData: descriptor(access: 0x13, size: 0xC),
      Selector.readOnlyUserData: descriptor(access: 0xF1, size: 0xC),
      Selector.executeOnlyUserCode: descriptor(access: 0xF9, size: 0xC),
      Selector.expandDown: descriptor(limit: 0x2FF, access: 0x97, size: 0xC),
      Selector.task: descriptor(base: task, limit: 0x1FF, access: 0x89, size: 0),
      Selector.ldt: descriptor(base: ldt, limit: 0x3F, access: 0x82, size: 0),
      Selector.absentCode: descriptor(access: 0x1B, size: native),
      Selector.longAndBigCode: descriptor(access: 0x9B, size: 0xE),
      Selector.smallUserData: descriptor(base: data, limit: 0xFFF, access: 0xF3, size: 0x4),
      Selector.absentUserCode: descriptor(access: 0x7B, size: native),
      Selector.userConforming: descriptor(access: 0xFF, size: native),
      Selector.interruptGate: gate(0x21, isLong: isLong).0,
      Selector.secondTask: descriptor(base: secondTask, limit: 0x67, access: 0x89, size: 0),
    ]
  }

  /// The two halves of a gate to the handler of `vector`; outside IA-32e mode there is only the first.
  static func gate(
    _ vector: Int, isLong: Bool, selector: UInt64 = Selector.code, access: UInt64 = 0x8E, stack: UInt64 = 0
  ) -> (UInt64, UInt64) {
    let offset = SystemGuest.stub(vector)
    return (offset & 0xFFFF | selector << 16 | stack << 32 | access << 40 | (offset >> 16) << 48, 0)
  }

  /// Where the gate of `vector` is.
  static func gateAddress(_ vector: Int, isLong: Bool = true) -> UInt64 { idt + UInt64(vector * (isLong ? 16 : 8)) }

  /// The tables before each case, and after them the data.
  static func pristineBytes(isLong: Bool) -> [UInt8] {
    var memory = [UInt8](repeating: 0, count: Int(tablesSize + dataSize))
    func put(_ address: UInt64, _ value: UInt64) {
      for index in 0..<8 {
        memory[Int(address - tables) + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
      }
    }
    for (selector, value) in globalDescriptors(isLong: isLong) { put(gdt + selector & ~7, value) }
    for vector in 0..<256 {
      let access: UInt64 = [3, 4, 0x80].contains(vector) ? 0xEE : 0x8E
      let (low, high) = gate(vector, isLong: isLong, access: access, stack: isLong && vector == 8 ? 7 : 0)
      put(gateAddress(vector, isLong: isLong), low)
      if isLong { put(gateAddress(vector) + 8, high) }
    }
    if isLong {
      put(task + 4, stackOfLevel0)
      put(task + 36, interruptStack1)
      put(task + 36 + 48, interruptStack7)
    } else {
      put(task + 4, stackOfLevel0 | Selector.data << 32)
    }
    put(task + 0x60, 0x0068 << 48)
    for place in stride(from: task + 0x68, to: task + 0x200, by: 8) { put(place, .max) }
    // Accessed and dirty throughout: the processor has nothing to write there.
    put(rootTable, directoryPointers | 0x27)
    put(rootTable + 8, windowPointers | 0x27)
    put(directoryPointers, directory | 0x27)
    for index in 0..<UInt64(32) { put(directory + index * 8, index << 21 | 0xE7) }
    put(windowPointers, windowDirectory | 0x27)
    put(windowDirectory + 8, windowTable | 0x27)
    put(windowTable + 0x100 * 8, data | 0x67)
    put(windowTable + 0x101 * 8, data + 0x1000 | 0x67)
    for index in stride(from: 0 as UInt64, to: 16, by: 2) {
      put(shortDirectory + index * 4, index << 22 | 0xE7 | (index + 1) << 54 | 0xE7 << 32)
    }
    put(shortDirectory + 0x200 * 4, shortTable | 0x27)
    put(shortTable + 0x300 * 4, data | 0x67 | (data + 0x1000 | 0x67) << 32)
    put(rootOfThree, directory | 1)
    put(rootOfThree + 16, windowDirectory | 1)
    put(ldt, descriptor(access: 0xF3, size: 0xC))
    put(ldt + 8, descriptor(access: 0xFB, size: isLong ? 0xA : 0xC))
    put(ldt + 16, descriptor(access: 0x93, size: 0xC))
    // Data that no two places share, and at 0x800 the way back to the handler.
    for offset in stride(from: 0, to: dataSize, by: 8) {
      put(tables + tablesSize + offset, 0x1122_3344_5566_0000 &+ offset &* 0x0001_0001_0001_0001)
    }
    put(tables + tablesSize + 0x800, 0x9090_9090_9090_80CD)
    return memory
  }
}
