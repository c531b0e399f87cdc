#if arch(x86_64)
import Testing

@testable import OrreryMachine

extension HostProcessorTests {
  /// Every ALU operation right before every condition, on operands around each carry and overflow: what the machine makes one operation of, or answers
  /// from what the operation left behind, the host does one after the other.
  @Test func conditionsAfterArithmeticAgreeWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    for operation in Self.operations {
      for condition in 0..<16 as Range<UInt8> {
        for (left, right) in Self.operands(bits: operation.bits) {
          var test = InstructionCase(
            seed: 0, code: CodeBytes(operation.code + Self.user(of: condition)), context: RegisterContext(),
            data: CaseData(repeating: 0), names: [operation.name], undefined: operation.undefined)
          test.context.registers = [left, right, 0x1234, 5, 0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
          test.context.registers[4] = HostProcessor.dataAddress + 32
          let difference = compare(test, host, guest)
          try #require(difference == nil, "condition \(condition) of \(left) and \(right): \(difference ?? "")")
        }
      }
    }
  }

  private struct Arithmetic {
    var name: String
    var bits: Int
    var code: [UInt8]
    var undefined: ArithmeticFlags = []
  }

  /// Jcc over a MOV: the jump ends the block, and what follows tells whether it was taken.
  private static func user(of condition: UInt8) -> [UInt8] {
    [0x70 | condition, 3] + [0x48, 0x89, 0xD6]  // jcc +3; mov rsi, rdx
  }

  /// RAX with RCX or an immediate, in four sizes, by itself and after a MOV into RAX that the machine folds into it.
  private static let operations: [Arithmetic] = [8, 16, 32, 64].flatMap { bits -> [Arithmetic] in
    let prefix: [UInt8] = bits == 16 ? [0x66] : bits == 64 ? [0x48] : []
    let wide: UInt8 = bits == 8 ? 0 : 1
    var all: [Arithmetic] = []
    for (index, name) in ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"].enumerated() {
      let number = UInt8(index)
      let undefined: ArithmeticFlags = ["or", "and", "xor"].contains(name) ? .adjust : []
      let registers = prefix + [number << 3 | wide, 0xC8]
      all.append(Arithmetic(name: "\(name) \(bits)", bits: bits, code: registers, undefined: undefined))
      let moved: [UInt8] = [0x48, 0x89, 0xC3] + prefix + [number << 3 | wide, 0xCB]  // mov rbx, rax; op rbx, rcx
      all.append(Arithmetic(name: "mov, \(name) \(bits)", bits: bits, code: moved, undefined: undefined))
      for immediate: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        let code = prefix + [0x82 | wide, 0xC0 | number << 3, immediate]
        // 0x82 is invalid in 64-bit mode: bytes take 0x80.
        let valid = bits == 8 ? [0x80] + code.dropFirst() : code
        all.append(Arithmetic(name: "\(name) \(bits), \(immediate)", bits: bits, code: valid, undefined: undefined))
      }
    }
    all.append(Arithmetic(name: "test \(bits)", bits: bits, code: prefix + [0x84 | wide, 0xC8], undefined: .adjust))
    all.append(Arithmetic(name: "inc \(bits)", bits: bits, code: prefix + [0xFE | wide, 0xC0]))
    all.append(Arithmetic(name: "dec \(bits)", bits: bits, code: prefix + [0xFE | wide, 0xC8]))
    all.append(Arithmetic(name: "neg \(bits)", bits: bits, code: prefix + [0xF6 | wide, 0xD8]))
    return all
  }

  /// Pairs of what lies around zero, the largest signed and the largest unsigned number of `bits`, with ones above them.
  private static func operands(bits: Int) -> [(UInt64, UInt64)] {
    let all: UInt64 = .max >> (64 - UInt64(bits))
    let sign = all ^ all >> 1
    let above = bits == 64 ? 0 : UInt64.max << UInt64(bits) & 0x0123_4567_89AB_CDEF
    let numbers = [0, 1, sign - 1, sign, sign + 1, all]
    return numbers.flatMap { left in numbers.map { right in (left | above, right | above) } }
  }
}
#endif
