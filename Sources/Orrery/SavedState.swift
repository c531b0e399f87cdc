public import OrreryBase
public import OrreryImage
import OrreryMachine
public import OrreryScenario
import OrreryTrace

/// A machine that was saved in the midst of a run, from which other runs can start: the machine, its settings, and the kernel's image for its symbols.
///
/// The file (docs/STATE_FORMAT.md) is hashed in all its parts, and holds a hash of the machine besides, which is compared when the machine has been loaded.
public struct SavedState: Sendable {
  /// The file.
  public let bytes: [UInt8]
  /// What the machine is made with; the command line is the one that its kernel was booted with.
  public let settings: BoundMachineSettings
  /// The kernel that was booted.
  public let kernel: KernelImage
  /// Where the machine stands.
  public let clock: Clock
  public let steps: Steps
  private let machine: SavedMachine
  private let stateHash: Hash128

  /// How many pages of memory the file has.
  public var pageCount: Int { machine.pages.count }

  /// The state of `machine`, which has not stopped, after `kernel` was booted in it with `settings`.
  init(of machine: Machine, settings: BoundMachineSettings, kernel: KernelImage) {
    self.settings = settings
    self.kernel = kernel
    clock = machine.clock
    steps = machine.steps
    self.machine = machine.saved()
    stateHash = machine.stateHash()
    bytes = StateFile.encoded(
      settings: RunConfiguration(machine: settings).settings, kernel: kernel.bytes, machine: self.machine,
      clock: clock, steps: steps, hash: stateHash)
  }

  /// Whether these are the first bytes of a saved state.
  public static func isSavedState(_ bytes: [UInt8]) -> Bool { bytes.starts(with: StateFile.magic) }

  /// - Throws: `ImageError` naming the first field that is wrong.
  public init(bytes: [UInt8]) throws(ImageError) {
    let file = try StateFile(bytes)
    self.bytes = bytes
    var configuration = RunConfiguration()
    for setting in file.settings {
      guard try Self.take(setting, into: &configuration) else {
        throw ImageError(
          offset: file.settingsOffset,
          problem: "the setting \(setting.key) is \(setting.value), which makes no sense here",
          remedy: "save the state again with this program")
      }
    }
    settings = configuration.machine
    do throws(ImageError) { kernel = try KernelImage(bytes: file.kernel) } catch {
      throw ImageError(
        offset: file.kernelOffset + error.offset, problem: "the kernel in the saved state: \(error.problem)",
        remedy: error.remedy)
    }
    (clock, steps, machine, stateHash) = (file.clock, file.steps, file.machine, file.hash)
  }

  private static func take(
    _ setting: TraceHeader.Setting, into configuration: inout RunConfiguration
  ) throws(ImageError) -> Bool {
    do throws(ReplayError) { return try configuration.take(setting) } catch { return false }
  }

  /// Puts a new machine into the state.
  func load(into machine: Machine) throws(ImageError) {
    let again = "save the state again with this program"
    do throws(SavedMachineError) { try machine.load(self.machine) } catch {
      switch error {
      case .otherLayout:
        throw ImageError(
          offset: 0, problem: "the state was saved by a program whose machine keeps other things", remedy: again)
      case .state(let error):
        throw ImageError(offset: 0, problem: "the state of processor and devices: \(error)", remedy: again)
      case .page(let index):
        throw ImageError(
          offset: 0, problem: "page \(index) of the saved memory is none of this machine's", remedy: again)
      }
    }
    guard machine.clock == clock, machine.steps == steps, machine.stateHash() == stateHash else {
      throw ImageError(
        offset: 0, problem: "the machine that was loaded is not the one that was saved: the hash of its state differs",
        remedy: again)
    }
  }
}
