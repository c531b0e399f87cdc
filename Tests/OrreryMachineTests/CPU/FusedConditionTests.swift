import Testing

@testable import OrreryMachine

/// What looks at flags gives the same whether it is one operation with what wrote them or executed by itself.
struct FusedConditionTests {
  private typealias Guest = LongModeGuest

  /// Writes the flags from RAX and RBX.
  private static let producers: [(name: String, code: [UInt8])] = [
    ("cmp rax, rbx", [0x48, 0x39, 0xD8]), ("cmp eax, ebx", [0x39, 0xD8]), ("cmp ax, bx", [0x66, 0x39, 0xD8]),
    ("cmp al, bl", [0x38, 0xD8]), ("cmp rax, -3", [0x48, 0x83, 0xF8, 0xFD]), ("cmp eax, 0x14", [0x83, 0xF8, 0x14]),
    ("cmp al, 0x80", [0x3C, 0x80]), ("cmp rax, [r8]", [0x49, 0x3B, 0x00]), ("cmp eax, [r8]", [0x41, 0x3B, 0x00]),
    ("test rax, rbx", [0x48, 0x85, 0xD8]), ("test eax, ebx", [0x85, 0xD8]), ("test ax, bx", [0x66, 0x85, 0xD8]),
    ("test al, bl", [0x84, 0xD8]), ("test rax, -16", [0x48, 0xA9, 0xF0, 0xFF, 0xFF, 0xFF]),
    ("test eax, 0x80000001", [0xA9, 0x01, 0, 0, 0x80]), ("test al, 0x81", [0xA8, 0x81]),
    ("sub rax, rbx", [0x48, 0x29, 0xD8]), ("add rax, rbx", [0x48, 0x01, 0xD8]), ("and rax, rbx", [0x48, 0x21, 0xD8]),
    ("xor al, bl", [0x30, 0xD8]), ("dec rax", [0x48, 0xFF, 0xC8]), ("inc eax", [0xFF, 0xC0]),
    ("shr rax, 1", [0x48, 0xD1, 0xE8]), ("bt rax, rbx", [0x48, 0x0F, 0xA3, 0xD8]), ("neg eax", [0xF7, 0xD8]),
  ]

  /// Comes in between and leaves the flags alone.
  private static let gaps: [(name: String, code: [UInt8])] = [
    ("nothing", []), ("mov rdi, rbp", [0x48, 0x89, 0xEF]), ("mov edi, ebp", [0x89, 0xEF]), ("mov cl, 5", [0xB1, 5]),
    ("mov ecx, 5", [0xB9, 5, 0, 0, 0]), ("not rcx", [0x48, 0xF7, 0xD1]), ("mov rdi, rax", [0x48, 0x89, 0xC7]),
    ("mov rax, rdi", [0x48, 0x89, 0xF8]), ("mov ah, 5", [0xB4, 5]), ("mov rbx, rdi", [0x48, 0x89, 0xFB]),
    ("mov rdi, rbp; lea rcx, [rcx + 7]", [0x48, 0x89, 0xEF, 0x48, 0x8D, 0x49, 0x07]),
  ]

  /// CMOVcc RDX, RSI; CMOVcc EDX, ESI; SETcc DL; Jcc over MOV DL, 7.
  private static func consumers(_ condition: UInt8) -> [[UInt8]] {
    [
      [0x48, 0x0F, 0x40 | condition, 0xD6], [0x0F, 0x40 | condition, 0xD6], [0x0F, 0x90 | condition, 0xC2],
      [0x70 | condition, 0x02, 0xB2, 0x07],
    ]
  }

  private static let operands: [(UInt64, UInt64)] = [
    (0, 0), (1, 2), (2, 1), (0x14, 0x14), (0x8000_0000_0000_0000, 1), (0x7FFF_FFFF_FFFF_FFFF, .max), (.max, 0),
    (0x1_0000_0000, 0x8000_0000), (0x8000_0080, 0x7F), (0xFF80, 0xFF7F), (0x1234_5678_9ABC_DEF0, 0x8181_8181_8181_8181),
  ]

  @Test(arguments: producers.indices)
  func nothingDependsOnWhatIsFused(producer: Int) {
    for condition in UInt8(0)..<16 {
      for gap in Self.gaps {
        for consumer in Self.consumers(condition) {
          let guest = Guest(Self.producers[producer].code + gap.code + consumer + [0xF4])
          for (left, right) in Self.operands {
            // First one step at a time, so that each instruction is a block of its own; then as one block.
            let states = [1, 100].map { stride in
              Self.state(of: guest, left, right, stride: UInt64(stride))
            }
            #expect(
              states[0] == states[1],
              "\(Self.producers[producer].name), \(gap.name), \(consumer), \(left), \(right)")
          }
        }
      }
    }
  }

  /// The registers and flags at the end of the guest's code.
  private static func state(of guest: Guest, _ left: UInt64, _ right: UInt64, stride: UInt64) -> [UInt64] {
    guest.store(0x2_0000, right)
    for register in 0..<16 where register != 4 { guest.cpu.pointee.gpr[register] = UInt64(register) << 40 | 0x1111 }
    guest.cpu.pointee.gpr[0] = left
    guest.cpu.pointee.gpr[3] = right
    guest.cpu.pointee.gpr[8] = 0x2_0000
    guest.cpu.setFlags(0)
    guest.cpu.pointee.rip = Guest.code
    guest.cpu.pointee.isHalted = false
    while !guest.cpu.pointee.isHalted { guest.run(steps: stride) }
    return (0..<16).map { guest.cpu.pointee.gpr[$0] } + [guest.cpu.flags, guest.cpu.pointee.rip]
  }
}
