internal import OrreryBase

/// The complete state of a machine at a step boundary. It can be restored any number of times, in any order, also into another machine of equal
/// configuration. Checkpoints share the pages that did not change between them.
public final class Checkpoint {
  let configuration: MachineConfiguration
  /// Processor, then devices, in the coding of `ProcessorImage` and `Board`.
  let bytes: [UInt8]
  let pages: PageStore
  let inputs: InputQueue
  let openCalls: [CallWatch.OpenCall]
  let tables: TableWatch
  let reportedAnchors: AttemptList
  let reportedCalls: AttemptList
  let stop: StopReason?
  let pauses: PauseSet

  init(
    configuration: MachineConfiguration, bytes: [UInt8], pages: PageStore, inputs: InputQueue,
    openCalls: [CallWatch.OpenCall], tables: TableWatch, reportedAnchors: AttemptList, reportedCalls: AttemptList,
    stop: StopReason?, pauses: PauseSet
  ) {
    self.configuration = configuration
    self.bytes = bytes
    self.pages = pages
    self.inputs = inputs
    self.openCalls = openCalls
    self.tables = tables
    self.reportedAnchors = reportedAnchors
    self.reportedCalls = reportedCalls
    self.stop = stop
    self.pauses = pauses
  }
}

extension Machine {
  /// Saves the state; costs what was stored to since the last checkpoint or restore. The machine goes on as if nothing had happened. Records still in `probes`
  /// are not part of it.
  public func checkpoint() -> Checkpoint {
    let memory = cpu.pointee.memory
    for frame in memory.pointee.dirtyFrames.lazy.map(UInt64.init) {
      baseline[frame] = memory.pointee.existingBytes(ofFrame: frame).map { PageImage(copying: $0) }
    }
    memory.pointee.clearDirty()
    return Checkpoint(
      configuration: configuration, bytes: stateBytes(), pages: baseline, inputs: InputQueue(inputs.pending),
      openCalls: cpu.pointee.system.pointee.calls.openCalls, tables: cpu.pointee.system.pointee.tables,
      reportedAnchors: reportedAnchors, reportedCalls: reportedCalls, stop: cpu.pointee.stop, pauses: board.pauses)
  }

  /// Puts the machine into the state of `checkpoint`; costs the pages that differ. Records in `probes`, anchors and pause settings stay as they are.
  ///
  /// - Precondition: the checkpoint is of a machine of equal configuration.
  public func restore(_ checkpoint: Checkpoint) {
    precondition(checkpoint.configuration == configuration, "a checkpoint fits machines of its own configuration only")
    restoreMemory(checkpoint.pages)
    do throws(ByteCodingError) {
      var reader = ByteReader(checkpoint.bytes)
      try restoreState(from: &reader)
    } catch {
      preconditionFailure("a checkpoint cannot be read back: \(error)")
    }
    cpu.pointee.stop = checkpoint.stop
    board.pauses = checkpoint.pauses
    cpu.pointee.hasFault = false
    inputs = checkpoint.inputs
    reportedAnchors = checkpoint.reportedAnchors
    reportedCalls = checkpoint.reportedCalls
    restoreTables(checkpoint.tables)
    cpu.debugRegistersChanged()
    cpu.forgetBlocks()
    cpu.flushTranslations()
    cpu.pointee.system.pointee.calls.openCalls = checkpoint.openCalls
    for call in checkpoint.openCalls { cpu.installReturnPoint(call.returnAddress) }
    cpu.updateMode()
  }

  /// Processor and devices as they are.
  func stateBytes() -> [UInt8] {
    var writer = ByteWriter()
    ProcessorImage.append(cpu, to: &writer)
    ProcessorImage.appendX87Pointers(cpu, to: &writer)
    ProcessorImage.appendTLB(cpu, to: &writer)
    writer.append(fixed: cpu.pointee.steps)
    writer.append(standsAtInstruction)
    writer.append(owesSingleStepTrap)
    board.checkpoint(into: &writer)
    return writer.bytes
  }

  /// Takes over what `stateBytes` gave.
  func restoreState(from reader: inout ByteReader) throws(ByteCodingError) {
    try ProcessorImage.restore(cpu, from: &reader)
    try ProcessorImage.restoreX87Pointers(cpu, from: &reader)
    try ProcessorImage.restoreTLB(cpu, from: &reader)
    cpu.pointee.steps = try reader.fixed()
    standsAtInstruction = try reader.flag()
    owesSingleStepTrap = try reader.flag()
    try board.restore(from: &reader)
  }

  private func restoreMemory(_ pages: PageStore) {
    let memory = cpu.pointee.memory
    for frame in memory.pointee.dirtyFrames.lazy.map(UInt64.init) { restorePage(frame, pages[frame]) }
    memory.pointee.clearDirty()
    // What differs from the baseline and was not dirty.
    pages.forEachDifference(from: baseline) { frame, page in restorePage(frame, page) }
    memory.pointee.clearDirty()
    baseline = pages
  }

  private func restorePage(_ frame: UInt64, _ page: PageImage?) {
    let memory = cpu.pointee.memory
    if let page {
      memory.pointee.bytes(ofFrame: frame).copyMemory(from: page.bytes, byteCount: PhysicalMemory.pageSize)
    } else if let bytes = memory.pointee.existingBytes(ofFrame: frame) {
      bytes.initializeMemory(as: UInt8.self, repeating: 0, count: PhysicalMemory.pageSize)
    }
    memory.pointee.markDirty(frame)
  }

  private func restoreTables(_ tables: TableWatch) {
    let memory = cpu.pointee.memory
    for frame in cpu.pointee.system.pointee.tables.active { memory.pointee.unmark(frame, .watched) }
    cpu.pointee.system.pointee.tables = tables
    for frame in tables.active { memory.pointee.mark(frame, .watched) }
  }
}
