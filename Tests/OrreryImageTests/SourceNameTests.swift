import OrreryBase
import OrreryImage
import Testing

/// The manglings are what the compilers of this toolchain (Swift 6.3, Rust's legacy and v0, C++) gave to the declarations named beside them,
/// as their own demanglers confirm.
@Suite struct SourceNameTests {
  @Test(arguments: [
    // Swift: a function, a method, a static one, in a class, in an extension of another module's type, with word substitutions.
    ("$s6kernel10kernelMains5NeverOyF", "kernel.kernelMain"),
    ("$e12OrreryKernel4helpyy0B5Logic11CommandTextVF", "OrreryKernel.help"),
    ("$s6kernel4HeapV8allocate4size9alignmentSvSgSi_SitF", "kernel.Heap.allocate"),
    ("$s6kernel4HeapV4makeyACSiFZ", "kernel.Heap.make"),
    ("$s6kernel8HeapNodeC04heapC8AllocateACyxGx_AA0B0V0D0tF", "kernel.HeapNode.heapNodeAllocate"),
    (
      "$s6kernel8HeapNodeCAASiRszlE4gext1a1bSDySSAA0B0VGs5UInt8V_Si_s6UInt64VttF",
      "kernel.HeapNode.gext"
    ),
    ("$sSa6kernelAA4HeapVRszlE05totalB0SiyF", "Swift.Array.totalHeap"),
    // Private to a file: the method, then the type.
    (
      "$s6kernel4HeapV6secret33_28654DB03435B3E018252E98F748F0DBLL_5otherA2C_SaySiGtF",
      "kernel.Heap.secret"
    ),
    // Initialisers and deinitialisers.
    ("$s6kernel4HeapVACycfC", "kernel.Heap.init"),
    ("$s6kernel8HeapNodeC5valueACyxGx_tcfc", "kernel.HeapNode.init"),
    ("$s6kernel8HeapNodeCfD", "kernel.HeapNode.deinit"),
    // Specialised for dead arguments.
    ("$s6kernel4HeapV4growyyFTf4d_n", "kernel.Heap.grow"),
    // Rust: legacy and v0, with a generic argument, a method of a trait.
    ("_ZN1k4heap4Heap8allocate17hf937d0b74afda5abE", "k.heap.Heap.allocate"),
    ("_RNvMNtCsatdfoCJcp2e_1k4heapNtB2_4Heap8allocate", "k.heap.Heap.allocate"),
    ("_RINvNtCsatdfoCJcp2e_1k4heap4growjEB4_", "k.heap.grow"),
    ("_RNvXs_NtCsatdfoCJcp2e_1k4heapNtB4_4HeapNtB4_1A2al", "k.heap.Heap.al"),
    // C++ and C.
    ("_ZN4Heap8allocateEm", "Heap.allocate"), ("_Z4growm", "grow"),
    ("_ZNK4Heap4sizeEv", "Heap.size"),
    ("posix_memalign", "posix_memalign"), ("worker.llvm.123", "worker"),
  ])
  func aFunctionIsReadFromItsMangledName(mangled: String, path: String) throws {
    let name = try #require(SourceName(mangled: mangled))
    #expect(name.path.joined(separator: ".") == path)
  }

  @Test(arguments: [
    // A getter, metadata, a closure, a local function, the later part of an asynchronous function, the cold part of one.
    "$s6kernel4HeapV4sizeSivg", "$s6kernel4HeapVMa",
    "$sSa6kernelAA4HeapVRszlE05totalB0SiyFSiACXEfU_",
    "$sSa6kernelAA4HeapVRszlE05totalB0SiyF5innerL_yS2iACRszlF", "$s6kernel4HeapV6async1SiyYaFTQ0_",
    "grow.cold",
    "_RNCNvCsatdfoCJcp2e_1k1k0B3_",
  ])
  func whatIsNoFunctionBodyHasNoSourceName(mangled: String) {
    #expect(SourceName(mangled: mangled) == nil)
  }

  @Test(arguments: [
    ("allocate", ["allocate"]), ("Heap.allocate", ["Heap", "allocate"]),
    ("k::heap::grow", ["k", "heap", "grow"]),
    ("Heap.allocate(size:_:)", ["Heap", "allocate"]),
  ])
  func aWrittenNameIsSplitAtDotsAndDoubleColons(written: String, path: [String]) throws {
    #expect(try #require(SourceName(written: written)).path == path)
  }

  @Test(arguments: ["", ".", "a.", ".a", "a::", "::a", "a:b", "a..b", "a:::b", "()", ":"])
  func aWrittenNameWithAnEmptyPartIsNone(written: String) {
    #expect(SourceName(written: written) == nil)
  }

  /// Names are taken from hostile files: whatever they hold, reading them ends, and soon.
  @Test func noMangledNameIsMoreThanUnreadable() {
    let seeds = [
      "$s6kernel8HeapNodeCAASiRszlE4gext1a1bSDySSAA0B0VGs5UInt8V_Si_s6UInt64VttF",
      "$s6kernel4HeapV6secret33_28654DB03435B3E018252E98F748F0DBLL_5otherA2C_SaySiGtFTf4d_n",
      "_RNvMs0_NtCsatdfoCJcp2e_1k4heapINtB5_1WNtB5_4HeapE2wwB7_",
      "_ZN1k4heap4Heap8allocate17hf937d0b74afda5abE",
    ].map { Array($0.utf8) }
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<40_000 {
      var bytes = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0x20...0x7E, using: &generator)
        case 1: bytes.insert(UInt8.random(in: 0x30...0x39, using: &generator), at: index)
        default: if bytes.count > 3 { bytes.removeSubrange(index...) }
        }
        if bytes.isEmpty { bytes = [0x5F] }
      }
      _ = SourceName(mangled: String(decoding: bytes, as: UTF8.self))
    }
    // Each level names the one before it twice: read without a bound, 2^n paths.
    var doubling = "_RNvC1a1b"
    for level in 0..<60 { doubling += "MB_B_\(level)" }
    _ = SourceName(mangled: doubling)
    _ = SourceName(mangled: "_R" + String(repeating: "Nv", count: 100_000))
    _ = SourceName(mangled: "$s" + String(repeating: "1a", count: 100_000))
    _ = SourceName(mangled: "$s" + String(repeating: "9", count: 100_000))
  }
}
