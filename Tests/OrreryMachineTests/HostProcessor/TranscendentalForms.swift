#if arch(x86_64)
/// The transcendental x87 instructions. Processors err in the last place of their results, by 1 unit to the nearest and by 1.5 in the other rounding modes (Intel SDM
/// volume 1, 8.3.10), so that only the rest of the state is compared exactly.
extension FloatingPointForm {
  static let transcendentalForms: [FloatingPointForm] = {
    let codes: [(String, UInt8)] = [
      ("f2xm1", 0xF0), ("fyl2x", 0xF1), ("fptan", 0xF2), ("fpatan", 0xF3), ("fyl2xp1", 0xF9), ("fsincos", 0xFB),
      ("fsin", 0xFE), ("fcos", 0xFF),
    ]
    return codes.map { name, code in
      FloatingPointForm(name: name, opcode: [0xD9], coding: .single(code), isX87: true, ulps: 2)
    }
  }()

  /// Keeps the operands where the manual defines the result, and the result is not exact: there processors report an inexact one nevertheless.
  func confine(_ context: inout X87Context) {
    guard ulps > 0 else { return }
    let exponent = context.registers[1] & 0x7FFF
    let isFinite = exponent < 0x7FFF
    switch name {
    case "f2xm1":
      // From -1 to 1, without these.
      if isFinite && exponent >= 0x3FFF { context.registers[1] -= exponent - 0x3FFE }
      if exponent == 0x7FFF && context.registers[0] == 1 << 63 { context.registers[1] = 0 }
    case "fyl2xp1":
      // Up to a quarter either way is within the range.
      if isFinite && exponent >= 0x3FFD { context.registers[1] -= exponent - 0x3FFC }
      if exponent == 0x7FFF && context.registers[0] == 1 << 63 { context.registers[1] = 0 }
    case "fyl2x":
      // No power of two, of which the logarithm is a whole number, but 1.
      let isPower = isFinite && context.registers[0].nonzeroBitCount == 1
      if isPower && (exponent != 0x3FFF || context.registers[0] != 1 << 63) {
        context.registers[0] |= context.registers[0] == 1 ? 2 : 1
      }
    default: break
    }
  }
}

extension X87Context {
  /// Whether the status and each register are the other's, but for some units of the last place and what the direction of rounding decides: C1 of an inexact
  /// result.
  func isNear(_ other: X87Context, ulps: UInt64) -> Bool {
    let isInexact = status & other.status & 0x20 != 0
    guard (status ^ other.status) & (isInexact ? ~0x200 : .max) == 0 else { return false }
    return (0..<8).allSatisfy { isNear(other, register: $0, ulps: ulps) }
  }

  private func isNear(_ other: X87Context, register: Int, ulps: UInt64) -> Bool {
    let (mine, others) = (registers[2 * register + 1] & 0xFFFF, other.registers[2 * register + 1] & 0xFFFF)
    let (significand, otherSignificand) = (registers[2 * register], other.registers[2 * register])
    if mine == others && significand == otherSignificand { return true }
    guard (mine ^ others) & 0x8000 == 0, mine & 0x7FFF < 0x7FFF, others & 0x7FFF < 0x7FFF else { return false }
    /// Where a number stands among those of its sign.
    func rank(_ exponent: UInt64, _ significand: UInt64) -> UInt128 {
      UInt128(exponent & 0x7FFF) << 63 | UInt128(significand & ~(1 << 63))
    }
    let (a, b) = (rank(mine, significand), rank(others, otherSignificand))
    return max(a, b) - min(a, b) <= UInt128(ulps)
  }
}
#endif
