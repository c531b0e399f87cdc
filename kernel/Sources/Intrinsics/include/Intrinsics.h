// The processor instructions that Swift has no word for, one function each.
// Names are those of the Intel SDM, volume 2.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define INTRINSIC static inline __attribute__((always_inline))

// Port input and output
INTRINSIC void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
INTRINSIC void out32(uint16_t port, uint32_t value) { __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
INTRINSIC uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

// Interrupt flag and idling
INTRINSIC void disableInterrupts(void) { __asm__ volatile("cli" ::: "memory"); }
INTRINSIC void enableInterrupts(void) { __asm__ volatile("sti" ::: "memory"); }
// `sti` holds interrupts off for one more instruction, so none can slip in before `hlt`.
INTRINSIC void enableInterruptsAndHalt(void) { __asm__ volatile("sti\n\thlt" ::: "memory"); }
INTRINSIC void halt(void) { __asm__ volatile("hlt" ::: "memory"); }
INTRINSIC uint64_t readFlags(void) {
  uint64_t flags;
  __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags)::"memory");
  return flags;
}

// Control registers and model-specific registers
INTRINSIC uint64_t readCR2(void) {
  uint64_t value;
  __asm__ volatile("movq %%cr2, %0" : "=r"(value));
  return value;
}
INTRINSIC uint64_t readCR3(void) {
  uint64_t value;
  __asm__ volatile("movq %%cr3, %0" : "=r"(value)::"memory");
  return value;
}
INTRINSIC void writeCR3(uint64_t value) { __asm__ volatile("movq %0, %%cr3" ::"r"(value) : "memory"); }
INTRINSIC void writeModelSpecificRegister(uint32_t number, uint64_t value) {
  __asm__ volatile("wrmsr" ::"c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}
INTRINSIC uint64_t readTimeStampCounter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
  return (uint64_t)high << 32 | low;
}
INTRINSIC void invalidatePage(uint64_t address) { __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory"); }

// Descriptor tables
struct __attribute__((packed)) DescriptorTablePointer {
  uint16_t limit;
  uint64_t base;
};
INTRINSIC void loadGlobalDescriptorTable(uint64_t base, uint16_t limit) {
  struct DescriptorTablePointer pointer = {limit, base};
  __asm__ volatile("lgdt %0" ::"m"(pointer) : "memory");
}
INTRINSIC void loadInterruptDescriptorTable(uint64_t base, uint16_t limit) {
  struct DescriptorTablePointer pointer = {limit, base};
  __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}
INTRINSIC void loadTaskRegister(uint16_t selector) { __asm__ volatile("ltr %0" ::"r"(selector) : "memory"); }
INTRINSIC void loadSegments(uint16_t codeSelector, uint16_t dataSelector) {
  __asm__ volatile("movw %w1, %%ds\n\tmovw %w1, %%es\n\tmovw %w1, %%ss\n\t"
                   "pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:"
                   ::"r"((uint64_t)codeSelector), "r"((uint32_t)dataSelector) : "rax", "memory");
}

// Memory that is not plain memory: every access happens, once, in the order written.
INTRINSIC uint16_t loadVolatile16(uint64_t address) { return *(volatile uint16_t *)address; }
INTRINSIC void storeVolatile16(uint64_t address, uint16_t value) { *(volatile uint16_t *)address = value; }
INTRINSIC uint64_t loadVolatile64(uint64_t address) { return *(volatile uint64_t *)address; }
INTRINSIC void storeVolatile64(uint64_t address, uint64_t value) { *(volatile uint64_t *)address = value; }

// String instructions: the body of memcpy and memset, which a compiler would turn back into calls of themselves.
INTRINSIC void repeatMove(void *destination, const void *source, uint64_t count) {
  uint64_t words = count >> 3, bytes = count & 7;
  __asm__ volatile("rep movsq\n\tmovq %3, %%rcx\n\trep movsb"
                   : "+D"(destination), "+S"(source), "+c"(words) : "r"(bytes) : "memory");
}
INTRINSIC void repeatMoveBackwards(void *destination, const void *source, uint64_t count) {
  uint8_t *lastDestination = (uint8_t *)destination + count - 1;
  const uint8_t *lastSource = (const uint8_t *)source + count - 1;
  __asm__ volatile("std\n\trep movsb\n\tcld"
                   : "+D"(lastDestination), "+S"(lastSource), "+c"(count)::"memory");
}
INTRINSIC void repeatStore(void *destination, uint8_t value, uint64_t count) {
  uint64_t words = count >> 3, bytes = count & 7;
  uint64_t pattern = value * 0x0101010101010101u;
  __asm__ volatile("rep stosq\n\tmovq %3, %%rcx\n\trep stosb"
                   : "+D"(destination), "+c"(words) : "a"(pattern), "r"(bytes) : "memory");
}

// The x87 unit wakes with every exception unmasked and single precision; this gives it what compilers expect.
INTRINSIC void initializeFloatingPoint(void) { __asm__ volatile("fninit"); }

// Instructions that raise an exception, for the shell's `fault`
INTRINSIC void raiseDivideError(void) {
  __asm__ volatile("xorl %%edx, %%edx\n\tmovl $1, %%eax\n\txorl %%ecx, %%ecx\n\tdivl %%ecx" ::: "rax", "rcx", "rdx", "cc");
}
INTRINSIC void raiseInvalidOpcode(void) { __asm__ volatile("ud2"); }
INTRINSIC void raiseBreakpoint(void) { __asm__ volatile("int3" ::: "memory"); }
INTRINSIC void raiseOverflow(void) { __asm__ volatile("int $4" ::: "memory"); }
INTRINSIC void raiseGeneralProtection(void) {
  // No address: bits 63 to 48 do not repeat bit 47 (SDM vol. 1, 3.3.7.1).
  __asm__ volatile("movabsq $0x8000000000000000, %%rax\n\tmovq (%%rax), %%rax" ::: "rax", "memory");
}
// A trap after each instruction from the next one on.
INTRINSIC void setTrapFlag(void) { __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc"); }
INTRINSIC void enterRing3(uint64_t rip, uint64_t rsp, uint64_t rflags, uint16_t codeSelector, uint16_t dataSelector) {
  __asm__ volatile("pushq %4\n\tpushq %1\n\tpushq %2\n\tpushq %3\n\tpushq %0\n\tiretq"
                   ::"r"(rip), "r"(rsp), "r"(rflags), "r"((uint64_t)codeSelector), "r"((uint64_t)dataSelector) : "memory");
}

// What precompiled library code does and this kernel's own code does not: it keeps values below the stack pointer and in the vector
// registers while interrupts come. Both count down from `rounds`, and say whether the values survived.
INTRINSIC bool keepsRedZone(uint64_t rounds) {
  uint64_t difference;
  __asm__ volatile(
      // The 16 words of the red zone hold 1 to 16 (System V ABI 3.2.2).
      "movl $16, %%ecx\n1:\tmovq %%rcx, -136(%%rsp,%%rcx,8)\n\tdecl %%ecx\n\tjnz 1b\n"
      "2:\tdecq %1\n\tjnz 2b\n\t"
      "xorl %k0, %k0\n\tmovl $16, %%ecx\n3:\tmovq -136(%%rsp,%%rcx,8), %%rax\n\txorq %%rcx, %%rax\n\torq %%rax, %0\n\t"
      "decl %%ecx\n\tjnz 3b"
      : "=&r"(difference), "+r"(rounds)::"rax", "rcx", "memory", "cc");
  return difference == 0;
}
// `block` is 256 bytes: the 16 registers before and after. Each round every register takes in its neighbour, so that a change of any bit,
// at any time, changes the outcome.
INTRINSIC void mixInVectorRegisters(void *block, uint64_t rounds) {
#define EACH_VECTOR(operation)                                                                                       \
  operation(0, 1) operation(1, 2) operation(2, 3) operation(3, 4) operation(4, 5) operation(5, 6) operation(6, 7)     \
  operation(7, 8) operation(8, 9) operation(9, 10) operation(10, 11) operation(11, 12) operation(12, 13)              \
  operation(13, 14) operation(14, 15) operation(15, 0)
#define LOAD_VECTOR(number, next) "movdqu " #number "*16(%0), %%xmm" #number "\n\t"
#define MIX_VECTOR(number, next) "paddq %%xmm" #next ", %%xmm" #number "\n\t"
#define STORE_VECTOR(number, next) "movdqu %%xmm" #number ", " #number "*16(%0)\n\t"
  __asm__ volatile(EACH_VECTOR(LOAD_VECTOR) "1:\t" EACH_VECTOR(MIX_VECTOR) "decq %1\n\tjnz 1b\n\t" EACH_VECTOR(STORE_VECTOR)
                   : "+r"(block), "+r"(rounds)
                   ::"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
                     "xmm13", "xmm14", "xmm15", "memory", "cc");
}

INTRINSIC void callAddress(uint64_t address) { ((void (*)(void))address)(); }
