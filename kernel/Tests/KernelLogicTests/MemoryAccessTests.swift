import KernelLogic
import Testing

/// Instructions as an assembler writes them, with the bytes that the manual's opcode map and ModRM tables give (Intel SDM vol. 2A, tables 2-2, 2-3).
@Suite struct MemoryAccessTests {
  /// Register n holds n << 12, so that an address shows what it is made of.
  private func accesses(_ bytes: [UInt8], count: UInt64 = 1 << 12) -> [MemoryAccess] {
    var all: [MemoryAccess] = []
    let padded = bytes + [UInt8](repeating: 0, count: 16)
    padded.withUnsafeBufferPointer { buffer in
      MemoryAccess.forEach(of: buffer.baseAddress!) {
        $0 == 1 ? count : UInt64($0) << 12
      } _: {
        all.append($0)
      }
    }
    return all
  }

  @Test func movesLoadAndStoreByTheSizeOfTheirOperands() {
    // mov %al, (%rbx); mov %ax, (%rbx); mov %eax, (%rbx); mov %rax, (%rbx); mov (%rbx), %rax
    #expect(accesses([0x88, 0x03]) == [MemoryAccess(.store, at: 0x3000, byteCount: 1, base: 3)])
    #expect(accesses([0x66, 0x89, 0x03]) == [MemoryAccess(.store, at: 0x3000, byteCount: 2, base: 3)])
    #expect(accesses([0x89, 0x03]) == [MemoryAccess(.store, at: 0x3000, byteCount: 4, base: 3)])
    #expect(accesses([0x48, 0x89, 0x03]) == [MemoryAccess(.store, at: 0x3000, byteCount: 8, base: 3)])
    #expect(accesses([0x48, 0x8b, 0x03]) == [MemoryAccess(.load, at: 0x3000, byteCount: 8, base: 3)])
    // movzbl (%rdx), %eax; movswq (%rdx), %rax; movslq (%rdx), %rax
    #expect(accesses([0x0f, 0xb6, 0x02]) == [MemoryAccess(.load, at: 0x2000, byteCount: 1, base: 2)])
    #expect(accesses([0x48, 0x0f, 0xbf, 0x02]) == [MemoryAccess(.load, at: 0x2000, byteCount: 2, base: 2)])
    #expect(accesses([0x48, 0x63, 0x02]) == [MemoryAccess(.load, at: 0x2000, byteCount: 4, base: 2)])
  }

  @Test func addressesAreBasePlusScaledIndexPlusDisplacement() {
    // mov -8(%rbp), %eax; mov 0x12345678(%r13), %eax; mov 0x10(%rsp), %rax; mov (%r12), %rax
    #expect(accesses([0x8b, 0x45, 0xf8]) == [MemoryAccess(.load, at: 0x4ff8, byteCount: 4, base: 5)])
    #expect(
      accesses([0x41, 0x8b, 0x85, 0x78, 0x56, 0x34, 0x12]) == [
        MemoryAccess(.load, at: 0x1234_5678 + 0xd000, byteCount: 4, base: 13)
      ])
    #expect(accesses([0x48, 0x8b, 0x44, 0x24, 0x10]) == [MemoryAccess(.load, at: 0x4010, byteCount: 8, base: 4)])
    #expect(accesses([0x49, 0x8b, 0x04, 0x24]) == [MemoryAccess(.load, at: 0xc000, byteCount: 8, base: 12)])
    // mov 4(%rdi,%r15,8), %rax; mov 0x1000(,%rdx,4), %eax; mov 0x1000, %eax
    #expect(
      accesses([0x4a, 0x8b, 0x44, 0xff, 0x04]) == [
        MemoryAccess(.load, at: 0x7000 + 0xf000 * 8 + 4, byteCount: 8, base: 7)
      ])
    #expect(
      accesses([0x8b, 0x04, 0x95, 0, 0x10, 0, 0]) == [MemoryAccess(.load, at: 0x1000 + 0x2000 * 4, byteCount: 4)])
    #expect(accesses([0x8b, 0x04, 0x25, 0, 0x10, 0, 0]) == [MemoryAccess(.load, at: 0x1000, byteCount: 4)])
  }

  @Test func addressesBesideRipCountFromTheNextInstruction() {
    // movq $1, 0x20(%rip): 7 bytes and an immediate of 4; cmpb $1, 0x20(%rip): 6 bytes and 1; mov 0x20(%rip), %eax: 6 bytes
    for (bytes, length) in [
      ([0x48, 0xc7, 0x05, 0x20, 0, 0, 0, 1, 0, 0, 0], 11), ([0x80, 0x3d, 0x20, 0, 0, 0, 1], 7),
      ([0x8b, 0x05, 0x20, 0, 0, 0], 6), ([0xf6, 0x05, 0x20, 0, 0, 0, 1], 7), ([0xf6, 0x1d, 0x20, 0, 0, 0], 6),
      ([0x66, 0x81, 0x05, 0x20, 0, 0, 0, 1, 0], 9),
    ] as [([UInt8], Int)] {
      let padded = bytes + [UInt8](repeating: 0, count: 8)
      padded.withUnsafeBufferPointer { buffer in
        let start = UInt64(UInt(bitPattern: buffer.baseAddress!))
        var addresses: [UInt64] = []
        MemoryAccess.forEach(of: buffer.baseAddress!) { _ in
          0
        } _: {
          addresses.append($0.address)
        }
        #expect(addresses == [start + UInt64(length) + 0x20])
      }
    }
  }

  @Test func whatReadsAndWritesInOneIsAnUpdate() {
    // add %rax, (%rbx); add (%rbx), %rax; cmp %rax, (%rbx); incl (%rbx); lock xadd %rax, (%rbx); xchg %rax, (%rbx); negq (%rbx)
    #expect(accesses([0x48, 0x01, 0x03]).map(\.kind) == [.update])
    #expect(accesses([0x48, 0x03, 0x03]).map(\.kind) == [.load])
    #expect(accesses([0x48, 0x39, 0x03]).map(\.kind) == [.load])
    #expect(accesses([0xff, 0x03]).map(\.kind) == [.update])
    #expect(accesses([0xf0, 0x48, 0x0f, 0xc1, 0x03]).map(\.kind) == [.update])
    #expect(accesses([0x48, 0x87, 0x03]).map(\.kind) == [.update])
    #expect(accesses([0x48, 0xf7, 0x1b]).map(\.kind) == [.update])
    // addl $1, (%rbx); cmpl $1, (%rbx); sete (%rbx); call *(%rbx)
    #expect(accesses([0x83, 0x03, 0x01]).map(\.kind) == [.update])
    #expect(accesses([0x83, 0x3b, 0x01]).map(\.kind) == [.load])
    #expect(accesses([0x0f, 0x94, 0x03]).map(\.kind) == [.store])
    #expect(accesses([0xff, 0x13]) == [MemoryAccess(.load, at: 0x3000, byteCount: 8, base: 3)])
  }

  @Test func stringInstructionsGoThroughTheirRegisters() {
    // rep movsq; rep stosb; rep stosb with nothing left
    #expect(
      accesses([0xf3, 0x48, 0xa5]) == [
        MemoryAccess(.load, at: 0x6000, byteCount: 8, base: 6), MemoryAccess(.store, at: 0x7000, byteCount: 8, base: 7),
      ])
    #expect(accesses([0xf3, 0xaa]) == [MemoryAccess(.store, at: 0x7000, byteCount: 1, base: 7)])
    #expect(accesses([0xf3, 0xaa], count: 0) == [])
  }

  @Test func whatOnlyLooksLikeAnAccessIsNone() {
    // lea (%rbx), %rax; nopw (%rbx); mov %rbx, %rax; push %rax; ret; mov %fs:0x28, %rax; invlpg (%rbx); mov $1, %eax
    for bytes in [
      [0x48, 0x8d, 0x03], [0x66, 0x0f, 0x1f, 0x03], [0x48, 0x89, 0xd8], [0x50], [0xc3],
      [0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0], [0x0f, 0x01, 0x3b], [0xb8, 1, 0, 0, 0],
    ] as [[UInt8]] {
      #expect(accesses(bytes) == [], "\(bytes)")
    }
  }
}
