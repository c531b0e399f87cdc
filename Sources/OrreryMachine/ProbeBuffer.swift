public import OrreryBase

/// Where the machine writes its probe records, in order, until the caller drains them.
///
/// `Machine.run` returns `.probesFull` at the first boundary after `count` reached `drainThreshold`; one step may exceed it (listing new page tables).
public final class ProbeBuffer {
  /// Large enough to make the exit from the run loop rare, small enough to stay in the second-level cache with what it displaces.
  public static let drainThreshold = 2048

  /// The buffer as the machine writes to it.
  let writer: ProbeWriter

  public init() { writer = ProbeWriter() }

  deinit { writer.deallocate() }

  public var count: Int { writer.contents.pointee.count }

  /// What records refer to by offset: cells of screen rows.
  public var bytes: [UInt8] { writer.contents.pointee.bytes }

  /// Whether a record is of kind `serialOutput`, so that who waits for those need not look at every record.
  public var hasSerialOutput: Bool { writer.contents.pointee.hasSerialOutput }

  /// Calls `body` with the records in order and the bytes they refer to, then empties the buffer.
  public func drain<Failure: Error>(
    _ body: (UnsafeBufferPointer<ProbeRecord>, [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    let contents = writer.contents
    defer {
      contents.pointee.count = 0
      contents.pointee.hasSerialOutput = false
      contents.pointee.bytes.removeAll(keepingCapacity: true)
    }
    try body(
      UnsafeBufferPointer(start: contents.pointee.records, count: contents.pointee.count), contents.pointee.bytes)
  }
}
