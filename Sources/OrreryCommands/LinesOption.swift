import ArgumentParser
import Orrery
import OrreryBase
import OrreryHost
import OrreryImage
import OrreryTrace

/// `--lines`, `--no-lines`: whether code is told by its source line, too.
struct LinesOption: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Names source lines, too.",
      discussion:
        "Unless told otherwise they are named where the image has debugging information and llvm-symbolizer or addr2line is installed."
    ))
  var lines: Bool?
}

extension ImageSymbolizer {
  /// What gives the source lines of `kernel`; nil where there are none to be had, which is said when they were asked for.
  ///
  /// - Parameter isAsked: whether lines are wished; nil, as it comes.
  static func lines(of kernel: KernelImage, isAsked: Bool?, called name: String) -> Lines? {
    guard isAsked != false else { return nil }
    func note(_ missing: String) {
      if isAsked == true { Console.current.note("warning: \(name): no source lines: \(missing)") }
    }
    guard kernel.hasSourceLines else {
      note("the image has no debugging information; build the kernel with -g")
      return nil
    }
    let source = SourceLines(of: kernel.bytes, hash: Hash128(of: kernel.bytes))
    guard SourceLines.isToolInstalled || source.hasKnown else {
      note("neither llvm-symbolizer nor addr2line is installed, which read them")
      return nil
    }
    return { source.frames(at: $0) }
  }
}

extension RunInputs {
  /// A code address of the kernel by function, offset and source line, or as a number.
  func place(of address: UInt64) -> String {
    let kernel = image.kernel
    let lines = ImageSymbolizer.lines(of: kernel, isAsked: nil, called: "")
    return EventRendering(symbolizer: ImageSymbolizer(kernel, lines: lines)).code(address)
  }
}
