import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryTrace

/// A trace run again from itself for the sake of the machine's states: its inputs at their clocks, as a replay has them, but no events are made.
///
/// It goes to any point and back to any checkpoint. Memory does not grow with the length of the trace: inputs are kept from the oldest checkpoint on.
final class TraceRun {
  /// Why `run` came back.
  enum Pause: Hashable {
    case reached
    /// See `RunExit.inspected`.
    case inspected
    case anchor(LinearAddress)
    /// The run is over; `end` says how.
    case ended
  }

  let machine: Machine
  let reader: TraceReader
  let kernel: KernelImage
  let configuration: RunConfiguration
  /// How the run ended, once it has.
  private(set) var end: String?
  /// Called with every interrupt and exception that was delivered: its vector, and whether it is an exception.
  var deliveryHandler: ((_ vector: UInt8, _ isException: Bool, _ clock: Clock) -> Void)?

  private let recordedEnd: RunEnd?
  private var events: TraceEvents
  private var isEverythingRead = false
  /// Inputs that were read and may be wanted again, and the number of the first of them.
  private var kept: [InputEvent] = []
  private var firstKept = 0
  /// How many inputs the machine was given.
  private var scheduledCount = 0
  private var lastScheduledClock: Clock = 0
  private var idleRounds = 0

  private static let inputsAhead = 64
  /// See `Replayer.idleRoundLimit`.
  private static let idleRoundLimit = 1 << 27

  init(_ source: any TraceSource) throws(ReplayError) {
    let header: TraceHeader
    do throws(TraceError) {
      reader = try TraceReader(source: source)
      header = try reader.header()
    } catch { throw .trace(error) }
    configuration = try RunConfiguration(header: header)
    do throws(ImageError) {
      let image = try RunImage(bytes: header.image)
      kernel = image.kernel
      machine = try Boot.machine(for: image, configuration, probes: [.interrupts, .exceptions], callProbes: [])
    } catch { throw .image(error) }
    recordedEnd = reader.end
    events = reader.events(lanes: LaneSet(.input))
    if reader.end == nil { throw .withoutEnd }
  }

  var clock: Clock { machine.clock }
  var steps: Steps { machine.steps }

  /// Runs to `untilClock` or `untilSteps`, whichever comes first, to the boundary before anything happens there; or to something that was asked for.
  func run(untilClock: Clock = .max, untilSteps: Steps = .max) throws(ReplayError) -> Pause {
    while true {
      if end != nil { return .ended }
      if machine.clock >= untilClock || machine.steps >= untilSteps { return .reached }
      let (lastClock, lastSteps) = recordedEnd?.lastPoint ?? (.max, .max)
      if machine.clock >= lastClock || machine.steps > lastSteps {
        end = recordedEnd?.text ?? ""
        return .ended
      }
      do throws(TraceError) { try scheduleInputs() } catch { throw .trace(error) }
      // No further than to the last input that the machine was given: the next ones may follow right after.
      let clock = min(untilClock, hasMoreInputs ? lastScheduledClock : .max, lastClock)
      let lastStep = machine.steps < lastSteps ? lastSteps : lastSteps.addingSaturating(1)
      let steps = machine.steps
      let exit = machine.run(untilClock: clock, untilSteps: min(untilSteps, lastStep))
      drain()
      if machine.steps != steps { idleRounds = 0 }
      switch exit {
      case .anchor(let address): return .anchor(address)
      case .inspected: return .inspected
      case .stopped(let reason): end = reason.description
      case .idle: try idle(untilClock)
      case .reachedClock, .reachedSteps, .probesFull, .serialOutput, .keyboardRead, .mark, .screen: break
      }
    }
  }

  private func idle(_ untilClock: Clock) throws(ReplayError) {
    guard let recordedEnd, recordedEnd.reason != .idle, machine.clock < recordedEnd.clock else {
      end = StopReason.idle.description
      return
    }
    machine.idle(untilClock: min(recordedEnd.clock, untilClock))
    idleRounds += 1
    if idleRounds > Self.idleRoundLimit {
      throw .contradiction(
        "it claims that nothing happens up to clock \(Words.number(recordedEnd.clock)), and an idle machine's devices alone take too long to get there"
      )
    }
  }

  /// How many steps the recorded run has.
  var recordedSteps: Steps { recordedEnd?.steps ?? 0 }

  private func drain() {
    machine.probes.drain { records, _ in
      guard let deliveryHandler else { return }
      for record in records where record.kind == .interrupt || record.kind == .exception {
        deliveryHandler(UInt8(truncatingIfNeeded: record.detail), record.kind == .exception, record.clock)
      }
    }
  }

  // MARK: Inputs

  private var hasMoreInputs: Bool { scheduledCount < firstKept + kept.count || !isEverythingRead }

  private func scheduleInputs() throws(TraceError) {
    while machine.pendingInputCount < Self.inputsAhead || lastScheduledClock <= machine.clock {
      while scheduledCount == firstKept + kept.count {
        guard !isEverythingRead else { return }
        guard let event = try events.next() else {
          isEverythingRead = true
          return
        }
        guard case .input(let action, let point, _) = event.payload else { continue }
        kept.append(InputEvent(clock: event.clock, point: point, action: action))
      }
      let input = kept[scheduledCount - firstKept]
      machine.schedule(input)
      lastScheduledClock = input.clock
      scheduledCount += 1
      idleRounds = 0
    }
  }

  /// The inputs, as far as they are kept, from one clock up to another.
  func inputs(from start: Clock, to end: Clock) -> [InputEvent] {
    kept.filter { $0.clock >= start && $0.clock < end }
  }

  // MARK: Checkpoints

  struct Checkpoint {
    let machine: OrreryMachine.Checkpoint
    let clock: Clock
    let steps: Steps
    fileprivate let scheduledCount: Int
    fileprivate let lastScheduledClock: Clock
    fileprivate let end: String?
  }

  /// Saves the state.
  ///
  /// - Parameter isOldest: nobody will go back to one taken earlier.
  func checkpoint(isOldest: Bool) -> Checkpoint {
    if isOldest {
      let count = kept.prefix(scheduledCount - firstKept).prefix { $0.clock < machine.clock }.count
      kept.removeFirst(count)
      firstKept += count
    }
    return Checkpoint(
      machine: machine.checkpoint(), clock: machine.clock, steps: machine.steps, scheduledCount: scheduledCount,
      lastScheduledClock: lastScheduledClock, end: end)
  }

  func restore(_ checkpoint: Checkpoint) {
    precondition(checkpoint.scheduledCount >= firstKept, "a checkpoint before the oldest that was kept")
    machine.restore(checkpoint.machine)
    scheduledCount = checkpoint.scheduledCount
    lastScheduledClock = checkpoint.lastScheduledClock
    end = checkpoint.end
    idleRounds = 0
  }
}
