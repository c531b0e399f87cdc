/// The processor's registers at a step boundary, flags computed: to show and to compare.
public struct RegisterSnapshot: Hashable, Sendable {
  /// rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8…r15.
  public var general: [UInt64]
  public var rip: UInt64
  public var rflags: UInt64
  /// Selectors of es, cs, ss, ds, fs, gs.
  public var selectors: [UInt16]
  /// Hidden bases of es, cs, ss, ds, fs, gs.
  public var bases: [UInt64]
  public var cr0: UInt64
  public var cr2: UInt64
  public var cr3: UInt64
  public var cr4: UInt64
  public var efer: UInt64
  /// The current privilege level, 0…3.
  public var privilegeLevel: UInt8
}
