public import OrreryBase

/// Writes a trace while the run happens.
///
/// Events are coded into buffers that are allocated once; a chunk goes to the sink as soon as it has 64 KiB. Whenever the process is killed, the chunks
/// written so far are a readable trace. Coding and hashing cost some tens of nanoseconds an event.
public final class TraceWriter {
  private let sink: any TraceSink
  private let lanes: LaneSet
  private let headerLength: UInt64
  private let headerHash: Hash128
  private var index: IndexBuilder
  /// One a lane number.
  private let encoders: UnsafeMutableBufferPointer<LaneEncoder>
  /// Behind a pointer, because an access to it then costs nothing but itself.
  private let chunk: UnsafeMutablePointer<OpenChunk>

  private var chunkNumber: UInt64 = 0
  private var firstSequence: UInt64 = 0
  private var previous = Hash128.zero
  private var chains = [Hash128](repeating: .zero, count: TraceWriter.encoderCount)
  private var written: UInt64
  private var isFinished = false
  private var output: [UInt8] = []

  private static let encoderCount = 9

  /// The chunk that is being filled.
  private struct OpenChunk {
    /// The coded lanes and clocks of the events.
    let timeline = UnsafeMutablePointer<UInt8>.allocate(capacity: TraceFormat.chunkByteLimit)
    var timelineCount = 0
    var eventCount: UInt32 = 0
    var firstClock: Clock = 0
    var lastClock: Clock = 0
    /// An event at this clock or later cannot join; 0 while there is none to join.
    var clockEnd: Clock = 0
    /// The bytes of the timeline and of all blocks.
    var byteCount = 0

    @inline(__always)
    mutating func appendToTimeline(_ value: UInt64) { timeline.writeVarint(value, at: &timelineCount) }

    /// The first event will be at `clock`.
    mutating func begin(at clock: Clock) {
      firstClock = clock
      lastClock = clock
      let (end, overflows) = clock.addingReportingOverflow(TraceFormat.chunkClockLimit + 1)
      clockEnd = overflows ? .max : end
    }

    mutating func removeAll() {
      timelineCount = 0
      eventCount = 0
      byteCount = 0
      clockEnd = 0
    }
  }

  /// Writes `header` to `sink`.
  public init(header: TraceHeader, sink: any TraceSink) throws(TraceError) {
    self.sink = sink
    lanes = header.lanes.intersection(.all)
    var header = header
    header.lanes = lanes
    index = IndexBuilder(lanes: lanes)
    let bytes = header.encoded()
    headerLength = UInt64(bytes.count)
    headerHash = Hash128(of: Array(bytes[..<32] + bytes[TraceFormat.preambleSize..<header.tableEnd]))
    written = headerLength
    encoders = .allocate(capacity: TraceWriter.encoderCount)
    for lane in 0..<TraceWriter.encoderCount { (encoders.baseAddress! + lane).initialize(to: LaneEncoder()) }
    chunk = .allocate(capacity: 1)
    chunk.initialize(to: OpenChunk())
    output.reserveCapacity(TraceFormat.chunkByteLimit + 1_024)
    try TraceWriter.write(bytes, to: sink)
  }

  deinit {
    for encoder in encoders { encoder.deallocate() }
    encoders.deinitialize()
    encoders.deallocate()
    chunk.pointee.timeline.deallocate()
    chunk.deinitialize(count: 1)
    chunk.deallocate()
  }

  /// How many bytes the trace has so far, with those not yet given to the sink; what ends the trace comes on top.
  public var byteCount: UInt64 { written + UInt64(chunk.pointee.byteCount) }

  /// How many events the sink has been given.
  public var writtenSequence: UInt64 { firstSequence }

  /// The number the next event gets.
  public var nextSequence: UInt64 { firstSequence + UInt64(chunk.pointee.eventCount) }

  /// Appends an event. An event of a lane that is not recorded is dropped; a clock before the last event's is a mistake of the caller.
  public func append(_ payload: Payload, clock: Clock) throws(TraceError) {
    try append(payload.lane, clock: clock) { encode(payload, $0) }
  }

  /// Appends a `Payload.map` of one page: one after the other may be mapped, so they have a way of their own.
  public func append(_ change: PageChange, clock: Clock) throws(TraceError) {
    try append(.map, clock: clock) { $0.pointee.map(change) }
  }

  /// Appends a `Payload.interrupt`.
  public func append(
    interrupt vector: UInt8, source: InterruptSource, rip: UInt64, clock: Clock
  ) throws(TraceError) {
    try append(.interrupt, clock: clock) { $0.pointee.interrupt(vector: vector, source: source, rip: rip) }
  }

  /// Appends a `Payload.interruptReturn`.
  public func append(
    interruptReturn vector: UInt8, rip: UInt64, openAbove: UInt32, clock: Clock
  ) throws(TraceError) {
    try append(.interrupt, clock: clock) {
      $0.pointee.interruptReturn(vector: vector, rip: rip, openAbove: openAbove)
    }
  }

  /// Appends a `Payload.invalidatePage`.
  public func append(invalidation address: LinearAddress, clock: Clock) throws(TraceError) {
    try append(.map, clock: clock) { $0.pointee.invalidatePage(address) }
  }

  @inline(__always)
  private func append(
    _ lane: Lane, clock: Clock, encode: (UnsafeMutablePointer<LaneEncoder>) -> Void
  ) throws(TraceError) {
    guard lanes.contains(lane) else { return }
    precondition(!isFinished, "an event after the end of the trace")
    let chunk = chunk
    precondition(clock >= chunk.pointee.lastClock, "the clock of an event goes back")
    if clock >= chunk.pointee.clockEnd {
      try flush()
      chunk.pointee.begin(at: clock)
    }
    let number = Int(truncatingIfNeeded: lane.rawValue)
    let timelineStart = chunk.pointee.timelineCount
    chunk.pointee.appendToTimeline((clock &- chunk.pointee.lastClock) << 4 | UInt64(truncatingIfNeeded: number))
    chunk.pointee.lastClock = clock

    let encoder = encoders.baseAddress.unsafelyUnwrapped + number
    let start = encoder.pointee.count
    encode(encoder)
    encoder.pointee.eventCount &+= 1
    chunk.pointee.eventCount &+= 1
    chunk.pointee.byteCount &+= encoder.pointee.count &- start &+ chunk.pointee.timelineCount &- timelineStart
    if chunk.pointee.byteCount >= TraceFormat.chunkByteTarget { try writeChunk() }
  }

  @inline(__always)
  private func encode(_ payload: Payload, _ encoder: UnsafeMutablePointer<LaneEncoder>) {
    switch payload {
    case .interrupt(let vector, let source, let rip):
      encoder.pointee.interrupt(vector: vector, source: source, rip: rip)
    case .interruptReturn(let vector, let rip, let openAbove):
      encoder.pointee.interruptReturn(vector: vector, rip: rip, openAbove: openAbove)
    case .heap(let call): encoder.pointee.heap(call)
    case .map(let change): encoder.pointee.map(change)
    case .invalidatePage(let address): encoder.pointee.invalidatePage(address)
    case .serial(let port, let bytes): encoder.pointee.serial(port: port, bytes: bytes)
    case .input(let action, let point, let cause): encoder.pointee.input(action, point: point, cause: cause)
    case .inputLost(let queue, let byte): encoder.pointee.inputLost(queue, byte: byte)
    case .frame(let call): encoder.pointee.frame(call)
    case .exception(let delivery): encoder.pointee.exception(delivery, .delivery)
    case .exceptionReturn(let vector, let rip, let openAbove):
      encoder.pointee.exceptionReturn(vector: vector, rip: rip, openAbove: openAbove)
    case .undelivered(let delivery): encoder.pointee.exception(delivery, .undelivered)
    case .tripleFault(let delivery): encoder.pointee.exception(delivery, .tripleFault)
    case .addressSpace(let root, let mode): encoder.pointee.addressSpace(root: root, mode: mode)
    case .recursive(let recursive): encoder.pointee.recursive(recursive)
    case .bulk(let count, let hash): encoder.pointee.bulk(count: count, hash: hash)
    case .screen(let row, let column, let cells): encoder.pointee.screen(row: row, column: column, cells: cells)
    case .debugConsole(let bytes): encoder.pointee.debugConsole(bytes: bytes)
    case .exitValue(let value): encoder.pointee.exitValue(value)
    case .mark(let text): encoder.pointee.mark(text: text)
    case .state(let hash, let steps): encoder.pointee.state(hash, steps: steps)
    }
  }

  /// Ends the present chunk now, so that the sink has every event so far. Where chunks end is part of the bytes, so only a run that a person
  /// ends may do this.
  public func flush() throws(TraceError) {
    if chunk.pointee.eventCount > 0 { try writeChunk() }
  }

  /// Ends the present chunk if no event at `clock` or later can join it, so that it need not wait for the next event to be safe. No byte depends on
  /// whether or when this is called.
  public func writeCompleteChunk(at clock: Clock) throws(TraceError) {
    if clock >= chunk.pointee.clockEnd { try flush() }
  }

  /// Writes the last chunk, the index and the end of the run.
  public func finish(_ end: RunEnd) throws(TraceError) {
    precondition(!isFinished, "a trace ends once")
    isFinished = true
    try flush()
    let (blocks, root) = index.finish(offset: written - headerLength)
    for block in blocks { try write(block) }
    let endOffset = written
    let sequence = firstSequence
    let record = EndRecord(end: end.limited(), eventCount: sequence, chunkCount: chunkNumber, lastChunk: previous)
      .encoded()
    let trailer = Trailer(
      headerLength: headerLength, endOffset: endOffset, root: root, chunkCount: chunkNumber, eventCount: sequence,
      header: headerHash, end: record.hash)
    try write(record.bytes + trailer.encoded())
  }

  @inline(never)
  private func writeChunk() throws(TraceError) {
    let timeline = UnsafeBufferPointer(start: chunk.pointee.timeline, count: chunk.pointee.timelineCount)
    var header = ChunkHeader(
      number: chunkNumber, firstSequence: firstSequence, eventCount: chunk.pointee.eventCount,
      firstClock: chunk.pointee.firstClock, lastClock: chunk.pointee.lastClock, timelineLength: UInt32(timeline.count),
      timelineHash: Hash128(of: UnsafeRawBufferPointer(timeline)), blocks: [], previous: previous)
    for lane in lanes.lanes {
      let encoder = encoders[Int(lane.rawValue)]
      guard encoder.eventCount > 0 else { continue }
      let hash = Hash128(of: UnsafeRawBufferPointer(start: encoder.bytes, count: encoder.count))
      var link = ByteWriter()
      link.append(chains[Int(lane.rawValue)])
      link.append(hash)
      chains[Int(lane.rawValue)] = Hash128(of: link.bytes)
      header.blocks.append(
        ChunkHeader.Block(
          lane: lane, eventCount: encoder.eventCount, length: UInt32(encoder.count), hash: hash,
          chain: chains[Int(lane.rawValue)]))
    }
    output.removeAll(keepingCapacity: true)
    output += header.encode()
    output += timeline
    for block in header.blocks {
      output += UnsafeBufferPointer(start: encoders[Int(block.lane.rawValue)].bytes, count: Int(block.length))
    }
    let offset = written - headerLength
    try write(output)
    for block in index.add(IndexEntry(header, offset: offset, lanes: lanes), offset: written - headerLength) {
      try write(block)
    }
    previous = header.hash
    chunkNumber += 1
    firstSequence += UInt64(header.eventCount)
    chunk.pointee.removeAll()
    for lane in encoders.indices { encoders[lane].removeAll() }
  }

  private func write(_ bytes: [UInt8]) throws(TraceError) {
    try TraceWriter.write(bytes, to: sink)
    written += UInt64(bytes.count)
  }

  private static func write(_ bytes: [UInt8], to sink: any TraceSink) throws(TraceError) {
    let failure: TraceStorageError? = bytes.withUnsafeBytes { buffer in
      do throws(TraceStorageError) {
        try sink.write(buffer)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw .storage(failure) }
  }
}

extension RunEnd {
  /// The end with its texts cut to what a trace keeps, so that the record stays below its limit whatever a scenario contains.
  fileprivate func limited() -> RunEnd {
    var end = self
    end.text = LaneEncoder.shortened(text)
    end.reports = reports.prefix(8_192).map(LaneEncoder.shortened)
    return end
  }
}
