internal import OrreryBase

/// What a kernel is to be started with.
struct BootRequest {
  var memorySize: UInt64
  var commandLine: [UInt8]
  var modules: [BootModule]

  func check() throws(ImageError) {
    guard KernelImage.memorySizes.contains(memorySize), memorySize % 4096 == 0 else {
      throw ImageError(
        offset: 0, problem: "a memory of \(memorySize) bytes cannot be laid out as a PC's",
        remedy:
          "choose a multiple of 4096 from \(KernelImage.memorySizes.lowerBound) to \(KernelImage.memorySizes.upperBound) bytes"
      )
    }
    guard commandLine.count <= KernelImage.commandLineLimit, !commandLine.contains(0) else {
      throw ImageError(
        offset: 0, problem: "the command line has \(commandLine.count) bytes or a zero byte in it",
        remedy: "pass at most \(KernelImage.commandLineLimit) bytes, none of them zero")
    }
    guard modules.count <= BootModule.countLimit else {
      throw ImageError(
        offset: 0, problem: "there are \(modules.count) modules", remedy: "pass at most \(BootModule.countLimit)")
    }
    for (index, module) in modules.enumerated()
    where module.string.count > BootModule.stringLimit || module.string.contains(0) {
      throw ImageError(
        offset: 0, problem: "the string of module \(index + 1) has \(module.string.count) bytes or a zero byte in it",
        remedy: "pass at most \(BootModule.stringLimit) bytes, none of them zero")
    }
  }
}
