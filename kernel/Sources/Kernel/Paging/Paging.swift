/// Paging: which memory there is, then the kernel's own tables.
package enum Paging {
  package static func start(_ boot: BootInformation, _ way: PageTables = .atOffset) {
    Frames.start(boot)
    KernelAddressSpace.start(way)
  }
}
