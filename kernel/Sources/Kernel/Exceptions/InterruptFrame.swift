/// The stack as `InterruptStubs.S` leaves it, lowest address first; the last five fields are the processor's own
/// (Intel SDM vol. 3A, 6.14.2 "64-Bit Mode Stack Frame").
/// Changing a field changes what the interrupted program finds.
struct InterruptFrame {
  var r15, r14, r13, r12, r11, r10, r9, r8: UInt64
  var rbp, rdi, rsi, rdx, rcx, rbx, rax: UInt64
  var vector: UInt64
  var errorCode: UInt64
  var rip: UInt64
  var cs: UInt64
  var rflags: UInt64
  var rsp: UInt64
  var ss: UInt64
}
