public import OrreryBase

/// Where the machine writes its probe records, in order, until the caller drains them.
///
/// `Machine.run` returns `.probesFull` at the first boundary after `count` reached `drainThreshold`; one step may exceed it (listing new page tables).
public final class ProbeBuffer {
  /// Large enough to make the exit from the run loop rare, small enough to stay in the second-level cache with what it displaces.
  public static let drainThreshold = 2048

  @exclusivity(unchecked) private var records: UnsafeMutableBufferPointer<ProbeRecord>
  @exclusivity(unchecked) public private(set) var count = 0
  /// What records refer to by offset: cells of screen rows.
  @exclusivity(unchecked) public private(set) var bytes: [UInt8] = []

  public init() {
    records = .allocate(capacity: Self.drainThreshold * 2)
    bytes.reserveCapacity(8192)
  }

  deinit { records.deallocate() }

  public var isFull: Bool { count >= Self.drainThreshold }

  public func append(_ record: ProbeRecord) {
    if count == records.count { grow() }
    records.initializeElement(at: count, to: record)
    count += 1
  }

  /// Appends `data` to `bytes` and gives its offset.
  public func append(bytes data: some Collection<UInt8>) -> UInt64 {
    defer { bytes.append(contentsOf: data) }
    return UInt64(bytes.count)
  }

  /// Calls `body` with the records in order and the bytes they refer to, then empties the buffer.
  public func drain<Failure: Error>(
    _ body: (UnsafeBufferPointer<ProbeRecord>, [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    defer {
      count = 0
      bytes.removeAll(keepingCapacity: true)
    }
    try body(UnsafeBufferPointer(start: records.baseAddress, count: count), bytes)
  }

  @inline(never)
  private func grow() {
    let larger = UnsafeMutableBufferPointer<ProbeRecord>.allocate(capacity: records.count * 2)
    _ = larger.moveInitialize(fromContentsOf: UnsafeMutableBufferPointer(rebasing: records[..<count]))
    records.deallocate()
    records = larger
  }
}
