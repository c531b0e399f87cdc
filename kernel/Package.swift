// swift-tools-version: 6.2
import PackageDescription

// The kernel image itself is built by the Makefile, with the flags that bare metal needs. This manifest tells an editor
// how the sources belong together, and compiles `KernelLogic` for the host, where its tests run:
//
//     swift test --package-path kernel
let package = Package(
  name: "kernel",
  targets: [
    .systemLibrary(name: "Intrinsics", path: "Sources/Intrinsics/include"),
    .target(name: "KernelLogic"),
    .target(name: "MemoryFunctions", dependencies: ["Intrinsics"]),
    .target(name: "Kernel", dependencies: ["Intrinsics", "KernelLogic"], exclude: assembly),
    .target(name: "OrreryKernel", dependencies: ["Intrinsics", "Kernel", "KernelLogic"]),
    .systemLibrary(name: "LargeCode", path: "Benchmarks/LargeCode/include"),
    .target(name: "Workloads", dependencies: ["LargeCode"], path: "Benchmarks/Workloads"),
    .target(
      name: "Benchmarks", dependencies: ["Intrinsics", "Kernel", "KernelLogic", "Workloads"], path: "Benchmarks/Guest"),
    .testTarget(name: "KernelLogicTests", dependencies: ["KernelLogic"]),
  ]
)

/// A target has one language; the Makefile assembles these.
var assembly: [String] {
  ["Boot/Entry.S", "Exceptions/InterruptStubs.S"]
}
