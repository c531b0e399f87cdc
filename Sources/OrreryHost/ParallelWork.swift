internal import Glibc

/// Pieces of work done on several threads, whose results are taken in the order of the pieces.
///
///     let work = ParallelWork(count: cases.count, threads: 4) { cases[$0].check() }
///     while let result = work.next() { show(result) }
///
/// A piece is begun only when all before it are, so what comes out does not depend on how many threads there are, nor on which was faster.
public final class ParallelWork<Result: Sendable>: @unchecked Sendable {
  /// What all threads look at, always under the lock.
  private struct State {
    var begun = 0
    var done = 0
    var results: [Result?]
    var isCancelled = false
  }

  private let body: @Sendable (Int) -> Result
  private let count: Int
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State
  private var threads: [pthread_t] = []
  private var taken = 0

  /// How many threads the host runs at once.
  public static var hostThreadCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Begins with the work. `body` is called once for each number below `count`, on any thread.
  public init(count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Result) {
    self.body = body
    self.count = count
    state = State(results: Array(repeating: nil, count: count))
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
    for _ in 0..<min(max(1, threads), count) {
      if let thread = startThread({ [self] in work() }) { self.threads.append(thread) }
    }
    // Without any thread to be had, the caller's does it all.
    if self.threads.isEmpty { work() }
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(changed)
    lock.deallocate()
    changed.deallocate()
  }

  /// How many pieces are done.
  public var doneCount: Int { locked { $0.done } }

  /// The result of the next piece in order; nil when there is none left, or not within `timeoutMilliseconds`.
  public func next(timeoutMilliseconds: Int) -> Result? {
    guard taken < count else { return nil }
    var deadline = timespec()
    clock_gettime(CLOCK_REALTIME, &deadline)
    let nanoseconds = deadline.tv_nsec + timeoutMilliseconds * 1_000_000
    deadline.tv_sec += nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    let result = locked { state -> Result? in
      while state.results[taken] == nil {
        if pthread_cond_timedwait(changed, lock, &deadline) == ETIMEDOUT { break }
      }
      defer { state.results[taken] = nil }
      return state.results[taken]
    }
    if result != nil { taken += 1 }
    return result
  }

  /// Whether every result was taken.
  public var isFinished: Bool { taken == count }

  /// Begins no further piece and waits until those that were begun are done.
  public func cancel() {
    locked { $0.isCancelled = true }
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  private func work() {
    while true {
      let index = locked { state -> Int? in
        guard !state.isCancelled, state.begun < count else { return nil }
        defer { state.begun += 1 }
        return state.begun
      }
      guard let index else { return }
      let result = body(index)
      locked { state in
        state.results[index] = result
        state.done += 1
        pthread_cond_broadcast(changed)
      }
    }
  }

  private func locked<Value>(_ change: (inout State) -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return change(&state)
  }
}

/// What a thread does; a class of its own, for a pointer to a C function knows no generic types.
private final class ThreadBody {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}

/// Runs `body` on a new thread, to be joined; nil when the host has none to give.
private func startThread(_ body: @escaping () -> Void) -> pthread_t? {
  var thread = pthread_t()
  let retained = Unmanaged.passRetained(ThreadBody(body))
  let code = pthread_create(
    &thread, nil,
    { argument in
      if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
      return nil
    }, retained.toOpaque())
  guard code == 0 else {
    retained.release()
    return nil
  }
  return thread
}
