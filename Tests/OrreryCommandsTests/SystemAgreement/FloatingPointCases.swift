/// The x87 unit, MMX and SSE in 16- and 32-bit code: what FNSAVE and FNSTENV store in every format, what FRSTOR and FLDENV make of it, memory operands
/// of every size, and exceptions that wait.
///
/// bx and edi hold the same address, so that ModRM bytes with these as base mean it with 16- and with 32-bit addresses.
enum FloatingPointCases {
  private typealias Map = GuestMap

  private static let modes: [SystemCase.Mode] = [.kernel32, .user32, .kernel16, .user16]
  /// Where things are stored, and an operand behind it.
  private static let place: UInt64 = 0x200

  /// fninit; fld1; fldpi; fldz; fld qword [place + 0x78]; fadd st, st(2); fxch; fcom
  private static let prepared: [UInt8] = [
    0xDB, 0xE3, 0xD9, 0xE8, 0xD9, 0xEB, 0xD9, 0xEE, 0xDD, 0x47, 0x78, 0xD8, 0xC2, 0xD9, 0xC9, 0xD8, 0xD1,
  ]

  static func units(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in modes {
      for isWide in [true, false] {
        let size: [UInt8] = isWide == mode.is16 ? [0x66] : []
        func add(
          _ what: String, _ code: [UInt8], pokes: [(UInt64, UInt64)] = [], without: [UInt8] = []
        ) {
          // What lies in the reserved halves of words, and the opcode, QEMU does not keep as processors do.
          let open: [UInt8] = isWide ? [2, 6, 10, 18, 26] : []
          let name = "\(what), \(isWide ? "32" : "16")-bit image, \(mode)"
          let all = code + (open + without).flatMap { cleared($0, mode) }
          cases.append(make(name, mode, isLong: isLong, all).with(pokes: pokes))
        }
        let pointers = stride(from: isWide ? 12 : 6, to: isWide ? 28 : 14, by: 2).map { UInt8($0) }
        add("fnsave", prepared + size + [0xDD, 0x77, 0])
        add("fnstenv", prepared + size + [0xD9, 0x77, 0])
        add("fnsave after fninit", [0xDB, 0xE3] + size + [0xDD, 0x77, 0])
        // QEMU loads no pointers.
        let image = environment(isWide: isWide)
        add(
          "fldenv; fnsave", prepared + size + [0xD9, 0x67, 0] + size + [0xDD, 0x77, 0], pokes: image, without: pointers)
        add("frstor; fnsave", size + [0xDD, 0x67, 0] + size + [0xDD, 0x77, 0], pokes: image, without: pointers)
        // QEMU leaves the exponents of MMX registers as they were, and so the tags: of mm1 and mm2 here.
        let start: UInt8 = isWide ? 28 : 14
        let exponents = [isWide ? 8 : 4, start + 18, start + 28]
        add(
          "fnsave of MMX", [0xDB, 0xE3, 0x0F, 0x6F, 0x4F, 0x78, 0x0F, 0xFC, 0xD1] + size + [0xDD, 0x77, 0],
          without: exponents)
        add(
          "fnsave after emms", prepared + [0x0F, 0x6F, 0x4F, 0x78, 0x0F, 0x77] + size + [0xDD, 0x77, 0],
          without: [start + 18])
      }
      for (name, code) in operands {
        var item = make("\(name), \(mode)", mode, isLong: isLong, code)
        if name.hasPrefix("#MF at") && name != "#MF at fwait" {
          item = item.differing(
            "Volume 1, 8.7, and volume 3, 13.5: an exception of x87 that waits comes before the next instruction of x87 or MMX. QEMU executes it.",
            manual: "vector=10")
        }
        cases.append(item)
      }
    }
    return cases
  }

  /// mov word [place + offset], 0
  private static func cleared(_ offset: UInt8, _ mode: SystemCase.Mode) -> [UInt8] {
    (mode.is16 ? [] : [0x66]) + [0xC7, 0x47, offset, 0, 0]
  }

  /// Each begins with FNCLEX, FRSTOR of an image of zeros and FNINIT: what an earlier case left in the registers counts otherwise.
  private static func make(_ name: String, _ mode: SystemCase.Mode, isLong: Bool, _ code: [UInt8]) -> SystemCase {
    let restore: [UInt8] = mode.is16 ? [0x66, 0xDD, 0x24] : [0xDD, 0x26]
    var item = SystemCase(name, mode, isLong: isLong, [0xDB, 0xE2] + restore + [0xDB, 0xE3] + code)
    item[.rsi] = place + 0x200
    for field in [StateField.ds, .es] { item[field] = Map.Selector.smallUserData }
    for field in [StateField.rbx, .rdi] { item[field] = place }
    item[.rax] = 0x1234
    // A control word that unmasks division by zero, and an operand.
    item.pokes = [(Map.data + place + 0x70, 0x037B), (Map.data + place + 0x78, 0xC009_21FB_5444_2D18)]
    item.pokes += stride(from: 0, to: 112, by: 8).map { (Map.data + place + 0x200 + $0, 0) }
    item.peeks = stride(from: Map.data + place, to: Map.data + place + 0x70, by: isLong ? 8 : 4).map { $0 }
    return item
  }

  /// An environment to load: single precision towards zero, a stack whose top is R3 with R2 and R5 empty, flags, pointers.
  private static func environment(isWide: Bool) -> [(UInt64, UInt64)] {
    let words: [UInt64] = [0x0C7F, 0x1A24, 0x0C30, 0x5678, 0x0018, 0x9ABC, 0x0020]
    var bytes: [UInt8] = []
    for word in words {
      bytes += (0..<(isWide ? 4 : 2)).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }
    bytes += (0..<80).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    bytes += [UInt8](repeating: 0, count: -bytes.count & 7)
    return stride(from: 0, to: bytes.count, by: 8).map { offset in
      let value = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
      return (Map.data + place + UInt64(offset), value)
    }
  }

  /// Memory operands of every size and kind, then a look at the result.
  private static let operands: [(String, [UInt8])] = [
    ("fst m32", prepared + [0xD9, 0x57, 0]), ("fstp m64", prepared + [0xDD, 0x5F, 0]),
    ("fstp m80", prepared + [0xDB, 0x7F, 0]), ("fist m16", prepared + [0xDF, 0x57, 0]),
    ("fistp m32", prepared + [0xDB, 0x5F, 0]), ("fistp m64", prepared + [0xDF, 0x7F, 0]),
    ("fbstp", prepared + [0xDF, 0x77, 0]), ("fild m16; fstp m80", prepared + [0xDF, 0x47, 0x78, 0xDB, 0x7F, 0]),
    ("fild m32; fstp m80", prepared + [0xDB, 0x47, 0x78, 0xDB, 0x7F, 0]),
    ("fild m64; fstp m80", prepared + [0xDF, 0x6F, 0x78, 0xDB, 0x7F, 0]),
    ("fld m32; fstp m80", prepared + [0xD9, 0x47, 0x78, 0xDB, 0x7F, 0]),
    ("fld m80; fstp m80", prepared + [0xDB, 0x6F, 0x78, 0xDB, 0x7F, 0]),
    ("fiadd m16; fstp m64", prepared + [0xDE, 0x47, 0x78, 0xDD, 0x5F, 0]),
    ("fidiv m32; fstp m64", prepared + [0xDA, 0x77, 0x78, 0xDD, 0x5F, 0]),
    ("fnstcw", prepared + [0xD9, 0x7F, 0]), ("fnstsw", prepared + [0xDD, 0x7F, 0]),
    ("fnstsw ax", prepared + [0xDF, 0xE0]), ("fcomi", prepared + [0xDB, 0xF1]),
    ("fldz; fsin; fstp", [0xDB, 0xE3, 0xD9, 0xEE, 0xD9, 0xFE, 0xDB, 0x7F, 0]),
    ("fldz; fsincos; fstp", [0xDB, 0xE3, 0xD9, 0xEE, 0xD9, 0xFB, 0xDB, 0x7F, 0]),
    ("fld1; f2xm1; fstp", [0xDB, 0xE3, 0xD9, 0xE8, 0xD9, 0xF0, 0xDB, 0x7F, 0]),
    // An exception that is not masked waits for the next instruction that waits.
    ("#MF at fwait", divided + [0x9B]), ("#MF at fld1", divided + [0xD9, 0xE8]),
    ("#MF at paddb", divided + [0x0F, 0xFC, 0xC1]), ("#MF at emms", divided + [0x0F, 0x77]),
    ("#MF at movq", divided + [0x0F, 0x7F, 0x47, 0x10]), ("#MF at cvtps2pi", divided + [0x0F, 0x2D, 0xC1]),
    ("#MF at movq2dq", divided + [0xF3, 0x0F, 0xD6, 0xC1]), ("no #MF at addps", divided + [0x0F, 0x58, 0xC1]),
    ("no #MF at fnstsw", divided + [0xDF, 0xE0, 0xB4, 0]), ("no #MF at fnclex", divided + [0xDB, 0xE2, 0x9B]),
    // MMX and SSE.
    ("movd; movq", [0x0F, 0x6E, 0x47, 0x78, 0x0F, 0x7F, 0x47, 0]),
    ("movd eax", [0x0F, 0x6F, 0x47, 0x78, 0x0F, 0x7E, 0xC0]),
    ("pshufw; movntq", [0x0F, 0x70, 0x47, 0x78, 0x1B, 0x0F, 0xE7, 0x47, 0]),
    ("pinsrw; pextrw", [0x0F, 0xC4, 0x47, 0x78, 2, 0x0F, 0xC5, 0xC0, 2]),
    ("pmovmskb", [0x0F, 0x6F, 0x47, 0x78, 0x0F, 0xD7, 0xC0]),
    ("maskmovq", [0x0F, 0x6F, 0x47, 0x78, 0x0F, 0xF7, 0xC0]),
    ("maskmovdqu", [0xF3, 0x0F, 0x6F, 0x47, 0x78, 0x66, 0x0F, 0xF7, 0xC0]),
    ("cvtpi2ps; movups", [0x0F, 0x57, 0xC0, 0x0F, 0x2A, 0x47, 0x78, 0x0F, 0x11, 0x47, 0]),
    ("cvtpi2pd; movups", [0x66, 0x0F, 0x2A, 0x47, 0x78, 0x0F, 0x11, 0x47, 0]),
    ("cvttps2pi; movq", [0x0F, 0x2C, 0x47, 0x78, 0x0F, 0x7F, 0x47, 0]),
    ("cvtpd2pi", [0x66, 0x0F, 0x2D, 0x47, 0x70, 0x0F, 0x7F, 0x47, 0]),
    ("cvtsi2sd; cvttsd2si", [0xF2, 0x0F, 0x2A, 0x47, 0x78, 0xF2, 0x0F, 0x2C, 0xC0]),
    ("addsd; movsd", [0xF2, 0x0F, 0x10, 0x47, 0x78, 0xF2, 0x0F, 0x58, 0xC0, 0xF2, 0x0F, 0x11, 0x47, 0]),
    ("comisd", [0xF2, 0x0F, 0x10, 0x47, 0x78, 0x66, 0x0F, 0x2F, 0x47, 0x70]),
  ]

  /// fninit; fldcw [place + 0x70]; fld1; fldz; fdivp
  private static let divided: [UInt8] = [0xDB, 0xE3, 0xD9, 0x6F, 0x70, 0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9]
}
