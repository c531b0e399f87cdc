import Intrinsics
import Kernel
import KernelLogic

/// What `alloc` keeps until `free`.
nonisolated(unsafe) private var keptBlocks: [[UInt8]] = []

func allocate(_ command: CommandText) {
  guard let size = command.number(at: 1), size <= UInt64(Int.max) else {
    println("how many bytes?")
    return
  }
  keptBlocks.append([UInt8](repeating: 0xa5, count: Int(size)))
  println("ok")
}

func free(_ command: CommandText) {
  println(keptBlocks.popLast() == nil ? "nothing to free" : "ok")
}

/// What `kalloc` keeps until `kfree`.
nonisolated(unsafe) private var kernelBlocks: [UnsafeMutableRawPointer] = []

/// The kernel's own interface: nil instead of an exception when memory has run out.
func kernelAllocate(_ command: CommandText) {
  let alignment = max(1, command.number(at: 2) ?? 16)
  guard let size = command.number(at: 1), size <= UInt64(Int.max), alignment <= UInt64(Int.max) else {
    println("how many bytes?")
    return
  }
  guard let block = kmalloc(Int(size), Int(alignment)) else {
    println("no memory")
    return
  }
  guard UInt64(UInt(bitPattern: block)) % alignment == 0 else { panic("a heap block is not aligned as asked") }
  repeatStore(block, 0xa5, size)
  kernelBlocks.append(block)
  println("ok")
}

func kernelFree(_ command: CommandText) {
  let block = kernelBlocks.popLast()
  kfree(block)
  println(block == nil ? "nothing to free" : "ok")
}

private final class Box {
  let value: Int
  init(_ value: Int) { self.value = value }
}

/// Many small objects alive at once.
func boxes(_ command: CommandText) {
  guard let count = command.number(at: 1), count <= 1_000_000 else {
    println("how many? At most 1000000")
    return
  }
  let boxes = (0..<Int(count)).map { Box($0) }
  let sum = boxes.reduce(0) { $0 + $1.value }
  println(sum == Int(count) * (Int(count) - 1) / 2 ? "ok" : "WRONG SUM")
}

/// Strings as keys, closures as values: allocations of many sizes, with their reference counts.
func dictionary(_ command: CommandText) {
  // A dictionary computes its capacity in floating point.
  initializeFloatingPoint()
  var adders: [String: (Int) -> Int] = [:]
  let names = ["mercury", "venus", "earth", "mars", "jupiter", "saturn", "uranus", "neptune"]
  for (index, name) in names.enumerated() {
    adders["the planet \(name) and its moons"] = { $0 + index }
  }
  var sum = 0
  for name in names { sum = adders["the planet \(name) and its moons"]?(sum) ?? -1 }
  println(sum == 28 ? "ok" : "WRONG SUM")
}
