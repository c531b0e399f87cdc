import KernelLogic

// The kernel's own interface to its heap: whoever frees a block says what it was allocated with, so a block needs no header and is
// just what the allocator's design makes of it. Null when there is no memory, or no such layout. C names, so that a testbed can see them.

@c(heap_allocate) @inline(never)
package func heapAllocate(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  BlockLayout(size: size, alignment: alignment).flatMap(Heap.allocate)
}

@c(heap_allocate_zeroed) @inline(never)
package func heapAllocateZeroed(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  BlockLayout(size: size, alignment: alignment).flatMap(Heap.allocateZeroed)
}

@c(heap_reallocate) @inline(never)
package func heapReallocate(_ block: UnsafeMutableRawPointer, _ size: Int, _ alignment: Int, _ newSize: Int)
  -> UnsafeMutableRawPointer?
{
  BlockLayout(size: size, alignment: alignment).flatMap { Heap.reallocate(block, $0, newSize: newSize) }
}

@c(heap_deallocate) @inline(never)
package func heapDeallocate(_ block: UnsafeMutableRawPointer, _ size: Int, _ alignment: Int) {
  guard let layout = BlockLayout(size: size, alignment: alignment) else {
    panic("a block was freed with no true layout")
  }
  Heap.deallocate(block, layout)
}
