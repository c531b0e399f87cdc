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

// Stacks.S
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
