/// What a case begins with and what the handler sees at its end: fields of eight bytes in this order, in the record of a case and in what is saved.
enum StateField: Int, CaseIterable {
  case rip, cs, rflags, rsp, ss
  case rax, rcx, rdx, rbx, rspAgain, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
  case ds, es, fs, gs
  case cr0, cr4, efer, cr3, cr2
  case fsBase, gsBase, kernelGSBase
  case dr0, dr1, dr2, dr3, dr6, dr7
}

/// Where QEMU is known to differ from the manual.
struct KnownDifference {
  /// What QEMU does, and the manual's section that says otherwise.
  var reason: String
  /// What the manual says there is to see: parts of the line, such as `vector c` or `rip 600010`.
  var manual: [String]
}

/// One start of execution in a given state; it ends with the first interrupt or exception, whose handler writes down what it finds.
struct SystemCase {
  enum Mode: CaseIterable {
    case kernel64, user64, kernel32, user32, kernel16, user16

    var isUser: Bool { [.user64, .user32, .user16].contains(self) }
    var is16: Bool { [.kernel16, .user16].contains(self) }
  }

  var name: String
  /// Placed by the image; executed from its first byte unless rip says otherwise. `int 0x80` ends every case that nothing else ended.
  var code: [UInt8]
  var fields: [UInt64]
  /// Eight bytes to store before the start, by address.
  var pokes: [(UInt64, UInt64)] = []
  /// Addresses of memory that belongs to the result.
  var peeks: [UInt64] = []
  var known: KnownDifference?
  /// The vector of the fault or hardware interrupt that begins a case about delivery: faults on the way set EXT in their error codes (Intel SDM volume
  /// 3, 6.13), which QEMU never does.
  var externalVector: UInt64?

  init(_ name: String, _ mode: Mode, isLong: Bool = true, _ code: [UInt8] = []) {
    self.name = name
    self.code = code
    fields = [UInt64](repeating: 0, count: StateField.allCases.count)
    typealias Selector = GuestMap.Selector
    switch mode {
    case .kernel64: self[.cs] = Selector.code
    case .user64: self[.cs] = Selector.userCode
    case .kernel32: self[.cs] = isLong ? Selector.code32 : Selector.code
    case .user32: self[.cs] = Selector.userCode32
    case .kernel16: self[.cs] = Selector.code16
    case .user16: self[.cs] = Selector.userCode16
    }
    for field in [StateField.ss, .ds, .es] { self[field] = mode.isUser ? Selector.userData : Selector.data }
    self[.rip] = .max
    self[.rflags] = 2
    self[.rsp] = mode.isUser ? GuestMap.userStack : GuestMap.kernelStack
    if mode.is16 {
      self[.ss] = mode.isUser ? Selector.userData16 : Selector.data16
      for field in [StateField.ds, .es] { self[field] = Selector.smallUserData }
      self[.rsp] -= GuestMap.tables
    }
    self[.cr0] = isLong ? 0x8001_0031 : 0x31
    self[.cr4] = isLong ? 0x620 : 0x600
    self[.efer] = isLong ? 0xD01 : 0
    self[.cr3] = isLong ? GuestMap.rootTable : 0
    self[.dr6] = 0xFFFF_0FF0
    self[.dr7] = 0x400
  }

  subscript(field: StateField) -> UInt64 {
    get { fields[field.rawValue] }
    set { fields[field.rawValue] = newValue }
  }

  /// The same with some fields changed, for a chain of changes.
  func with(_ changes: [StateField: UInt64] = [:], pokes: [(UInt64, UInt64)] = [], peeks: [UInt64] = []) -> SystemCase {
    var copy = self
    for (field, value) in changes { copy[field] = value }
    copy.pokes += pokes
    copy.peeks += peeks
    return copy
  }

  func differing(_ reason: String, manual: String...) -> SystemCase {
    var copy = self
    copy.known = KnownDifference(reason: reason, manual: manual)
    return copy
  }

  /// Whether the segment of its code begins at `GuestMap.shortCode`.
  var isIn16BitSegment: Bool {
    [GuestMap.Selector.code16, GuestMap.Selector.userCode16].contains(self[.cs])
  }
}
