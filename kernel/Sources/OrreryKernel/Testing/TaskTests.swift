import Kernel
import KernelLogic
import _Concurrency

@Sendable func taskTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("tasksTakeTurns", tasksTakeTurns))
  visit(KernelTest("joinGivesTheResult", joinGivesTheResult))
  visit(KernelTest("sleepersWakeInTheOrderOfTheirTimes", sleepersWakeInTheOrderOfTheirTimes))
  visit(KernelTest("cancelledSleepEndsAtOnce", cancelledSleepEndsAtOnce))
  visit(KernelTest("sleepOfACancelledTaskEndsAtOnce", sleepOfACancelledTaskEndsAtOnce))
  visit(KernelTest("cancelledKeyStreamEnds", cancelledKeyStreamEnds))
  visit(KernelTest("childTasksAreAwaited", childTasksAreAwaited))
  visit(KernelTest("actorServesOneAtATime", actorServesOneAtATime))
  visit(KernelTest("finishedTasksAreFreed", finishedTasksAreFreed))
}

/// What tasks did, in order. Tasks run one at a time, so they may share it.
private final class Journal: @unchecked Sendable {
  private(set) var text: [UInt8] = []
  func note(_ letter: Unicode.Scalar) { text.append(UInt8(ascii: letter)) }
  func reads(_ expected: StaticString) -> Bool {
    text.count == expected.utf8CodeUnitCount && text.indices.allSatisfy { text[$0] == expected.utf8Start[$0] }
  }
}

private func tasksTakeTurns() {
  let journal = Journal()
  runTask {
    let first = spawn {
      for _ in 0..<3 {
        journal.note("a")
        await Task.yield()
      }
    }
    let second = spawn {
      for _ in 0..<3 {
        journal.note("b")
        await Task.yield()
      }
    }
    await first.value
    await second.value
  }
  expect(journal.reads("ababab"))
}

private func joinGivesTheResult() {
  let sum = runTask {
    let slow = spawn {
      try? await Task.sleep(ticks: 1)
      return 40
    }
    let quick = spawn { 2 }
    return await slow.value + quick.value
  }
  expect(sum == 42)
}

private func sleepersWakeInTheOrderOfTheirTimes() {
  let journal = Journal()
  runTask {
    let sleepers = [3, 1, 2].map { ticks in
      spawn {
        try? await Task.sleep(ticks: UInt64(ticks))
        journal.note(ticks == 1 ? "1" : ticks == 2 ? "2" : "3")
      }
    }
    for sleeper in sleepers { await sleeper.value }
  }
  expect(journal.reads("123"))
}

/// Whether a sleep of for ever was ended by cancellation.
@Sendable private func isSleepCancelled() async -> Bool {
  do throws(TaskCancelled) {
    try await Task.sleep(ticks: 1 << 40)
    return false
  } catch {
    return true
  }
}

private func cancelledSleepEndsAtOnce() {
  let wasCancelled = runTask {
    let sleeper = spawn { await isSleepCancelled() }
    await Task.yield()
    sleeper.cancel()
    return await sleeper.value
  }
  expect(wasCancelled)
}

private func sleepOfACancelledTaskEndsAtOnce() {
  let wasCancelled = runTask {
    let sleeper = spawn { await isSleepCancelled() }
    sleeper.cancel()
    return await sleeper.value
  }
  expect(wasCancelled)
}

private func cancelledKeyStreamEnds() {
  let hasEnded = runTask {
    let reader = spawn {
      for await _ in Keyboard.keys {}
      return true
    }
    await Task.yield()
    reader.cancel()
    return await reader.value
  }
  expect(hasEnded)
}

private func childTasksAreAwaited() {
  let sum = runTask {
    async let first = square(3)
    async let second = square(4)
    let pair = await first + second
    let rest = await withTaskGroup(of: Int.self) { group in
      for number in 1...3 { group.addTask { await square(number) } }
      var sum = 0
      for await value in group { sum += value }
      return sum
    }
    return pair + rest
  }
  expect(sum == 25 + 14)
}

private func square(_ number: Int) async -> Int {
  await Task.yield()
  return number * number
}

private actor Account {
  private(set) var balance = 0
  /// Whoever is let in finds the balance as it was left, although each gives up its turn while it is away.
  func deposit(_ amount: Int) { balance += amount }
}

private func actorServesOneAtATime() {
  let account = Account()
  let balance = runTask {
    let customers = (1...4).map { amount in
      spawn {
        for _ in 0..<5 {
          await account.deposit(amount)
          await Task.yield()
        }
      }
    }
    for customer in customers { await customer.value }
    return await account.balance
  }
  expect(balance == 50)
}

private final class Guest: Sendable {
  nonisolated(unsafe) static var liveCount = 0
  init() { Guest.liveCount += 1 }
  deinit { Guest.liveCount -= 1 }
}

private func finishedTasksAreFreed() {
  runTask {
    let tasks = (0..<10).map { _ in
      let guest = Guest()
      return spawn {
        await Task.yield()
        return guest
      }
    }
    expect(Guest.liveCount == 10)
    for task in tasks { _ = await task.value }
  }
  expect(Guest.liveCount == 0)
}
