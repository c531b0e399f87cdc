public import OrreryBase

/// A machine's whole state at a step boundary as plain values, for a file: what a `Checkpoint` is within one process.
///
/// It can be loaded into a new machine of equal memory, frequency and serial timing; what is recorded may differ. Inputs that are scheduled and calls that are open are no part
/// of it: they belong to who runs the machine.
public struct SavedMachine: Sendable {
  /// A page of RAM or firmware.
  public struct Page: Sendable {
    /// Its physical address divided by 4,096.
    public var frame: UInt64
    /// 4,096 of them.
    public var bytes: ArraySlice<UInt8>

    public init(frame: UInt64, bytes: ArraySlice<UInt8>) {
      self.frame = frame
      self.bytes = bytes
    }
  }

  /// Processor and devices, in the order and coding of the machine's revision.
  public var state: [UInt8]
  /// How many bytes the state of a new machine has: a program whose machines have more or less keeps other things, and cannot read this.
  public var newStateSize: Int
  /// In ascending order of frames; pages of RAM that are zero are left out.
  public var pages: [Page]

  public init(state: [UInt8], newStateSize: Int, pages: [Page]) {
    self.state = state
    self.newStateSize = newStateSize
    self.pages = pages
  }
}

/// Why a saved machine cannot be loaded.
public enum SavedMachineError: Error, Hashable, Sendable {
  /// It was saved by a program whose machine keeps other things.
  case otherLayout
  /// Processor and devices: an offset in `SavedMachine.state`, and what is wrong there.
  case state(ByteCodingError)
  /// The index of a page that cannot be one of this machine's.
  case page(Int)
}

extension Machine {
  /// The latest clock and count of steps that a machine is loaded with: what is left up to 2^64 is more than any run has.
  public static let latestSavedTime: UInt64 = 1 << 62

  /// The state now, at a boundary. Costs a copy of all memory that is not zero.
  public func saved() -> SavedMachine {
    var pages: [SavedMachine.Page] = []
    let memory = cpu.pointee.memory
    for frame in 0..<memory.pointee.pageCount where memory.pointee.holdsBytes(frame) {
      guard let page = memory.pointee.existingBytes(ofFrame: frame) else { continue }
      let bytes = Array(UnsafeRawBufferPointer(start: page, count: PhysicalMemory.pageSize))
      if !PhysicalMemory.firmware.contains(frame), bytes.allSatisfy({ $0 == 0 }) { continue }
      pages.append(SavedMachine.Page(frame: frame, bytes: bytes[...]))
    }
    return SavedMachine(state: stateBytes(), newStateSize: newStateSize, pages: pages)
  }

  /// Puts a new machine into the saved state. When something of it is recorded, the present screen and the tables under CR3 are reported as if they had come about
  /// just now. After a throw the machine is of no use.
  public func load(_ saved: SavedMachine) throws(SavedMachineError) {
    guard saved.newStateSize == newStateSize else { throw .otherLayout }
    var reader = ByteReader(saved.state)
    do throws(ByteCodingError) {
      try restoreState(from: &reader)
      try ProcessorImage.check(cpu, steps: cpu.pointee.steps)
      guard reader.isAtEnd else {
        throw ByteCodingError(offset: reader.offset, reason: "\(reader.remaining) bytes are left over")
      }
    } catch { throw .state(error) }
    let memory = cpu.pointee.memory
    var next: UInt64 = 0
    for (index, page) in saved.pages.enumerated() {
      guard page.frame >= next, page.frame < memory.pointee.pageCount, memory.pointee.holdsBytes(page.frame),
        page.bytes.count == PhysicalMemory.pageSize
      else { throw .page(index) }
      next = page.frame + 1
      memory.pointee.markDirty(page.frame)
      page.bytes.withUnsafeBytes { bytes in
        if let start = bytes.baseAddress {
          memory.pointee.bytes(ofFrame: page.frame).copyMemory(from: start, byteCount: PhysicalMemory.pageSize)
        }
      }
    }
    cpu.debugRegistersChanged()
    cpu.forgetBlocks()
    cpu.flushTranslations()
    cpu.updateMode()
    board.reportWholeScreen(steps: cpu.pointee.steps)
    if cpu.pointee.cr0 & ControlRegister.pg != 0 { cpu.addressSpaceChanged() }
  }

  private var newStateSize: Int { Machine(configuration: configuration).stateBytes().count }
}
