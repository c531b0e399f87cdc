import OrreryBase

/// The writing end of a `ProbeBuffer`, which owns what it points to and lives as long as its machine: a plain pointer, so that a record costs no
/// counting of references.
struct ProbeWriter {
  struct Contents {
    var records: UnsafeMutablePointer<ProbeRecord>
    var capacity: Int
    var count = 0
    /// Whether one of the records is of a byte that left a serial port.
    var hasSerialOutput = false
    var bytes: [UInt8] = []
  }

  let contents: UnsafeMutablePointer<Contents>

  init() {
    let capacity = ProbeBuffer.drainThreshold * 2
    contents = .allocate(capacity: 1)
    contents.initialize(to: Contents(records: .allocate(capacity: capacity), capacity: capacity))
    contents.pointee.bytes.reserveCapacity(8192)
  }

  func deallocate() {
    contents.pointee.records.deallocate()
    contents.deinitialize(count: 1).deallocate()
  }

  var isFull: Bool { contents.pointee.count >= ProbeBuffer.drainThreshold }

  @inline(__always)
  func append(_ record: ProbeRecord) {
    if contents.pointee.count == contents.pointee.capacity { grow() }
    (contents.pointee.records + contents.pointee.count).initialize(to: record)
    contents.pointee.count &+= 1
    if record.kind == .serialOutput { contents.pointee.hasSerialOutput = true }
  }

  /// Appends `data` to the bytes and gives its offset.
  func append(bytes data: some Collection<UInt8>) -> UInt64 {
    defer { contents.pointee.bytes.append(contentsOf: data) }
    return UInt64(contents.pointee.bytes.count)
  }

  @inline(never)
  private func grow() {
    let larger = UnsafeMutablePointer<ProbeRecord>.allocate(capacity: contents.pointee.capacity * 2)
    larger.moveInitialize(from: contents.pointee.records, count: contents.pointee.count)
    contents.pointee.records.deallocate()
    contents.pointee.records = larger
    contents.pointee.capacity *= 2
  }
}
