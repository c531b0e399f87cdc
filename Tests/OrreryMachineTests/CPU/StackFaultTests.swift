import Testing

@testable import OrreryMachine

/// Addresses that are not canonical raise #SS when they are in the stack segment, which RSP and RBP as bases imply, and #GP otherwise (Intel SDM volume 1,
/// 3.3.7.1 and 3.7.4).
struct StackFaultTests {
  private typealias Guest = LongModeGuest
  private static let nowhere: UInt64 = 1 << 47

  /// The fault of `code` with RBP, or RSP, or RAX out of range.
  private func fault(_ code: [UInt8], rbp: Bool = false, rsp: Bool = false, rax: Bool = false) -> Fault? {
    Guest.fault(code) { cpu in
      if rbp { cpu.pointee.gpr[5] = Self.nowhere }
      if rsp { cpu.pointee.gpr[4] = Self.nowhere }
      if rax { cpu.pointee.gpr[0] = Self.nowhere }
    }
  }

  @Test(
    arguments: [
      // movaps xmm0, [rbp]; addps; fadd; cmpxchg8b; bts [rbp], eax; xchg; mov with an index
      [0x0F, 0x28, 0x45, 0], [0x0F, 0x58, 0x45, 0], [0xD8, 0x45, 0], [0x0F, 0xC7, 0x4D, 0], [0x0F, 0xAB, 0x45, 0],
      [0x87, 0x4D, 0], [0x8B, 0x4C, 0x0D, 0],
    ] as [[UInt8]])
  func basesOfTheStackRaiseStackFaults(code: [UInt8]) {
    #expect(fault(code, rbp: true) == .stackSegment(0))
    // The base of GS takes the place of the stack segment.
    #expect(fault([0x65] + code, rbp: true) == .generalProtection(0))
    // The same with RAX as its base: r/m 000 instead of 101, or as the base of the SIB byte.
    var other = code
    let place = code[0] == 0x0F ? 2 : 1
    if other[place] & 7 == 4 { other[place + 1] &= ~7 } else { other[place] &= ~7 }
    #expect(fault(other, rax: true) == .generalProtection(0))
  }

  @Test func popToMemoryFaultsByWhichAddressItIs() {
    let pop: [UInt8] = [0x8F, 0x00]  // pop [rax]
    #expect(fault(pop, rsp: true) == .stackSegment(0))
    #expect(fault(pop, rax: true) == .generalProtection(0))
  }
}
