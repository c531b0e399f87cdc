import Intrinsics
import Kernel
import KernelLogic

@Sendable func interruptTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("timerTicks", timerTicks))
  visit(KernelTest("ticksWaitWhileInterruptsAreOff", ticksWaitWhileInterruptsAreOff))
  visit(KernelTest("bothControllersAreTold", bothControllersAreTold))
  visit(KernelTest("handlerSurvivesAnException", handlerSurvivesAnException))
  visit(KernelTest("redZoneSurvivesInterrupts", redZoneSurvivesInterrupts))
  visit(KernelTest("vectorRegistersSurviveInterrupts", vectorRegistersSurviveInterrupts))
}

private func timerTicks() {
  let before = Timer.ticks
  Timer.wait(ticks: 3)
  expect(Timer.ticks >= before + 3)
}

private func ticksWaitWhileInterruptsAreOff() {
  let before = withoutInterrupts {
    let before = Timer.ticks
    while !InterruptController.isRequested(line: Timer.line) {}
    expect(Timer.ticks == before)
    return before
  }
  Timer.wait(ticks: 0)
  expect(Timer.ticks > before)
}

/// An interrupt of the second controller that is acknowledged to one only blocks its own line, or all lines of the first.
private func bothControllersAreTold() {
  RealTimeClock.start()
  let before = (RealTimeClock.ticks, Timer.ticks)
  while RealTimeClock.ticks < before.0 + 3 || Timer.ticks < before.1 + 1 {}
  RealTimeClock.stop()
  expect(!InterruptController.isServing)
}

nonisolated(unsafe) private var hasHandlerGoneOn = false

/// The exception's frame goes below the handler's on the stack of the interrupt, and leads back into the handler.
private func handlerSurvivesAnException() {
  hasHandlerGoneOn = false
  Timer.onTick = {
    Timer.onTick = nil
    raiseBreakpoint()
    hasHandlerGoneOn = true
  }
  Timer.wait(ticks: 1)
  expect(hasHandlerGoneOn)
  expect(!InterruptController.isServing)
}

private func redZoneSurvivesInterrupts() {
  let before = Timer.ticks
  repeat { expect(keepsRedZone(100_000)) } while Timer.ticks < before + 3
}

private func vectorRegistersSurviveInterrupts() {
  func mix() -> [UInt8] {
    var block = (0..<256).map { UInt8($0) }
    block.withUnsafeMutableBytes { mixInVectorRegisters($0.baseAddress!, 10_000) }
    return block
  }
  let expected = withoutInterrupts { mix() }
  let before = Timer.ticks
  repeat { expect(mix() == expected) } while Timer.ticks < before + 3
}
