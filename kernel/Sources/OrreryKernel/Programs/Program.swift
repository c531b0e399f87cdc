import Kernel
import KernelLogic

/// A program of its own that the kernel runs after boot: `program=NAME` on the command line. Unlike a test it may end in any way: by
/// itself, which is success, by a panic, or by what is wrong with it.
struct Program: Sendable {
  let name: StaticString
  let body: @Sendable () -> Void

  static func run(_ name: BootText) -> Never {
    for index in 0..<all.count where name.equals(all[index].name) {
      blockCountBefore = Heap.checkedBlockCount
      all[index].body()
      Heap.check(leaves: blockCountBefore)
      DebugExit.exit(DebugExit.success)
    }
    panic("no program is called \(name)")
  }

  /// In a heap that is checked: what was there before the program, which it need not free.
  nonisolated(unsafe) private static var blockCountBefore = 0

  static let all: InlineArray<_, Program> = [
    Program(name: "hello", body: hello),
    Program(name: "panic", body: fail),
    Program(name: "loop", body: loop),
    Program(name: "page-faults", body: pageFaults),
    Program(name: "page-walk", body: pageWalk),
    Program(name: "stack-overflow", body: stackOverflow),
    Program(name: "triple-fault", body: tripleFault),
    Program(name: "spurious", body: spuriousInterrupts),
    Program(name: "keys", body: keys),
    Program(name: "deadlock", body: deadlock),
    Program(name: "no-deadlock", body: noDeadlock),
    Program(name: "key-stream", body: keysComeThroughTheStream),
    Program(name: "key-future", body: keysReachAFuture),
    Program(name: "key-ends-sleep", body: keyEndsTheSleep),
    Program(name: "key-misses-sleep", body: keyMissesTheSleep),
    Program(name: "soak", body: soak),
    Program(name: "objects", body: objects),
    Program(name: "allocators", body: allocators),
    Program(name: "use-after-free", body: useAfterFree),
    Program(name: "double-free", body: doubleFreeUnnoticed),
    Program(name: "interior-free", body: interiorFreeUnnoticed),
    Program(name: "returned-frame", body: returnedFrame),
    Program(name: "kept-frame", body: keptFrame),
    Program(name: "leak", body: leak),
    Program(name: "heap-overflow", body: heapOverflow),
    Program(name: "stale-translation", body: staleTranslation),
    Program(name: "race", body: race),
    Program(name: "no-race", body: noRace),
  ]

  /// For a program with a mistake in it: says what came of it, and ends the machine as a failure.
  static func failed(_ consequence: ConsoleText) -> Never {
    println("\(consequence)")
    Heap.check(leaves: blockCountBefore)
    DebugExit.exit(DebugExit.failure)
  }
}
