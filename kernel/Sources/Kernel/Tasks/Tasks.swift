import KernelLogic
import _Concurrency

/// What a function throws that would have waited, when its task has been cancelled.
package struct TaskCancelled: Error {
  package init() {}
}

/// Starts a task (Swift Evolution SE-0304 "Structured Concurrency"). It has its first turn when whoever calls this waits.
///
///     let sum = spawn { await first() + second() }
///     …
///     println("\(await sum.value)")
@discardableResult
package func spawn<Success: Sendable>(_ body: @escaping @Sendable () async -> Success) -> Task<Success, Never> {
  Task {
    let value = await body()
    Executor.noteFinished()
    return value
  }
}

/// Runs `body` as a task, and everything else that can run, until it returns. For code that is not itself `async`.
package func runTask<Success: Sendable>(_ body: @escaping @Sendable () async -> Success) -> Success {
  nonisolated(unsafe) var result: Success?
  spawn { result = await body() }
  Executor.run { result != nil }
  return result!
}

extension Task where Success == Never, Failure == Never {
  /// Waits for `count` ticks of the timer, the one in progress not counted. Throws, at once, when the task is cancelled.
  package static func sleep(ticks count: UInt64) async throws(TaskCancelled) {
    var ticket: WaitQueue.Ticket?
    await Suspension.wait { ticket = Executor.timers.add($0, until: Timer.ticks + count + 1) }
    if let ticket { Executor.timers.remove(ticket) }
    if Task<Never, Never>.isCancelled { throw TaskCancelled() }
  }
}
