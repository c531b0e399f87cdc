import Orrery
import OrreryBase
import OrreryCompare
public import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// A case of a kernel's behaviour that is kept under review: a folder with a scenario and the golden text that the kernel's behaviour must be.
///
///     traces/kernel.txt            where the kernel is, and how it is built
///     traces/boot/boot.scenario
///     traces/boot/golden.txt
///
/// The golden says what the kernel does, per lane and context, without addresses, clocks and steps; so it holds when the kernel is built anew and
/// shows in a review what a change of the kernel changes. It is only ever written by `accept(_:)`, on purpose: a missing golden is a failure.
public struct GoldenCase: Hashable, Sendable, CustomStringConvertible {
  /// The folder, such as `traces/boot`.
  public let folder: String
  /// The scenario that the case is recorded under.
  public let scenarioPath: String
  /// Where the kernel comes from; nil when nothing says so.
  public let kernel: KernelSource?

  public init(folder: String, image: String) {
    self.init(folder: folder, scenarioPath: nil, kernel: .given(image))
  }

  /// - Parameter scenarioPath: `NAME.scenario` in the folder unless given.
  init(folder: String, scenarioPath: String?, kernel: KernelSource?) {
    self.folder = Folder.withoutEndSlash(folder)
    let name = Self.name(of: self.folder)
    self.scenarioPath = scenarioPath ?? Folder.path("\(name).scenario", in: self.folder)
    self.kernel = kernel
  }

  /// The last part of the folder's path.
  public var name: String { Self.name(of: folder) }

  static func name(of folder: String) -> String { folder.split(separator: "/").last.map(String.init) ?? folder }

  public var goldenPath: String { Folder.path("golden.txt", in: folder) }

  public var description: String { name }

  /// The arguments of `orrery test` and `orrery accept` that mean this case alone.
  public var arguments: [String] {
    // A name that begins with a minus sign is no option.
    let path = folder.hasPrefix("-") ? ["--", folder] : [folder]
    guard let kernel, kernel.isGiven else { return path }
    return ["--image", kernel.imagePath] + path
  }

  /// Records the case and compares its behaviour with the golden. Costs one recording, which is kept in memory.
  ///
  /// - Parameter isCancelled: asked several times a second; when it says so, the case is given up.
  public func check(isCancelled: () -> Bool = { false }) -> GoldenResult {
    let recording: Recording
    do throws(GoldenError) { recording = try recorded(isCancelled) } catch {
      return GoldenResult(self, GoldenResult.Outcome(error))
    }
    do {
      let reader = try TraceReader(source: MemoryTraceSource(recording.trace))
      let behaviour = try Behaviour(trace: reader, rendering: EventRendering(of: reader))
      return GoldenResult(self, try compare(behaviour), warnings: recording.warnings)
    } catch {
      return GoldenResult(self, .trouble("\(error)"), warnings: recording.warnings)
    }
  }

  private func compare(_ behaviour: Behaviour) throws -> GoldenResult.Outcome {
    guard !Folder.isFolder(goldenPath) else {
      throw GoldenError.trouble(
        "\(goldenPath): it is a folder, and the golden has to be a file of this name; remove it")
    }
    guard Folder.isFile(goldenPath) else {
      return .withoutGolden("\(goldenPath): there is no golden yet", behaviour: behaviour.text)
    }
    let text = try InputFile.text(of: goldenPath, limit: Behaviour.textLimit)
    let comparison: BehaviourComparison
    do throws(BehaviourError) {
      comparison = try compareBehaviour(golden: GoldenText(text).behaviour, actual: behaviour)
    } catch {
      return .withoutGolden("\(goldenPath): \(error)", behaviour: behaviour.text)
    }
    if comparison.isEqual { return .same }
    if let lost = LostText.find(in: comparison) {
      let text =
        "\(scenarioPath): the kernel never does what is waited for: \(lost.anchor); \(lost.words)"
      return GoldenResult.Outcome(.lostAnchor("\(text); change the scenario, or the kernel back"))
    }
    return .different(comparison, behaviour: behaviour.text)
  }

  /// Makes `behaviour` the golden; the file is replaced as a whole or not at all.
  public func accept(_ behaviour: String) throws(HostError) {
    try AtomicFile.write(Array(behaviour.utf8), to: goldenPath)
  }

  /// Records the case and gives the bytes of the trace.
  public func record() throws(GoldenError) -> [UInt8] { try recorded({ false }).trace }

  private struct Recording {
    var trace: [UInt8]
    var warnings: [String]
  }

  private func recorded(_ isCancelled: () -> Bool) throws(GoldenError) -> Recording {
    guard let kernel else { throw .trouble(KernelSource.missing(for: folder)) }
    let scenarios = ((try? Folder.names(in: folder)) ?? []).filter { $0.hasSuffix(".scenario") }
    if scenarios.count > 1, !Folder.isFile(scenarioPath) {
      throw .trouble(
        "\(folder): it has \(scenarios.count) scenarios (\(scenarios.prefix(4).joined(separator: ", "))), and none is called \(name).scenario; "
          + "make it a folder for each, or call one so")
    }
    let sink = MemoryTraceSink()
    do {
      let text = try InputFile.text(of: scenarioPath, limit: UInt64(Scenario.textLimit))
      let scenario = try Scenario(parsing: text, file: scenarioPath)
      let bytes = try InputFile.contents(of: kernel.imagePath, limit: KernelImage.byteLimit)
      let image: RunImage
      do throws(ImageError) { image = try RunImage(bytes: bytes) } catch {
        throw GoldenError.trouble("\(kernel.imagePath): \(error)")
      }
      let bound = try image.bind(scenario)
      let recorder = try Recorder(
        image: image, scenario: bound, configuration: RunConfiguration(bound), scenarioText: text, sink: sink)
      while try recorder.advance() == nil {
        if isCancelled() { throw GoldenError.cancelled }
      }
      return Recording(trace: sink.bytes, warnings: scenario.warnings(golden: true).map(\.description))
    } catch let error as GoldenError {
      throw error
    } catch Recorder.Failure.scenario(let error) {
      throw .lostAnchor("\(error.place(in: scenarioPath)): \(error)")
    } catch let error as HostError {
      throw .trouble(error.description)
    } catch let error as ScenarioError {
      throw .trouble(error.description)
    } catch {
      throw .trouble("\(scenarioPath): \(error)")
    }
  }
}
