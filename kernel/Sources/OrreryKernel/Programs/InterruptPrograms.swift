import Intrinsics
import Kernel
import KernelLogic

/// Waits for the two spurious interrupts (Intel 8259A data sheet, "Interrupt Sequence"), which a controller gives when a request was withdrawn
/// before it was acknowledged. What runs this raises them: a PC has no way to do so by program.
@Sendable func spuriousInterrupts() {
  println("waiting for spurious interrupts")
  while InterruptController.spuriousCount < 2 { halt() }
  // Both controllers still serve: the timer is on the first, and the second is asked whether it believes to be in service.
  Timer.wait(ticks: 2)
  expect(!InterruptController.isInService(line: 7) && !InterruptController.isInService(line: 15))
  println("both were told apart, and interrupts go on")
}

/// Says what each key typed means, until Escape.
@Sendable func keys() {
  var decoder = ScanCodeDecoder()
  println("type, then Escape")
  while true {
    guard let key = decoder.decode(Keyboard.waitForScanCode()) else { continue }
    switch key {
    case .character(0x1b): return
    case .character(let character) where character > 0x20 && character < 0x7f:
      println("character \(BootText(CollectionOfOne(character)))")
    case .character(let character): println("character \(hex: UInt64(character))")
    case .function(let number): println("F\(number)")
    case .arrowUp: println("up")
    case .arrowDown: println("down")
    case .arrowLeft: println("left")
    case .arrowRight: println("right")
    case .home: println("home")
    case .end: println("end")
    case .pageUp: println("page up")
    case .pageDown: println("page down")
    case .insert: println("insert")
    case .delete: println("delete")
    }
  }
}

nonisolated(unsafe) private var naiveLock = SpinLock()

/// A lock that leaves interrupts on: when one comes while the lock is held, and its handler wants the lock too, the handler waits for
/// what it interrupted, and that waits for the handler.
@Sendable func deadlock() {
  Timer.onTick = {
    naiveLock.lock(by: "the timer's handler")
    println("tick")
    naiveLock.unlock()
  }
  naiveLock.lock(by: "the main flow")
  println("the main flow holds the lock, and takes its time")
  let start = Timer.ticks
  while Timer.ticks == start {}
  println("the main flow goes on")
  naiveLock.unlock()
}

nonisolated(unsafe) private var soundLock = InterruptLock()
nonisolated(unsafe) private var hasTicked = false

/// The same with the kernel's own lock, which keeps interrupts off while it is held: the tick comes when the lock is free.
@Sendable func noDeadlock() {
  Timer.onTick = {
    if hasTicked { return }
    hasTicked = true
    InterruptLock.withLock(&soundLock) { println("tick") }
  }
  InterruptLock.withLock(&soundLock) {
    println("the main flow holds the lock, and takes its time")
    while !InterruptController.isRequested(line: Timer.line) {}
    expect(!hasTicked)
    println("the main flow goes on")
  }
  Timer.wait(ticks: 1)
  expect(hasTicked)
}
