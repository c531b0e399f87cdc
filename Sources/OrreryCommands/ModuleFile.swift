import OrreryHost
import OrreryImage

/// A module as `--module` names it: a file, and after an equals sign the text that the kernel gets with it.
struct ModuleFile {
  let file: InputFile
  private let text: String?

  init(_ argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    text = parts.count == 2 ? parts[1] : nil
    do throws(HostError) { file = try InputFile(path: parts[0]) } catch { throw CommandFailure(error) }
  }

  func module() throws -> BootModule {
    let bytes: [UInt8]
    do throws(HostError) { bytes = try file.contents(limit: KernelImage.byteLimit) } catch {
      throw CommandFailure(error)
    }
    // The folder is the host's business, and would make two traces of one run.
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    return BootModule(bytes: bytes, string: Array((text ?? name).utf8))
  }
}

extension RunOptions {
  func moduleFiles() throws -> [ModuleFile] {
    guard modules.count <= BootModule.countLimit else {
      throw CommandFailure("--module: there are \(modules.count), and a kernel gets at most \(BootModule.countLimit)")
    }
    return try modules.map { try ModuleFile($0) }
  }
}
