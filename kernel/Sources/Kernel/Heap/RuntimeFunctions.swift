import Intrinsics

// The C names by which Swift's runtime and a compiler's generated code ask for memory, and by which a testbed
// sees every block come and go (ISO C 7.22.3, POSIX posix_memalign). Alignment is at least 16, as on any x86-64 system.
// Swift keeps the names `malloc` and `free` to itself; kernel.ld gives them to `kernel_malloc` and `kernel_free`.

private let defaultAlignment = 16
private let invalidArgument: Int32 = 22  // EINVAL
private let outOfMemory: Int32 = 12  // ENOMEM

@c(kernel_malloc)
func kernelMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  Heap.allocate(size: size, alignment: defaultAlignment)
}

@c(calloc)
func calloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  let (total, overflow) = count.multipliedReportingOverflow(by: size)
  guard !overflow, let block = Heap.allocate(size: total, alignment: defaultAlignment) else { return nil }
  repeatStore(block, 0, UInt64(total))
  return block
}

@c(realloc)
func realloc(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let block else { return Heap.allocate(size: size, alignment: defaultAlignment) }
  guard let larger = Heap.allocate(size: size, alignment: defaultAlignment) else { return nil }
  repeatMove(larger, block, UInt64(min(size, Heap.size(of: block))))
  Heap.deallocate(block)
  return larger
}

@c(posix_memalign)
func posixMemoryAlign(_ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int) -> Int32
{
  guard alignment >= 8, alignment & (alignment - 1) == 0 else { return invalidArgument }
  guard let block = Heap.allocate(size: size, alignment: alignment) else { return outOfMemory }
  result.pointee = block
  return 0
}

@c(kernel_free)
func kernelFree(_ block: UnsafeMutableRawPointer?) {
  guard let block else { return }
  Heap.deallocate(block)
}

// The kernel's own names, for code that wants null instead of a trap when memory runs out.

@c(kmalloc) @inline(never)
package func kmalloc(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  Heap.allocate(size: size, alignment: alignment)
}

@c(kfree) @inline(never)
package func kfree(_ block: UnsafeMutableRawPointer?) {
  guard let block else { return }
  Heap.deallocate(block)
}

/// Seeds the hashing of dictionaries and sets: always the same, so that each run is the same.
@c(arc4random_buf)
func fillWithSeed(_ buffer: UnsafeMutableRawPointer, _ count: Int) {
  repeatStore(buffer, 0x5a, UInt64(count))
}
