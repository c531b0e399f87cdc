import Kernel
import KernelLogic

extension AllocatorDesign {
  /// `allocator=NAME`; the linked list when nothing is said.
  init(_ options: BootOptions) {
    self = .linkedList
    guard let name = options.value(of: "allocator") else { return }
    guard let design = AllocatorDesign(named: name) else { panic("no allocator is called \(name)") }
    self = design
  }
}
