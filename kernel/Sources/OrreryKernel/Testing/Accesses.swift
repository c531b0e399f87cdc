import Intrinsics

// What raises exceptions in tests and programs: each a function of its own, so that a trace names it.

@inline(never) func readMemory(_ address: UInt64) -> UInt64 { loadVolatile64(address) }
@inline(never) func writeMemory(_ address: UInt64, _ value: UInt64) { storeVolatile64(address, value) }
@inline(never) func callMemory(_ address: UInt64) { callAddress(address) }

@inline(never) func divideByZero() { raiseDivideError() }
@inline(never) func executeUndefinedInstruction() { raiseInvalidOpcode() }
@inline(never) func useNonCanonicalAddress() { raiseGeneralProtection() }
@inline(never) func executeBreakpoint() { raiseBreakpoint() }
@inline(never) func executeOverflow() { raiseOverflow() }
