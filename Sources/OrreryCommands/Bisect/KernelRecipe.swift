import Orrery
import OrreryBase
import OrreryHost
import OrreryImage
import OrreryMachine
import OrreryScenario
import OrreryTrace

/// How the kernel of a folder is built and recorded.
struct KernelRecipe {
  let options: BisectOverCommitsOptions
  /// The kernel that the build makes, seen from its folder; nil for the only `.elf` file there that git does not keep.
  let image: String?
  let traces: TraceStore

  /// Why a kernel cannot be judged.
  struct Undecided: Error {
    var reason: String
    /// More of it, such as the end of what a build said.
    var details: [String] = []
  }

  struct Recording {
    var imageHash: Hash128
    var tracePath: String
  }

  /// Builds the kernel in `folder`, records it, and gives its trace; the same image is run only once.
  ///
  /// - Parameter progress: told what is being done.
  func record(in folder: String, _ progress: (String) -> Void) throws -> Recording {
    try build(in: folder, progress)
    let path = try imagePath(in: folder)
    let bytes: [UInt8]
    let image: RunImage
    do {
      bytes = try InputFile.contents(of: path, limit: KernelImage.byteLimit)
      image = try RunImage(bytes: bytes)
    } catch let error as HostError {
      throw Undecided(reason: "the build gives no kernel: \(error)")
    } catch {
      throw Undecided(reason: "the kernel cannot be booted: \(error)")
    }
    let inputs = try Self.quietly { try RunInputs(options.runOptions(image: path)) }
    let values = try options.runOptions(image: path).parameterValues()
    let hash = Hash128(of: bytes)
    let store = traces.path(for: key(hash, inputs))
    if !traces.has(store) { try record(image, inputs, values, to: store, progress) }
    return Recording(imageHash: hash, tracePath: store)
  }

  private func build(in folder: String, _ progress: (String) -> Void) throws {
    guard Folder.isFolder(folder) else { throw Undecided(reason: "it has no such folder to build in") }
    guard let command = options.build else { return }
    progress("building")
    // What an earlier build left there would pass for what this one makes.
    try removeImage(in: folder)
    var shell = ShellCommand(command, in: folder)
    shell.withoutVariables = GitRepository.locationVariables
    let result = try shell.run { Interruption.isRequested }
    try Self.checkInterruption()
    guard result.code != 0 else { return }
    let output = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
    throw Undecided(
      reason: "it cannot be built: `\(Self.shortened(command))` ended with \(result.code)",
      details: output.suffix(5).map(String.init))
  }

  /// A command as it stands in the line of each commit that it fails for.
  private static func shortened(_ command: String) -> String {
    command.count <= commandLength ? command : command.prefix(commandLength) + "…"
  }

  private static let commandLength = 40

  /// Takes away what the build is to make; a file that git keeps comes with the commit.
  private func removeImage(in folder: String) throws {
    guard let image else {
      let found = try untrackedImages(in: folder)
      // In a folder of the user's, several are not ours to take.
      if options.step, found.count != 1 { return }
      for name in found { try Folder.removeFile(Folder.path(name, in: folder)) }
      return
    }
    let path = Folder.path(image, in: folder)
    guard Folder.isFile(path), try git(in: folder).ask(["ls-files", "--error-unmatch", "--", image]).code != 0 else {
      return
    }
    try Folder.removeFile(path)
  }

  private func git(in folder: String) -> GitRepository { GitRepository(folder: folder, isWorktree: !options.step) }

  /// The `.elf` files in `folder` that git does not keep.
  private func untrackedImages(in folder: String) throws -> [String] {
    try git(in: folder).demand(["ls-files", "--others", "-z", "--", "*.elf"]).text.split(separator: "\0").map(
      String.init)
  }

  /// The kernel that the option names, or the only `.elf` file in `folder` that git does not keep.
  private func imagePath(in folder: String) throws -> String {
    if let image {
      let path = Folder.path(image, in: folder)
      guard Folder.isFile(path) else {
        throw Undecided(reason: "it cannot be built: the build gives no \(options.image ?? image)")
      }
      return path
    }
    let found = try untrackedImages(in: folder)
    guard found.count <= 1 else {
      throw CommandFailure(
        "the build gives several images: \(found.prefix(8).joined(separator: ", ")); name the kernel with --image")
    }
    guard let name = found.first else {
      throw Undecided(reason: "the build gives no .elf file; --image names a kernel that is called otherwise")
    }
    return Folder.path(name, in: folder)
  }

  /// Tells runs from one another that may be different: by the image, by all that is set, and by the tool that runs them.
  private func key(_ image: Hash128, _ inputs: RunInputs) -> String {
    let parts =
      [
        HostProcess.identity, image.description, inputs.scenarioText, options.commandLine ?? "",
        options.limit?.description ?? "",
      ]
      + options.values + ["allocators"] + options.allocators
    // A length before each: no two lists of parts make one text.
    return Hash128(of: parts.flatMap { Array("\($0.utf8.count) \($0)\n".utf8) }).description
  }

  private func record(
    _ image: RunImage, _ inputs: RunInputs, _ values: [ParameterValue], to path: String, _ progress: (String) -> Void
  ) throws {
    let (scenario, configuration) = try inputs.bound(with: values)
    let sink = try TraceFileSink(path: path, sparing: inputs.files)
    do {
      let recorder = try Recorder(
        image: image, scenario: scenario, configuration: configuration, scenarioText: inputs.scenarioText, sink: sink)
      while try recorder.advance() == nil {
        try Self.checkInterruption()
        progress("recording: \(Words.count(recorder.machine.steps, "step"))")
      }
      try sink.commit()
    } catch {
      sink.discard()
      switch error {
      case Recorder.Failure.scenario(let error):
        throw Undecided(reason: "anchor lost: \(error.place(in: options.scenario ?? "")): \(error)")
      case Recorder.Failure.image(let error): throw Undecided(reason: "the kernel cannot be booted: \(error)")
      case Recorder.Failure.trace(let error): throw CommandFailure(error, path: path)
      case let error as TraceError: throw CommandFailure(error, path: path)
      default: throw error
      }
    }
  }

  /// The instruction that the run of `trace`, one of ours, is at when its clock is `clock`: what an event without a code address was done by.
  func instruction(at clock: Clock, of trace: OpenedTrace) throws -> UInt64 {
    let bytes = try trace.attempt { reader throws(TraceError) in try reader.header().image }
    let folder = try TemporaryFolder(name: "orrery-image")
    defer { folder.remove() }
    let path = Folder.path("kernel", in: folder.path)
    try AtomicFile.write(bytes, to: path)
    let runOptions = try options.runOptions(image: path)
    let inputs = try Self.quietly { try RunInputs(runOptions) }
    let recorder = try inputs.recorder(with: runOptions.parameterValues(), sink: nil)
    while recorder.machine.clock < clock, try recorder.advance(untilClock: clock) == nil {
      try Self.checkInterruption()
    }
    return recorder.machine.rip
  }

  static func checkInterruption() throws {
    if let name = Interruption.signalName { throw CommandFailure("ended by \(name)") }
  }

  /// What the scenario's checker has to say of each kernel was said of the first.
  private static func quietly<Result>(_ body: () throws -> Result) rethrows -> Result {
    var console = Console.current
    console.writeError = { _ in }
    return try Console.$current.withValue(console, operation: body)
  }
}
