import Intrinsics
import Kernel
import KernelLogic

private let page = LinearAddress(0x5555_0000_0000)

/// Each way in which a page can refuse an access (Intel SDM vol. 3A, 4.7 "Page-Fault Exceptions"), as the handler reports it.
@Sendable func pageFaults() {
  func show(_ access: StaticString, _ body: @escaping () -> Void) {
    println("\(access):")
    println(Recovery.attempt(body) ? "allowed" : "given up")
  }
  show("read an unmapped page") { _ = readMemory(page.rawValue) }
  show("write an unmapped page") { writeMemory(page.rawValue, 1) }
  show("call an unmapped page") { callMemory(page.rawValue) }
  do throws(PagingError) {
    try KernelAddressSpace.mapFresh(page, .data)
    show("write a page of data") { writeMemory(page.rawValue, 0xc3) }
    show("call a page of data") { callMemory(page.rawValue) }
    try KernelAddressSpace.mapper.updateFlags(page, [])
    show("call it as code") { callMemory(page.rawValue) }
    show("write it as code") { writeMemory(page.rawValue, 0) }
    try KernelAddressSpace.unmapFresh(page)
    show("read it when it is gone") { _ = readMemory(page.rawValue) }
  } catch {
    panic("\(error.reason)")
  }
}

/// Walks the active tables, as the processor does, from CR3 down, and shows each entry on the way.
@Sendable func pageWalk() {
  walk("the kernel's code", LinearAddress(kernelTextStartAddress()))
  walk("the heap", Heap.firstAddress)
  walk("the screen", PhysicalMemory.linearAddress(of: PhysicalAddress(0xb8000)))
  walk("nothing", LinearAddress(0))
}

private func walk(_ what: StaticString, _ address: LinearAddress) {
  println("\(what):")
  KernelAddressSpace.mapper.walk(address) { level, entry in
    let index = address.tableIndex(level: level)
    guard entry.isPresent else {
      println("  level \(level), entry \(index): not present")
      return
    }
    let leadsTo: StaticString = level == 1 || entry.isLargePage ? "page" : "table"
    let write: StaticString = entry.flags.contains(.writable) ? "writable" : "read-only"
    let execute: StaticString = entry.flags.contains(.noExecute) ? "no-execute" : "executable"
    println("  level \(level), entry \(index): \(leadsTo), \(write), \(execute)")
  }
}
