// What the assembly files and the linker script (kernel.ld) define, as Swift sees it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_OF(symbol)                                                                   \
  extern uint8_t symbol[];                                                                   \
  static inline __attribute__((always_inline)) uint64_t symbol##Address(void) { return (uint64_t)symbol; }

// kernel.ld
ADDRESS_OF(kernelTextStart)
ADDRESS_OF(kernelTextEnd)
ADDRESS_OF(kernelReadOnlyStart)
ADDRESS_OF(kernelReadOnlyEnd)
ADDRESS_OF(kernelDataStart)
ADDRESS_OF(kernelDataEnd)
ADDRESS_OF(kernelStackGuard)
ADDRESS_OF(kernelStackTop)
ADDRESS_OF(interruptStackGuard)
ADDRESS_OF(interruptStackTop)
ADDRESS_OF(doubleFaultStackGuard)
ADDRESS_OF(doubleFaultStackTop)
ADDRESS_OF(nonMaskableInterruptStackGuard)
ADDRESS_OF(nonMaskableInterruptStackTop)
ADDRESS_OF(machineCheckStackGuard)
ADDRESS_OF(machineCheckStackTop)
ADDRESS_OF(privilegeStackGuard)
ADDRESS_OF(privilegeStackTop)
ADDRESS_OF(interruptDescriptorTable)
ADDRESS_OF(globalDescriptorTable)
ADDRESS_OF(taskStateSegment)

// InterruptStubs.S
ADDRESS_OF(interruptStubs)
ADDRESS_OF(recoveryPoint)
bool callRecoverably(void (*function)(void *), void *argument, uint64_t *recoveryStack);

// A `double` as a C function is given it when there are no vector registers: on the stack, where C has any structure of more than 16 bytes
// (System V ABI 3.2.3). What follows it there is the caller's.
struct DoubleOnStack {
  uint64_t bits;
  uint64_t notOurs[2];
};
