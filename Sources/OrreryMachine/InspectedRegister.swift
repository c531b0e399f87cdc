/// A register of the processor that can be asked for by name: of segment registers the selector, and whether the processor is halted as one of 0 and 1.
public enum InspectedRegister: String, Hashable, Sendable, CaseIterable {
  case rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
  case rip, rflags
  case es, cs, ss, ds, fs, gs, cpl
  case cr0, cr2, cr3, cr4, efer
  case halted
}
