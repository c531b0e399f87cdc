/// Paging: which memory there is, then the kernel's own tables (Intel SDM vol. 3A, chapter 4).
package enum Paging {
  package static func start(_ boot: BootInformation, _ way: PageTables = .atOffset) {
    Frames.start(boot)
    KernelAddressSpace.start(way)
  }
}
