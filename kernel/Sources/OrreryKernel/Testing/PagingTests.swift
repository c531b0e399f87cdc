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
}

private let page = LinearAddress(0x5555_0000_0000)

/// Runs `body`, in which no mapping is expected to fail.
private func mapping(_ body: () throws(PagingError) -> Void) {
  do throws(PagingError) { try body() } catch { panic("\(error.reason)") }
}

private func mappedPageHoldsWhatIsWritten() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    expect(loadVolatile64(page.rawValue) == 0)
    storeVolatile64(page.rawValue + 8, 0x1234_5678_9abc_def0)
    let translation = KernelAddressSpace.mapper.translate(page + 8)
    expect(translation?.pageSize == .small)
    if let translation {
      let seen = PhysicalMemory.pointer(to: translation.address).load(as: UInt64.self)
      expect(seen == 0x1234_5678_9abc_def0)
    }
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
  expect(Recovery.exception { _ = loadVolatile64(page.rawValue) } == .pageFault)
}

private func readOnlyPageRefusesStores() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    storeVolatile64(page.rawValue, 7)
    try KernelAddressSpace.mapper.updateFlags(page, .noExecute)
    expect(Recovery.exception { storeVolatile64(page.rawValue, 8) } == .pageFault)
    expect(loadVolatile64(page.rawValue) == 7)
    try KernelAddressSpace.unmapFresh(page)
  }
}

private func noExecutePageRefusesCalls() {
  mapping { () throws(PagingError) in
    try KernelAddressSpace.mapFresh(page, .data)
    // 0xc3 is RET: once the page is executable the call comes back.
    storeVolatile64(page.rawValue, 0xc3)
    expect(Recovery.exception { callAddress(page.rawValue) } == .pageFault)
    try KernelAddressSpace.mapper.updateFlags(page, .writable)
    expect(Recovery.exception { callAddress(page.rawValue) } == nil)
    try KernelAddressSpace.unmapFresh(page)
  }
}

private func kernelCodeIsNotWritable() {
  expect(Recovery.exception { storeVolatile64(kernelTextStartAddress(), 0) } == .pageFault)
  expect(Recovery.exception { storeVolatile64(kernelReadOnlyStartAddress(), 0) } == .pageFault)
  expect(Recovery.exception { callAddress(kernelDataStartAddress()) } == .pageFault)
}

private func framesGivenBackComeAgain() {
  guard let first = Frames.allocate(), let second = Frames.allocate() else { panic("no frames") }
  expect(first != second)
  Frames.deallocate(first)
  expect(Frames.allocate() == first)
  Frames.deallocate(first)
  Frames.deallocate(second)
}
