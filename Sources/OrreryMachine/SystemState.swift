internal import OrreryBase

/// The machine's state that only slow paths touch, behind one pointer in `CPUState`.
struct SystemState: ~Copyable {
  let translations: UnsafeMutablePointer<TranslationCache>
  var tables: TableWatch
  var calls: CallWatch
  let probes: ProbeWriter
  /// Which probe records are written.
  let recorded: ProbeSet
  /// The 32 KiB at physical address 0xB8000.
  let videoMemory: UnsafeMutableRawPointer
  /// A page of ones: what reading where nothing answers gives.
  let openBus: UnsafeMutableRawPointer
  /// What the debug registers ask for.
  let debug: UnsafeMutablePointer<DebugWatch>
  /// INT n, INT3, INTO or a fast system call retired: it took TF away, so no single-step trap follows.
  var tookSoftwareInterrupt = false
  /// Somebody wants to know of changes of pages and of translations, and there was one that nobody was told of yet.
  var isInspected = false
  var hasInspectedChange = false
  /// A task whose T flag is set was switched to: a trap before its first instruction.
  var owesTaskTrap = false
  /// A repeated string instruction was left with iterations still to do.
  var isBetweenIterations = false
  /// Whether what changed may decide how addresses are translated.
  var hasInspectedTranslationChange = false
  /// The pages of which every word counts; of other inspected pages, only those words count that `inspectedWords` names.
  var inspectedFrames: [UInt64] = []
  /// Physical addresses, each a multiple of 8, with the bits that count.
  var inspectedWords: [(address: UInt64, mask: UInt64)] = []
  /// An access of the instruction in progress had an address that is not canonical.
  var metNonCanonicalAddress = false

  init(
    configuration: MachineConfiguration, probes: ProbeWriter, videoMemory: UnsafeMutableRawPointer,
    translations: UnsafeMutablePointer<TranslationCache>
  ) {
    self.translations = translations
    debug = .allocate(capacity: 1)
    debug.initialize(to: DebugWatch())
    tables = TableWatch()
    calls = CallWatch(configuration.callProbes)
    openBus = .allocate(byteCount: PhysicalMemory.pageSize, alignment: PhysicalMemory.pageSize)
    openBus.initializeMemory(as: UInt8.self, repeating: 0xFF, count: PhysicalMemory.pageSize)
    self.probes = probes
    recorded = configuration.probes
    self.videoMemory = videoMemory
  }

  func deallocate() {
    translations.pointee.deallocate()
    translations.deinitialize(count: 1).deallocate()
    openBus.deallocate()
    debug.deinitialize(count: 1).deallocate()
  }
}

extension CPUState {
  /// Whether `stop` holds a reason, told without copying it.
  var isStopped: Bool {
    if case .some = stop { true } else { false }
  }
}

extension CPU {
  /// Writes a probe record at the present clock when `set` is recorded. `rip` must still be that of the instruction.
  func record(
    _ kind: ProbeKind, in set: ProbeSet, detail: UInt32 = 0, _ value0: UInt64 = 0, _ value1: UInt64 = 0,
    _ value2: UInt64 = 0, _ value3: UInt64 = 0, _ value4: UInt64 = 0, _ value5: UInt64 = 0
  ) {
    guard pointee.system.pointee.recorded.contains(set) else { return }
    pointee.system.pointee.probes.append(
      ProbeRecord(
        kind, detail: detail, clock: pointee.clock, rip: pointee.rip, value0, value1, value2, value3, value4, value5))
  }

  /// Stops the machine for good because the guest used `what`, which is not modelled.
  func unmodelled(_ what: String) {
    if pointee.stop == nil { pointee.stop = .unmodelled("\(what), at rip \(hexadecimal(pointee.rip))") }
    pointee.leavesBlock = true
  }

  /// Sets the fault of the instruction in progress. Always false, for `return faults(…)`.
  func faults(_ fault: Fault) -> Bool {
    raise(fault)
    return false
  }
}
