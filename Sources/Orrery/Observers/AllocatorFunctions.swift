import OrreryBase
import OrreryMachine
import OrreryScenario

/// The allocator functions that are watched without being named, and how they are found among a kernel's symbols.
enum AllocatorFunctions {
  /// C's, Linux's and Rust's. A kernel has the same function under one of them at any optimisation, so its `heap` lane does not depend on that.
  static let known: [AllocatorFunction] = [
    AllocatorFunction(.heap, .allocate, "malloc", [.size]),
    AllocatorFunction(.heap, .free, "free", [.pointer]),
    AllocatorFunction(.heap, .allocateZeroed, "calloc", [.count, .size]),
    AllocatorFunction(.heap, .reallocate, "realloc", [.pointer, .size]),
    AllocatorFunction(.heap, .allocate, "posix_memalign", [.out, .alignment, .size]),
    AllocatorFunction(.heap, .allocate, "aligned_alloc", [.alignment, .size]),
    AllocatorFunction(.heap, .allocate, "memalign", [.alignment, .size]),
    AllocatorFunction(.heap, .allocate, "kmalloc", [.size, .ignored]),
    AllocatorFunction(.heap, .allocateZeroed, "kzalloc", [.size, .ignored]),
    AllocatorFunction(.heap, .allocateZeroed, "kcalloc", [.count, .size, .ignored]),
    AllocatorFunction(.heap, .free, "kfree", [.pointer]),
    AllocatorFunction(.heap, .reallocate, "krealloc", [.pointer, .size, .ignored]),
    AllocatorFunction(.heap, .allocate, "__rust_alloc", [.size, .alignment]),
    AllocatorFunction(.heap, .free, "__rust_dealloc", [.pointer, .oldSize, .alignment]),
    AllocatorFunction(.heap, .reallocate, "__rust_realloc", [.pointer, .oldSize, .alignment, .size]),
    AllocatorFunction(.heap, .allocateZeroed, "__rust_alloc_zeroed", [.size, .alignment]),
  ]
}

extension AllocatorFunction {
  /// Whether `linkageName` is this function, or is it as newer Rust compilers mangle it: `_RNvCs…_7___rustc12___rust_alloc`, a path that ends
  /// in the name with its length before it.
  func matches(linkageName: String) -> Bool {
    if symbol == linkageName { return true }
    guard symbol.hasPrefix("__rust_"), linkageName.hasPrefix("_RNv") else { return false }
    return linkageName.hasSuffix("7___rustc\(symbol.utf8.count)_\(symbol)")
  }
}

/// An allocator function at its address in a kernel.
struct WatchedAllocator: Hashable, Sendable {
  var function: AllocatorFunction
  var linkageName: String
  var address: LinearAddress

  /// The argument registers in the order of the calling convention, by encoding: rdi, rsi, rdx, rcx, r8.
  private static let argumentRegisters: [UInt8] = [7, 6, 2, 1, 8]

  /// What the machine has to write down of its calls. Returns are wanted of `free` too: until it returns, calls on its stack are its own business.
  var probe: CallProbe {
    CallProbe(
      address: address,
      outPointerRegister: function.arguments.firstIndex(of: .out).map { Self.argumentRegisters[$0] },
      capturesReturn: true)
  }
}
