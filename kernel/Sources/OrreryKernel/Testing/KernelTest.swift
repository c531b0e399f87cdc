import Kernel
import KernelLogic

/// A test that runs inside the kernel. `test=all` on the boot command line runs all of them, `test=CHAPTER` those of one chapter,
/// `test=NAME` one; the machine then exits with success, or with failure at the first expectation that does not hold.
///
/// Nothing here needs the heap, so that a kernel without one (`allocator=dummy`) can be tested too.
struct KernelTest: Sendable {
  let name: StaticString
  let body: @Sendable () -> Void

  init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }

  static func run(_ name: BootText) -> Never {
    panicTests { test in
      guard name.equals(test.name) else { return }
      print("\(test.name)... ")
      expectPanic(true)
      test.body()
      expectPanic(false)
      panic("the test did not panic")
    }
    var count = 0
    for index in 0..<TestChapter.all.count {
      let chapter = TestChapter.all[index]
      chapter.forEachTest { test in
        guard (name.equals("all") && chapter.isAmongAll) || name.equals(chapter.name) || name.equals(test.name) else {
          return
        }
        print("\(test.name)... ")
        test.body()
        println("[ok]")
        count += 1
      }
    }
    if count == 0 { panic("no test is called \(name)") }
    DebugExit.exit(DebugExit.success)
  }
}

/// The tests of one chapter, in their order.
struct TestChapter: Sendable {
  let name: StaticString
  var isAmongAll = true
  let forEachTest: @Sendable ((KernelTest) -> Void) -> Void

  static let all: InlineArray<_, TestChapter> = [
    TestChapter(name: "memory-functions", forEachTest: memoryFunctionTests),
    TestChapter(name: "screen", forEachTest: screenTests),
    TestChapter(name: "exceptions", forEachTest: exceptionTests),
    TestChapter(name: "floating-point", isAmongAll: false, forEachTest: floatingPointTests),
    TestChapter(name: "precise-exceptions", isAmongAll: false, forEachTest: preciseExceptionTests),
    TestChapter(name: "interrupts", forEachTest: interruptTests),
    TestChapter(name: "paging", forEachTest: pagingTests),
    TestChapter(name: "heap", forEachTest: heapTests),
    TestChapter(name: "exhaustion", forEachTest: exhaustionTests),
    TestChapter(name: "tasks", forEachTest: taskTests),
    TestChapter(name: "futures", forEachTest: futureTests),
  ]
}

/// Tests that end the machine when they succeed: each runs alone.
@Sendable func panicTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("panicExits") { panic("as the test expects") })
  visit(KernelTest("failedExpectationPanics") { expect(1 + 1 == 3) })
  visit(KernelTest("doubleFreePanics", doubleFree))
  visit(KernelTest("interiorFreePanics", interiorFree))
  visit(KernelTest("stackOverflowPanics") { _ = recurse(from: 1) })
  visit(KernelTest("dummyAllocatorTakesNothing", freeWithoutAllocation))
}

/// Panics where it was called when `condition` is false.
func expect(_ condition: Bool, file: StaticString = #fileID, line: Int = #line) {
  if !condition { panic("expectation failed", file: file, line: line) }
}
