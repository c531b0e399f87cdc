import KernelLogic
import Testing

struct AddressTests {
  @Test(arguments: [0, 0x7fff_ffff_ffff, 0xffff_8000_0000_0000, UInt64.max])
  func canonicalAddressesRepeatBit47(_ address: UInt64) {
    #expect(LinearAddress(address).isCanonical)
  }

  @Test(arguments: [0x8000_0000_0000, 0xffff_7fff_ffff_ffff, 0x1_0000_0000_0000, 1 << 63] as [UInt64])
  func otherAddressesAreNotCanonical(_ address: UInt64) {
    #expect(!LinearAddress(address).isCanonical)
  }

  @Test func tableIndexTakesNineBitsForEachLevel() {
    // 3, 5, 7, 9 in the fields of SDM figure 4-8, with an offset of 0x123.
    let address = LinearAddress(3 << 39 | 5 << 30 | 7 << 21 | 9 << 12 | 0x123)
    #expect((1...4).map { address.tableIndex(level: $0) } == [9, 7, 5, 3])
    #expect(LinearAddress(0x4444_4444_0000).tableIndex(level: 4) == 0x88)
  }
}
