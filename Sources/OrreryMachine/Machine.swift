public import OrreryBase

/// A whole PC that does exactly the same whenever it is given the same: processor, memory, devices, in virtual time.
///
/// Put an image into memory, set the entry state, then `run`:
///
///     let machine = Machine(configuration: MachineConfiguration())
///     _ = machine.write(code, at: PhysicalAddress(0x10_0000))
///     machine.enterProtectedMode(eip: 0x10_0000, ebx: 0)
///     let exit = machine.run(untilClock: 1_000_000, untilSteps: .max)
///
/// What the guest does is written to `probes`, which the caller drains. A machine costs the RAM the guest has touched and about 1 MiB.
/// It is not safe to use from two threads at once; as no method is entered again from within another, checks of exclusive access are off for its properties.
public final class Machine {
  public let configuration: MachineConfiguration
  public let probes = ProbeBuffer()

  let cpu: CPU
  let board: Board
  @exclusivity(unchecked) var inputs = InputQueue()
  /// The next `run` goes on after the boundary's events and sample: the instruction at `rip` is about to execute.
  @exclusivity(unchecked) var standsAtInstruction = false
  /// The single-step trap of the instruction that retired last is still to be delivered.
  @exclusivity(unchecked) var owesSingleStepTrap = false
  /// Where `run` returned `.anchor` and the instruction has not retired since: an interrupt or fault taken in between does not make it a second execution.
  @exclusivity(unchecked) var reportedAnchors = AttemptList()
  /// Where a call or return was recorded and the instruction has not retired since.
  @exclusivity(unchecked) var reportedCalls = AttemptList()
  /// The contents of memory that `PageFlags.dirty` counts from.
  @exclusivity(unchecked) var baseline = PageStore()
  @exclusivity(unchecked) var hashTree: PageHashTree

  /// The pages with `PageFlags.inspected`.
  @exclusivity(unchecked) var inspectedFrames: [UInt64] = []
  /// `run` returns `.inspected` at the boundary after an interrupt or an exception was delivered.
  @exclusivity(unchecked) public var inspectsDeliveries = false

  /// `run` returns `.serialOutput` at the boundary after a byte left a serial port.
  @exclusivity(unchecked) public var pausesAfterSerialOutput = false
  /// `run` returns `.keyboardRead` at the boundary after the keyboard became idle: the guest read the last byte that it had.
  @exclusivity(unchecked) public var pausesAfterKeyboardRead = false
  /// `run` returns `.mark` at the boundary after a byte was written to the trace port.
  @exclusivity(unchecked) public var pausesAfterMark = false
  /// `run` returns `.screen` at the boundary after changes of the screen were written to the probes, when those are recorded.
  @exclusivity(unchecked) public var pausesAfterScreen = false

  public init(configuration: MachineConfiguration) {
    self.configuration = configuration
    board = Board(configuration: configuration, probes: probes.writer)
    hashTree = PageHashTree(pageCount: configuration.memorySize >> 12)
    let translations = UnsafeMutablePointer<TranslationCache>.allocate(capacity: 1)
    translations.initialize(to: TranslationCache(memorySize: configuration.memorySize, tlb: configuration.tlb))
    let system = UnsafeMutablePointer<SystemState>.allocate(capacity: 1)
    system.initialize(
      to: SystemState(
        configuration: configuration, probes: probes.writer, videoMemory: board.videoMemory, translations: translations)
    )
    let memory = UnsafeMutablePointer<PhysicalMemory>.allocate(capacity: 1)
    memory.initialize(to: PhysicalMemory(size: configuration.memorySize, translations: translations))
    let blocks = UnsafeMutablePointer<BlockCache>.allocate(capacity: 1)
    blocks.initialize(to: BlockCache())
    let breakpoints = UnsafeMutablePointer<BreakpointSet>.allocate(capacity: 1)
    breakpoints.initialize(to: BreakpointSet())
    cpu = .allocate(capacity: 1)
    cpu.initialize(
      to: CPUState(
        tlb: translations.pointee.supervisor, supervisorTLB: translations.pointee.supervisor,
        userTLB: translations.pointee.user, memory: memory, blocks: blocks, breakpoints: breakpoints,
        board: Unmanaged.passUnretained(board), system: system))
    cpu.resetSegments()
    if configuration.probes.contains(.calls) {
      for probe in configuration.callProbes { _ = breakpoints.pointee.insert(probe.address.rawValue, .call) }
    }
  }

  deinit {
    cpu.pointee.blocks.pointee.deallocate()
    cpu.pointee.blocks.deinitialize(count: 1).deallocate()
    cpu.pointee.breakpoints.pointee.deallocate()
    cpu.pointee.breakpoints.deinitialize(count: 1).deallocate()
    cpu.pointee.memory.pointee.deallocate()
    cpu.pointee.memory.deinitialize(count: 1).deallocate()
    cpu.pointee.system.pointee.deallocate()
    cpu.pointee.system.deinitialize(count: 1).deallocate()
    cpu.deinitialize(count: 1).deallocate()
  }

  // MARK: Setting up

  /// Writes to RAM or the firmware's 64 KiB below 1 MiB. Returns false, and writes nothing, when any of it would fall elsewhere.
  public func write(_ bytes: some Collection<UInt8>, at address: PhysicalAddress) -> Bool {
    guard isMemory(address, count: bytes.count) else { return false }
    var index = bytes.startIndex
    var position = address.rawValue
    while index != bytes.endIndex {
      let count = min(bytes.distance(from: index, to: bytes.endIndex), 4096 - Int(position & 0xFFF))
      let end = bytes.index(index, offsetBy: count)
      cpu.writeFromHost(bytes[index..<end], at: position)
      position += UInt64(count)
      index = end
    }
    return true
  }

  /// Reads from RAM or firmware; nil when any of it would come from elsewhere. Never disturbs the machine.
  public func read(_ address: PhysicalAddress, count: Int) -> [UInt8]? {
    guard isMemory(address, count: count) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var position = address.rawValue
    while bytes.count < count {
      let offset = Int(position & 0xFFF)
      let part = min(count - bytes.count, 4096 - offset)
      if let page = cpu.pointee.memory.pointee.existingBytes(ofFrame: position >> 12) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: page + offset, count: part))
      } else {
        bytes.append(contentsOf: repeatElement(0, count: part))
      }
      position += UInt64(part)
    }
    return bytes
  }

  func isMemory(_ address: PhysicalAddress, count: Int) -> Bool {
    let size = configuration.memorySize
    guard count >= 0, address.rawValue <= size, UInt64(count) <= size - address.rawValue else { return false }
    let hole = PhysicalMemory.hole.lowerBound << 12..<PhysicalMemory.firmware.lowerBound << 12
    return count == 0 || address.rawValue + UInt64(count) <= hole.lowerBound || address.rawValue >= hole.upperBound
  }

  /// The state in which a boot loader enters a kernel: 32-bit protected mode, flat segments, no paging, interrupts off, `ebx` at what it hands over.
  ///
  /// - Parameter descriptorTable: what LGDT was last given; nil for a GDT register as it is at reset.
  public func enterProtectedMode(
    eip: UInt32, eax: UInt32 = 0, ebx: UInt32, esp: UInt32 = 0,
    descriptorTable: (address: PhysicalAddress, limit: UInt16)? = nil
  ) {
    cpu.enterFlatProtectedMode()
    cpu.pointee.rip = UInt64(eip)
    cpu.pointee.gpr[0] = UInt64(eax)
    cpu.pointee.gpr[3] = UInt64(ebx)
    cpu.pointee.gpr[4] = UInt64(esp)
    if let descriptorTable {
      cpu.pointee.gdtr = DescriptorTableRegister(base: descriptorTable.address.rawValue, limit: descriptorTable.limit)
    }
  }

  // MARK: Looking

  public var clock: Clock { cpu.pointee.clock }
  public var steps: Steps { cpu.pointee.steps }
  public var rip: UInt64 { cpu.pointee.rip }
  public var isHalted: Bool { cpu.pointee.isHalted }
  /// Nothing is queued in the keyboard and nothing unread in its controller.
  public var keyboardIsIdle: Bool { board.keyboardIsIdle }

  public var registers: RegisterSnapshot {
    RegisterSnapshot(
      general: (0..<16).map { cpu.pointee.gpr[$0] }, rip: cpu.pointee.rip, rflags: cpu.flags,
      selectors: (0..<6).map { cpu.pointee.segments[$0].selector },
      bases: (0..<6).map { cpu.pointee.segments[$0].base },
      cr0: cpu.pointee.cr0, cr2: cpu.pointee.cr2, cr3: cpu.pointee.cr3, cr4: cpu.pointee.cr4, efer: cpu.pointee.efer,
      privilegeLevel: cpu.pointee.cpl)
  }

  /// What the text-mode display shows now.
  public func screenText() -> Screen { board.screen() }

  /// The physical address that `address` is mapped to now, without setting accessed bits or faulting; nil when it is mapped to none.
  public func physicalAddress(of address: LinearAddress) -> PhysicalAddress? {
    cpu.peekTranslation(address.rawValue).map { PhysicalAddress($0) }
  }

  // MARK: Inputs and anchors

  /// How many scheduled inputs are still to be applied.
  public var pendingInputCount: Int { inputs.count }

  /// Has `input` applied at exactly its clock and point; a clock that has passed counts as now. Inputs of equal clock and point keep their order.
  public func schedule(_ input: InputEvent) {
    var input = input
    if input.clock <= cpu.pointee.clock {
      input.clock = cpu.pointee.clock
      // The boundary of this clock is behind us when an anchor was reported: the earliest point left is the instruction's.
      if standsAtInstruction { input.point = .instruction }
    }
    inputs.insert(input)
  }

  /// Whether what happens at the present boundary has happened, so that an input applied now comes after it: an anchor or a halt was reported.
  public var hasPassedBoundary: Bool { standsAtInstruction }

  /// Applies `action` at the present point: directly before the instruction when `run` just returned `.anchor`, otherwise at the boundary.
  public func apply(_ action: InputAction) {
    apply(action, at: standsAtInstruction ? .instruction : .boundary)
  }

  func apply(_ action: InputAction, at point: InputPoint) {
    if configuration.probes.contains(.input) {
      probes.writer.append(
        ProbeRecord(
          .input, detail: UInt32(point.rawValue), clock: cpu.pointee.clock, rip: cpu.pointee.rip, action.encoded))
    }
    if case .flip(let bit) = action {
      cpu.flip(bit)
    } else {
      board.apply(action, clock: cpu.pointee.clock, rip: cpu.pointee.rip)
    }
  }

  /// `run` returns `.anchor` before each execution of the instruction at one of these addresses; replaces the anchors set before.
  public func setAnchors(_ addresses: [LinearAddress]) {
    cpu.pointee.breakpoints.pointee.removeAll(.anchor)
    for address in addresses { _ = cpu.pointee.breakpoints.pointee.insert(address.rawValue, .anchor) }
    cpu.forgetBlocks()
  }
}
