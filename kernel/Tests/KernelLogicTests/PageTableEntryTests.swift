import KernelLogic
import Testing

struct PageTableEntryTests {
  @Test func addressAndFlagsDoNotMix() {
    // SDM table 4-20: address in bits 51 to 12, XD in bit 63, P in bit 0, R/W in bit 1.
    let entry = PageTableEntry(PhysicalAddress(0x000a_bcde_f012_3000), [.present, .writable, .noExecute])
    #expect(entry.rawValue == 0x800a_bcde_f012_3003)
    #expect(entry.address == PhysicalAddress(0x000a_bcde_f012_3000))
    #expect(entry.flags == [.present, .writable, .noExecute])
  }

  @Test func anAbsentEntryIsNoLargePage() {
    #expect(!PageTableEntry(rawValue: 0x80).isLargePage)
    #expect(PageTableEntry(rawValue: 0x81).isLargePage)
  }

  @Test(
    arguments: [
      (0x0, "read", "the page is not present"), (0x3, "write", "the page forbids it"),
      (0x11, "execute", "the page forbids it"), (0x9, "read", "a reserved bit is set in a page table"),
    ] as [(UInt64, String, String)])
  func pageFaultErrorCodesReadAsTheManualSays(_ code: UInt64, _ access: String, _ cause: String) {
    let error = PageFaultError(rawValue: code)
    #expect(error.access.description == access)
    #expect(error.cause.description == cause)
  }
}
