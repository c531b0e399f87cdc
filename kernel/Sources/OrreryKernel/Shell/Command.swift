import Kernel
import KernelLogic

/// A word the shell knows.
struct Command: Sendable {
  let name: String
  let usage: StaticString
  let run: @Sendable (CommandText) -> Void

  static let all: [Command] = [
    Command(name: "help", usage: "help", run: help),
    Command(name: "echo", usage: "echo TEXT", run: { println("\($0.rest)") }),
    Command(name: "clear", usage: "clear", run: { _ in Console.clearScreen() }),
    Command(name: "colors", usage: "colors", run: colors),
    Command(name: "alloc", usage: "alloc BYTES: allocate and keep", run: allocate),
    Command(name: "free", usage: "free: give the newest block back", run: free),
    Command(name: "kalloc", usage: "kalloc BYTES [ALIGNMENT]: ask, and take no for an answer", run: kernelAllocate),
    Command(name: "kfree", usage: "kfree: give the newest of those back", run: kernelFree),
    Command(name: "boxes", usage: "boxes N: N objects in an array", run: boxes),
    Command(name: "dict", usage: "dict: dictionary, strings, closures", run: dictionary),
    Command(name: "map", usage: "map N: map N fresh pages", run: map),
    Command(name: "unmap", usage: "unmap: unmap them", run: unmap),
    Command(name: "protect", usage: "protect read-only|no-execute|none: change their rights", run: protect),
    Command(name: "translate", usage: "translate ADDRESS: walk the page tables", run: translate),
    Command(
      name: "fault", usage: "fault read|write|exec [ADDRESS], divide|invalid|breakpoint|overflow|protection", run: fault
    ),
    Command(name: "ticks", usage: "ticks N: wait for N timer ticks", run: ticks),
    Command(name: "overflow", usage: "overflow: recurse without end", run: overflow),
    Command(name: "panic", usage: "panic [TEXT]", run: { panic("\($0.rest)") }),
    Command(name: "exit", usage: "exit [N]: leave QEMU or Orrery", run: exit),
    Command(name: "halt", usage: "halt: stop for ever", run: { _ in DebugExit.haltForever() }),
  ]
}
