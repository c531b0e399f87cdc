import Intrinsics
import KernelLogic
import _Concurrency

/// Runs tasks, one at a time, each until it waits for something; when none can run, the processor sleeps until an interrupt
/// (Intel SDM vol. 2, "STI" and "HLT": why none is lost between the two).
///
/// Two kinds share one queue and one set of wakers: Swift's own tasks, which its concurrency library hands over as jobs
/// (`ConcurrencyHooks.swift`), and futures written by hand (`FutureTask`). Nothing here is touched by interrupt handlers: they post
/// signals, which are looked at between two tasks.
package enum Executor {
  private enum Work {
    /// A task of Swift's, from where it last waited to where it waits next.
    case job(UnownedJob)
    case future(FutureTask)
  }

  nonisolated(unsafe) private static var runQueue = RunQueue<Work>()
  nonisolated(unsafe) static var timers = WaitQueue()
  nonisolated(unsafe) static var keyboardWaiters = WaitQueue()
  nonisolated(unsafe) private static var newestTask: UInt64 = 0
  nonisolated(unsafe) private static var newestFuture: UInt32 = 0
  nonisolated(unsafe) private static var hasFinished = false

  /// Runs what can run, and sleeps when nothing can, until `isDone` says to return; it is asked after each task's turn.
  package static func run(until isDone: () -> Bool) {
    while !isDone() {
      wakeWaiters()
      switch runQueue.popFirst() {
      case .job(let job): run(job)
      case .future(let task): poll(task)
      case nil: sleep()
      }
    }
  }

  /// Starts a future, which is polled for the first time in its turn; `onReady` is given its value.
  @discardableResult
  package static func start<Body: Future & ~Copyable>(
    _ future: consuming Body, onReady: @escaping (Body.Output) -> Void = { _ in }
  ) -> FutureTask {
    newestFuture += 1
    let task = FutureTask.of(
      future, number: newestFuture,
      makeRunnable: {
        TracePort.mark("future \($0.number) woken")
        runQueue.append(.future($0))
      }, onReady: onReady)
    TracePort.mark("future \(task.number) created")
    runQueue.append(.future(task))
    return task
  }

  /// Takes over a job that can run.
  static func enqueue(_ job: UnownedJob) {
    let number = jobTaskNumber(job)
    // Numbers grow by one a task, and a task is enqueued when it is created.
    if number > newestTask {
      newestTask = number
      TracePort.mark("task \(number) created")
    } else {
      TracePort.mark("task \(number) woken")
    }
    runQueue.append(.job(job))
  }

  /// The task whose turn it is has come to its end.
  static func noteFinished() { hasFinished = true }

  private static func run(_ job: UnownedJob) {
    let number = jobTaskNumber(job)
    TracePort.mark("task \(number) polled")
    hasFinished = false
    runJob(job, .any)
    TracePort.mark(hasFinished ? "task \(number) done" : "task \(number) suspended")
  }

  private static func poll(_ task: FutureTask) {
    guard task.state == .runnable else { return }
    TracePort.mark("future \(task.number) polled")
    task.poll()
    switch task.state {
    case .finished: TracePort.mark("future \(task.number) done")
    case .suspended, .runnable: TracePort.mark("future \(task.number) suspended")
    }
  }

  /// Turns the signals that handlers have posted into wake-ups.
  private static func wakeWaiters() {
    let signals = Interrupts.signals.take()
    if signals.contains(.timer) {
      let now = Timer.ticks
      while let waker = timers.popDue(at: now) { waker.wake() }
    }
    if signals.contains(.keyboard) {
      while let waker = keyboardWaiters.popDue() { waker.wake() }
    }
  }

  /// Sleeps until an interrupt comes, unless one has posted a signal since the signals were last looked at.
  ///
  /// The look must come after interrupts are off: one that came between look and sleep would have its signal seen only when the next
  /// interrupt ends the sleep. And they must come on with the sleep, not before: STI lets none in until HLT has begun.
  @inline(never)
  private static func sleep() {
    disableInterrupts()
    if Interrupts.signals.isEmpty {
      enableInterruptsAndHalt()
    } else {
      enableInterrupts()
    }
  }
}
