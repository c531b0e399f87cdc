import _Concurrency

// What Swift's concurrency library asks of the system below it, and offers to it
// (Swift runtime, "ExecutorImpl.h": the functions of which an executor consists; Swift Evolution SE-0392 "Custom Actor Executors" for its jobs).
//
// Of a system with one processor and one executor it needs one: "this job can run now". The others belong to what this kernel does
// not use (the main actor, sleeping by the library's own clocks); a program that uses one does not link.

@_silgen_name("swift_task_enqueueGlobalImpl")
func enqueueGlobal(_ job: UnownedJob) { Executor.enqueue(job) }

/// Runs a job to where its task next waits.
@_silgen_name("swift_job_run")
func runJob(_ job: UnownedJob, _ executor: UnownedSerialExecutor)

/// The number of the task that a job belongs to, from 1 in the order of creation.
@_silgen_name("swift_task_getJobTaskId")
func jobTaskNumber(_ job: UnownedJob) -> UInt64

extension UnownedSerialExecutor {
  /// Whichever executor there is: two words of zero, for identity and implementation.
  static var any: UnownedSerialExecutor { unsafeBitCast((UInt(0), UInt(0)), to: UnownedSerialExecutor.self) }
}
