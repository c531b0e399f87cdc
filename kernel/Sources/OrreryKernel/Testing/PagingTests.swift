import Intrinsics
import Kernel
import KernelLogic

@Sendable func pagingTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("mappedPageHoldsWhatIsWritten", mappedPageHoldsWhatIsWritten))
  visit(KernelTest("twoPagesOnOneFrameShareIt", twoPagesOnOneFrameShareIt))
  visit(KernelTest("unmappedPageFaults", unmappedPageFaults))
  visit(KernelTest("readOnlyPageRefusesStores", readOnlyPageRefusesStores))
  visit(KernelTest("noExecutePageRefusesCalls", noExecutePageRefusesCalls))
  visit(KernelTest("kernelCodeIsNotWritable", kernelCodeIsNotWritable))
  visit(KernelTest("framesGivenBackComeAgain", framesGivenBackComeAgain))
  visit(KernelTest("unmappedFramesAreMappedAgain", unmappedFramesAreMappedAgain))
  visit(KernelTest("addressesAreTranslatedInPagesOfEverySize", addressesAreTranslatedInPagesOfEverySize))
  visit(KernelTest("mistakesInMappingAreRefused", mistakesInMappingAreRefused))
  visit(KernelTest("registerThreeLeadsToTheTables", registerThreeLeadsToTheTables))
}

private let page = LinearAddress(0x5555_0000_0000)

/// Runs `body`, in which no mapping is expected to fail.
private func mapping(_ body: () throws(PagingError) -> Void) {
  do throws(PagingError) { try body() } catch { panic("\(error.reason)") }
}

/// The error code of the page fault that `body` raises; nil when it raises none.
private func pageFault(_ body: @escaping () -> Void) -> PageFaultError? {
  Recovery.exception(raisedBy: body) == .pageFault ? PageFaultError(rawValue: Recovery.lastErrorCode) : nil
}

private func mappedPageHoldsWhatIsWritten() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    expect(loadVolatile64(page.rawValue) == 0)
    storeVolatile64(page.rawValue + 8, 0x1234_5678_9abc_def0)
    let translation = KernelAddressSpace.mapper.translate(page + 8)
    expect(translation?.pageSize == .small)
    expect(loadVolatile64(page.rawValue + 8) == 0x1234_5678_9abc_def0)
    try KernelAddressSpace.unmapFresh(page)
    expect(KernelAddressSpace.mapper.translate(page) == nil)
  }
}

private func twoPagesOnOneFrameShareIt() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    guard let target = KernelAddressSpace.mapper.translate(page)?.address else { panic("the page is not mapped") }
    var frames = KernelFrames()
    try KernelAddressSpace.mapper.map(page + 4096, to: target, .data, frames: &frames)
    storeVolatile64(page.rawValue, 42)
    expect(loadVolatile64(page.rawValue + 4096) == 42)
    try KernelAddressSpace.mapper.unmap(page + 4096)
    try KernelAddressSpace.unmapFresh(page)
  }
}

private func unmappedPageFaults() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    storeVolatile64(page.rawValue, 1)
    try KernelAddressSpace.unmapFresh(page)
  }
  expect(pageFault { _ = readMemory(page.rawValue) } == [])
  expect(pageFault { writeMemory(page.rawValue, 1) } == .write)
}

private func readOnlyPageRefusesStores() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    storeVolatile64(page.rawValue, 7)
    try KernelAddressSpace.mapper.updateFlags(page, .noExecute)
    expect(pageFault { writeMemory(page.rawValue, 8) } == [.protectionViolation, .write])
    expect(loadVolatile64(page.rawValue) == 7)
    try KernelAddressSpace.unmapFresh(page)
  }
}

private func noExecutePageRefusesCalls() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    // 0xc3 is RET: once the page is executable the call comes back.
    storeVolatile64(page.rawValue, 0xc3)
    expect(pageFault { callMemory(page.rawValue) } == [.protectionViolation, .instructionFetch])
    try KernelAddressSpace.mapper.updateFlags(page, .writable)
    expect(Recovery.exception { callMemory(page.rawValue) } == nil)
    try KernelAddressSpace.unmapFresh(page)
  }
}

private func kernelCodeIsNotWritable() {
  expect(Recovery.exception { writeMemory(kernelTextStartAddress(), 0) } == .pageFault)
  expect(Recovery.exception { writeMemory(kernelReadOnlyStartAddress(), 0) } == .pageFault)
  expect(Recovery.exception { callMemory(interruptDescriptorTableAddress()) } == .pageFault)
}

private func framesGivenBackComeAgain() {
  guard let first = Frames.allocate(), let second = Frames.allocate() else { panic("no frames") }
  expect(first != second)
  Frames.deallocate(first)
  expect(Frames.allocate() == first)
  Frames.deallocate(first)
  Frames.deallocate(second)
}

private func unmappedFramesAreMappedAgain() {
  func mapThree() -> InlineArray<3, PhysicalAddress?> {
    var targets = InlineArray<3, PhysicalAddress?>(repeating: nil)
    mapping { () throws(PagingError) in
      for index in 0..<3 {
        let page = page + UInt64(index) * Frame.byteCount
        try KernelAddressSpace.mapFresh(page, .data)
        targets[index] = KernelAddressSpace.mapper.translate(page)?.address
      }
      for index in 0..<3 { try KernelAddressSpace.unmapFresh(page + UInt64(index) * Frame.byteCount) }
    }
    return targets
  }
  let (first, second) = (mapThree(), mapThree())
  for index in 0..<3 { expect(first[index] != nil && first[index] == second[index]) }
}

/// Only translated: memory need not be there, nor need the processor have pages of 1 GiB.
private func addressesAreTranslatedInPagesOfEverySize() {
  func check(_ size: PageSize, _ offset: UInt64) {
    mapping { () throws(PagingError) in
      let start = LinearAddress(0x6000_0000_0000)
      let target = PhysicalAddress(0xc000_0000)
      var frames = KernelFrames()
      try KernelAddressSpace.mapper.map(start, to: target, size: size, .data, frames: &frames)
      let translation = KernelAddressSpace.mapper.translate(start + offset)
      expect(translation?.address == target + offset)
      expect(translation?.pageSize == size)
      expect(KernelAddressSpace.mapper.translate(start + size.byteCount) == nil)
      expect(try KernelAddressSpace.mapper.unmap(start) == target)
    }
  }
  // The largest first: the tables that a smaller page needs stay.
  check(.huge, 0x3fff_ffff)
  check(.large, 0x1f_fff8)
  check(.small, 0xfff)
}

private func mistakesInMappingAreRefused() {
  func refusal(_ body: () throws(PagingError) -> Void) -> PagingError? {
    do throws(PagingError) { try body() } catch { return error }
    return nil
  }
  mapping { () throws(PagingError) in try KernelAddressSpace.mapFresh(page, .data) }
  expect(refusal { () throws(PagingError) in try KernelAddressSpace.mapFresh(page, .data) } == .alreadyMapped)
  expect(refusal { () throws(PagingError) in try KernelAddressSpace.mapFresh(page + 1, .data) } == .misalignedAddress)
  mapping { () throws(PagingError) in try KernelAddressSpace.unmapFresh(page) }
  expect(refusal { () throws(PagingError) in try KernelAddressSpace.unmapFresh(page) } == .notMapped)
  let hole = LinearAddress(0x8000_0000_0000)
  expect(refusal { () throws(PagingError) in try KernelAddressSpace.mapFresh(hole, .data) } == .nonCanonicalAddress)
}

/// The root that the processor uses is the one that the kernel believes in (SDM vol. 3A, table 4-12: bits 51 to 12 of CR3).
private func registerThreeLeadsToTheTables() {
  expect(Frame(containing: PhysicalAddress(readCR3())) == KernelAddressSpace.mapper.root)
}
