import Intrinsics
import KernelLogic

// The C names by which Swift's runtime and a compiler's generated code ask for memory, and by which a testbed
// sees every block come and go (ISO C 7.22.3, POSIX posix_memalign). Alignment is at least 16, as on any x86-64 system.
// Swift keeps the names `malloc` and `free` to itself; kernel.ld gives them to `kernel_malloc` and `kernel_free`.

private let defaultAlignment = 16
private let invalidArgument: Int32 = 22  // EINVAL
private let outOfMemory: Int32 = 12  // ENOMEM

private func allocateWithHeader(size: Int, alignment: Int) -> UnsafeMutableRawPointer? {
  guard let inner = BlockLayout(size: size, alignment: max(alignment, BlockHeader.byteCount)),
    let (layout, prefix) = BlockHeader.outerLayout(of: inner), let start = Heap.allocate(layout)
  else { return nil }
  let block = start + prefix
  BlockHeader.write(before: block, inner)
  return block
}

private func deallocateWithHeader(_ block: UnsafeMutableRawPointer) {
  switch BlockHeader.inspect(before: block, release: true) {
  case .block(let size, let alignment):
    guard let inner = BlockLayout(size: size, alignment: alignment),
      let (layout, prefix) = BlockHeader.outerLayout(of: inner)
    else { panic("the header of a heap block was overwritten") }
    Heap.deallocate(block - prefix, layout)
  case .alreadyFreed: panic("a heap block was freed twice")
  case .notABlock: panic("an address was freed that is no heap block")
  }
}

private func sizeOfBlock(_ block: UnsafeMutableRawPointer) -> Int {
  guard case .block(let size, _) = BlockHeader.inspect(before: block, release: false) else {
    panic("the size was asked of what is no heap block")
  }
  return size
}

@c(kernel_malloc)
func kernelMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  allocateWithHeader(size: size, alignment: defaultAlignment)
}

@c(calloc)
func calloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  let (total, overflow) = count.multipliedReportingOverflow(by: size)
  guard !overflow, let block = allocateWithHeader(size: total, alignment: defaultAlignment) else { return nil }
  repeatStore(block, 0, UInt64(total))
  return block
}

@c(realloc)
func realloc(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let block else { return allocateWithHeader(size: size, alignment: defaultAlignment) }
  guard let larger = allocateWithHeader(size: size, alignment: defaultAlignment) else { return nil }
  repeatMove(larger, block, UInt64(min(size, sizeOfBlock(block))))
  deallocateWithHeader(block)
  return larger
}

@c(posix_memalign)
func posixMemoryAlign(_ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int) -> Int32
{
  guard alignment >= 8, alignment & (alignment - 1) == 0 else { return invalidArgument }
  guard let block = allocateWithHeader(size: size, alignment: alignment) else { return outOfMemory }
  result.pointee = block
  return 0
}

@c(kernel_free)
func kernelFree(_ block: UnsafeMutableRawPointer?) {
  guard let block else { return }
  deallocateWithHeader(block)
}

// The kernel's own names, for code that wants null instead of a trap when memory runs out.

@c(kmalloc) @inline(never)
package func kmalloc(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  allocateWithHeader(size: size, alignment: alignment)
}

@c(kfree) @inline(never)
package func kfree(_ block: UnsafeMutableRawPointer?) {
  guard let block else { return }
  deallocateWithHeader(block)
}

/// `double ceil(double)`, by which Swift's dictionaries compute how many buckets they need. Without vector registers the argument comes on the
/// stack and the result goes back in st(0), which is where C has this structure and Swift has an extended number.
@c(ceil)
func ceil(_ argument: DoubleOnStack) -> Float80 {
  Float80(Double(bitPattern: ceiling(ofBits: argument.bits)))
}

/// Seeds the hashing of dictionaries and sets: always the same, so that each run is the same.
@c(arc4random_buf)
func fillWithSeed(_ buffer: UnsafeMutableRawPointer, _ count: Int) {
  repeatStore(buffer, 0x5a, UInt64(count))
}
