import Kernel
import KernelLogic

/// A test that runs inside the kernel. `test=all` on the boot command line runs all of them, `test=NAME` one;
/// the machine then exits with success, or with failure at the first expectation that does not hold.
struct KernelTest: Sendable {
  let name: String
  let body: @Sendable () -> Void

  static let all: [KernelTest] =
    screenTests + exceptionTests + interruptTests + pagingTests + heapTests

  /// Tests that end the machine when they succeed: each runs alone.
  static let thatPanic: [KernelTest] = [
    KernelTest(name: "panicExits", body: { panic("as the test expects") }),
    KernelTest(name: "failedExpectationPanics", body: { expect(1 + 1 == 3) }),
    KernelTest(name: "doubleFreePanics", body: doubleFree),
  ]

  static func run(_ name: String) -> Never {
    if let test = thatPanic.first(where: { $0.name == name }) {
      print("\(test.name)... ")
      isPanicExpected = true
      test.body()
      isPanicExpected = false
      panic("the test did not panic")
    }
    let chosen = name == "all" ? all : all.filter { $0.name == name }
    if chosen.isEmpty { panic("no test is called \(name)") }
    for test in chosen {
      print("\(test.name)... ")
      test.body()
      println("[ok]")
    }
    DebugExit.exit(DebugExit.success)
  }
}

/// Panics where it was called when `condition` is false.
func expect(_ condition: Bool, file: StaticString = #fileID, line: Int = #line) {
  if !condition { panic("expectation failed", file: file, line: line) }
}
