public import OrreryHost

/// Where the kernel of a case comes from: an image, and the command that builds it if there is one.
///
/// `kernel.txt` in the case's folder, or in one above it, says so for all cases below:
///
///     # Built by the repository's own Makefile.
///     build: make -s -C .. kernel
///     image: ../kernel/.build/orrery-kernel.elf
///
/// Both are seen from the folder of the file. Without it, the only `.elf` file in the case's folder is the image.
public struct KernelSource: Hashable, Sendable {
  public var imagePath: String
  /// Run once before the cases that share it.
  public var build: ShellCommand?
  /// Whether the caller named the image, rather than a file beside the cases.
  public var isGiven = false

  public init(imagePath: String, build: ShellCommand? = nil) {
    self.imagePath = imagePath
    self.build = build
  }

  /// The image that the caller named.
  public static func given(_ imagePath: String) -> KernelSource {
    var source = KernelSource(imagePath: imagePath)
    source.isGiven = true
    return source
  }

  static let settingsName = "kernel.txt"
  private static let settingsLimit: UInt64 = 64 << 10
  /// How many folders above a case are looked in.
  private static let heightLimit = 8

  /// What to say when nothing names the kernel of the case in `folder`.
  static func missing(for folder: String) -> String {
    "\(folder): nothing says what kernel it is for; write `image: PATH` to a file \(settingsName) there or in a folder above, or give --image"
  }

  /// Looks for the kernel of the case in `folder`; nil when nothing names one.
  static func find(for folder: String) throws(GoldenError) -> KernelSource? {
    var place: String? = folder
    for height in 0...heightLimit {
      guard let current = place, Folder.isFolder(current) else { break }
      let settings = Folder.path(settingsName, in: current)
      if Folder.isFile(settings) { return try KernelSource(settingsAt: settings, in: current) }
      if height == 0 {
        let images = ((try? Folder.names(in: current)) ?? []).filter { $0.hasSuffix(".elf") }
        if images.count == 1 { return KernelSource(imagePath: Folder.path(images[0], in: current)) }
      }
      place = Folder.parent(of: current)
    }
    return nil
  }

  init(settingsAt path: String, in folder: String) throws(GoldenError) {
    let text: String
    do throws(HostError) { text = try InputFile.text(of: path, limit: Self.settingsLimit) } catch {
      throw .trouble(error.description)
    }
    var values: (image: String?, build: String?)
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      let parts = line.split(separator: ":", maxSplits: 1).map(Self.trimmed)
      if line.first == "#" || parts.allSatisfy(\.isEmpty) { continue }
      guard parts.count == 2, !parts[1].isEmpty, parts[0] == "image" || parts[0] == "build" else {
        throw .trouble("\(path):\(index + 1): `\(line)` is neither `image: PATH` nor `build: COMMAND`")
      }
      let isKnown = parts[0] == "image" ? values.image != nil : values.build != nil
      guard !isKnown else {
        throw .trouble("\(path):\(index + 1): `\(parts[0])` is there twice; leave one of them")
      }
      if parts[0] == "image" { values.image = parts[1] } else { values.build = parts[1] }
    }
    guard let image = values.image else {
      throw .trouble("\(path): it names no image; write a line `image: PATH`")
    }
    self.init(
      imagePath: Folder.path(image, in: folder), build: values.build.map { ShellCommand($0, in: folder) })
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }
}

extension ShellCommand {
  /// Runs a build to its end; throws when that is not a good one.
  public func runBuild() throws(GoldenError) {
    let result: Result
    do throws(HostError) { result = try run() } catch { throw .notBuilt(error.description) }
    guard result.code != 0 else { return }
    let output = String(decoding: result.output, as: UTF8.self).split(separator: "\n").suffix(20)
    throw .notBuilt(
      (["the kernel cannot be built: `\(text)` in \(folder) ended with \(result.code)"] + output.map { "  " + $0 })
        .joined(separator: "\n"))
  }
}
