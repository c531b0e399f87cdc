// A small kernel: a clock, a keyboard, a heap that only grows, one window of mapped pages.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

static inline void out(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline u8 in(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

// Serial port

static void put(char character) { out(0x3F8, (u8)character); }
static void print(const char *text) {
  while (*text) put(*text++);
}
static void printNumber(u32 number) {
  if (number >= 10) printNumber(number / 10);
  put((char)('0' + number % 10));
}

// Heap

static u8 heap[1 << 16] __attribute__((aligned(16)));
static u64 heapUsed;

__attribute__((noinline)) void *kmalloc(u64 size) {
  u8 *block = heap + heapUsed;
  heapUsed += (size + 15) & ~15ul;
  return block;
}

// Paging

extern u64 pointerTable[512];
static u64 windowDirectory[512] __attribute__((aligned(4096)));
static u64 windowTable[512] __attribute__((aligned(4096)));
enum { PRESENT = 1, WRITABLE = 2 };
#define NO_EXECUTE (1ul << 63)

static void mapPage(u32 index, u64 frame, u64 flags) { windowTable[index] = frame | flags; }

static void openWindow(void) {
  windowDirectory[0] = (u64)windowTable | PRESENT | WRITABLE;
  pointerTable[1] = (u64)windowDirectory | PRESENT | WRITABLE;
  mapPage(0, 0x200000, PRESENT | WRITABLE | NO_EXECUTE);
  mapPage(1, 0x201000, PRESENT | NO_EXECUTE);
}

// Keyboard

struct Key {
  struct Key *next;
  u32 number;
  u8 code;
};
static struct Key *volatile firstKey;
static struct Key *volatile *lastKey = &firstKey;
static u32 keyCount;

__attribute__((noinline)) static void enqueue(struct Key *key) {
  key->next = 0;
  *lastKey = key;
  lastKey = (struct Key *volatile *)&key->next;
}

void keyboard(void) {
  u8 code = in(0x60);
  // Ticks go on while a key is handled.
  asm volatile("sti");
  struct Key *key = kmalloc(sizeof(struct Key));
  key->number = ++keyCount;
  key->code = code;
  enqueue(key);
  asm volatile("cli");
  out(0x20, 0x20);
}

// Timer

static volatile u32 ticks;

void timer(void) {
  ticks++;
  out(0x20, 0x20);
}

// Interrupts

static u64 gates[2 * 34] __attribute__((aligned(16)));
extern void timerEntry(void), keyboardEntry(void);

static void setGate(u32 vector, void (*handler)(void)) {
  u64 address = (u64)handler;
  gates[2 * vector] = (address & 0xFFFF) | 8 << 16 | 0x8E00ul << 32 | (address >> 16 & 0xFFFF) << 48;
  gates[2 * vector + 1] = address >> 32;
}

static void startInterrupts(void) {
  setGate(32, timerEntry);
  setGate(33, keyboardEntry);
  struct __attribute__((packed)) {
    u16 limit;
    u64 base;
  } table = {sizeof gates - 1, (u64)gates};
  asm volatile("lidt %0" : : "m"(table));
  out(0x20, 0x11), out(0xA0, 0x11);
  out(0x21, 32), out(0xA1, 40);
  out(0x21, 4), out(0xA1, 2);
  out(0x21, 1), out(0xA1, 1);
  out(0x21, 0xFC), out(0xA1, 0xFF);
  out(0x43, 0x34), out(0x40, 0xA9), out(0x40, 4);
  asm volatile("sti");
}

// Start

struct Task {
  u64 registers[16];
};
struct Buffer {
  u8 bytes[80];
};

void kernelMain(void) {
  struct Task *task = kmalloc(sizeof(struct Task));
  struct Buffer *line = kmalloc(sizeof(struct Buffer));
  task->registers[0] = (u64)line;
  openWindow();
  startInterrupts();
  print("ready\n");
  for (u32 handled = 0; handled < 3;) {
    asm volatile("cli");
    struct Key *key = firstKey;
    if (!key) {
      asm volatile("sti; hlt");
      continue;
    }
    firstKey = key->next;
    if (!firstKey) lastKey = &firstKey;
    asm volatile("sti");
    print("key ");
    printNumber(key->number);
    put('\n');
    handled++;
  }
  print("done\n");
  out(0xF4, 0x10);
}
