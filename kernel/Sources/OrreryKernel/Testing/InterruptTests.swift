import Kernel

@Sendable func interruptTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("timerTicks", timerTicks))
  visit(KernelTest("ticksWaitWhileInterruptsAreOff", ticksWaitWhileInterruptsAreOff))
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
