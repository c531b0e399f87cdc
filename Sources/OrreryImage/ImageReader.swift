internal import OrreryBase

/// Little-endian fields of an image, each read checked against its end.
struct ImageReader {
  let bytes: [UInt8]

  var size: UInt64 { UInt64(bytes.count) }

  /// The range of `count` bytes from `offset`, if the file has them. `field` and `name` say which field made the claim, and what about.
  func range(
    at offset: UInt64, count: UInt64, claimedAt field: UInt64, _ name: @autoclosure () -> String
  ) throws(ImageError) -> Range<Int> {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= size else {
      throw ImageError(
        offset: field,
        problem:
          "\(name()) should be \(count) bytes at \(hexadecimal(offset)), but the file has \(size) bytes",
        remedy: "the file is truncated or damaged: build or copy it again")
    }
    return Int(offset)..<Int(end)
  }

  /// The field of `Value`'s width at `offset`.
  ///
  /// - Precondition: the caller checked the range; outside it the field reads as 0.
  func field<Value: FixedWidthInteger>(_: Value.Type = Value.self, at offset: Int) -> Value {
    let width = MemoryLayout<Value>.size
    guard offset >= 0, offset <= bytes.count - width else { return 0 }
    var value: Value = 0
    for index in 0..<width {
      value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(8 * index)
    }
    return value
  }
}
