import Kernel
import KernelLogic

/// Swift's own objects on the kernel's heap: classes, arrays, dictionaries, strings, closures; each is freed once when nobody needs it.
@Sendable func objects() {
  do {
    let planets = ["mercury", "venus", "earth", "mars", "jupiter", "saturn", "uranus", "neptune"]
    let moons = [0, 0, 1, 2, 95, 146, 28, 16]
    let sentences = zip(planets, moons).map { "the planet \($0) is known to have \($1) moons" }
    println("\(sentences[4])")
    let counters = moons.map { number in { (sum: Int) in sum + number } }
    println("all together: \(counters.reduce(0) { $1($0) })")
    let tree = Tree(depth: 6)
    println("a tree of \(tree.count) nodes")
  }
  expect(Tree.liveCount == 0)
  println("and none of them is left")
}

private final class Tree {
  private let left: Tree?
  private let right: Tree?
  nonisolated(unsafe) static var liveCount = 0

  init(depth: Int) {
    Self.liveCount += 1
    left = depth > 1 ? Tree(depth: depth - 1) : nil
    right = depth > 1 ? Tree(depth: depth - 1) : nil
  }
  deinit { Self.liveCount -= 1 }

  var count: Int { 1 + (left?.count ?? 0) + (right?.count ?? 0) }
}

/// The workload by which the designs are compared: see `docs/KERNEL_ALLOCATORS.md`.
@Sendable func allocators() {
  var workload = HeapWorkload()
  workload.report("start")
  workload.churn(count: 10_000)
  workload.report("churned")
  workload.releaseAll()
  workload.divide(count: 512)
  workload.releaseAll()
  workload.report("end")
  println("every block was kept whole")
}
