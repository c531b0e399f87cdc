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

/// `heap=checked`, `stack=checked`, `races=checked`: mistakes with memory are told by name.
func isChecked(_ what: StaticString, _ options: BootOptions) -> Bool {
  guard let name = options.value(of: what) else { return false }
  guard name.equals("checked") else { panic("\(what) is checked, or nothing is said of it") }
  return true
}

extension PageTables {
  /// `paging=offset`, which is meant when nothing is said, or `paging=recursive`.
  init(_ options: BootOptions) {
    let name = options.value(of: "paging") ?? BootText("offset".utf8)
    if name.equals("recursive") {
      self = .recursive
    } else if name.equals("offset") {
      self = .atOffset
    } else {
      panic("paging is offset or recursive, not \(name)")
    }
  }
}
