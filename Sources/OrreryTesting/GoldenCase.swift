import Orrery
import OrreryBase
import OrreryCompare
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// A case of a kernel's behaviour that is kept under review: a folder with a scenario and the golden text that the kernel's behaviour must be.
///
///     traces/boot/boot.scenario
///     traces/boot/golden.txt
///
/// The golden says what the kernel does, per lane and context, without addresses, clocks and steps; so it holds when the kernel is built anew and
/// shows in a review what a change of the kernel changes. It is only ever written by `orrery show --behaviour`, on purpose: a missing golden
/// is a failure.
public struct GoldenCase: Sendable, CustomStringConvertible {
  /// The folder, such as `traces/boot`.
  public let folder: String
  /// The path of the kernel image.
  public let image: String

  /// The largest golden that is read, in bytes.
  private static let goldenLimit: UInt64 = 64 << 20
  /// The largest image that is read, in bytes.
  private static let imageLimit: UInt64 = 1 << 30

  public init(folder: String, image: String) {
    self.folder = folder.last == "/" ? String(folder.dropLast()) : folder
    self.image = image
  }

  /// The last part of the folder's path.
  public var name: String { folder.split(separator: "/").last.map(String.init) ?? folder }

  public var scenarioPath: String { "\(folder)/\(name).scenario" }
  public var goldenPath: String { "\(folder)/golden.txt" }

  public var description: String { name }

  /// The commands that repeat the comparison, and that accept the present behaviour.
  public var commands: String {
    """
    reproduce: orrery record \(image) --scenario \(scenarioPath) -o \(name).orrery && orrery diff --behaviour \(goldenPath) \(name).orrery
    accept:    orrery show --behaviour \(name).orrery > \(goldenPath)
    """
  }

  /// Records the case and compares its behaviour with the golden; nil when they are the same, otherwise what differs, as `diff -u` shows it.
  public func difference() throws -> String? {
    let golden = try InputFile.text(of: goldenPath, limit: Self.goldenLimit)
    let comparison = try compareBehaviour(golden: golden, actual: try behaviour())
    return comparison.isEqual ? nil : comparison.unified()
  }

  /// Records the case and gives its behaviour as text.
  public func behaviour() throws -> String {
    let reader = try TraceReader(source: MemoryTraceSource(try record()))
    return try Behaviour(trace: reader, rendering: EventRendering(of: reader)).text
  }

  /// Records the case and gives the bytes of the trace.
  public func record() throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let image = try KernelImage(bytes: try InputFile.contents(of: image, limit: Self.imageLimit))
    let text = try InputFile.text(of: scenarioPath, limit: UInt64(Scenario.textLimit))
    let scenario = try Scenario(parsing: text, file: scenarioPath).bound()
    let recorder = try Recorder(
      image: image, scenario: scenario, configuration: RunConfiguration(scenario), scenarioText: text,
      sink: sink)
    while try recorder.advance() == nil {}
    return sink.bytes
  }
}
