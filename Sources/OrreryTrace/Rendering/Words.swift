public import OrreryBase

/// How numbers and names of the domain are written for a person.
public enum Words {
  /// `address` in hexadecimal with at least eight digits, in groups of four: `0x4444_4444_0000`.
  public static func address(_ address: UInt64) -> String {
    let digitCount = (67 - address.leadingZeroBitCount) / 4
    return grouped(address, radix: 16, digitCount: digitCount <= 8 ? 8 : (digitCount + 3) / 4 * 4, groupSize: 4, "0x")
  }

  /// `count` bytes in the largest binary unit that divides it: `100 KiB`, `4097 bytes`.
  public static func size(_ count: UInt64) -> String {
    let units: [(UInt64, String)] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
    for (unit, name) in units where count >= unit && count % unit == 0 { return "\(count / unit) \(name)" }
    return count == 1 ? "1 byte" : "\(count) bytes"
  }

  /// `number` in decimal, in groups of three: `1_234_567`.
  public static func number(_ number: UInt64) -> String { grouped(number, radix: 10, digitCount: 1, groupSize: 3, "") }

  /// At least `digitCount` digits behind `prefix`. Every line of a trace has several such numbers, so they are written as bytes, from the last on.
  private static func grouped(
    _ number: UInt64, radix: UInt64, digitCount: Int, groupSize: Int, _ prefix: StaticString
  ) -> String {
    // 20 digits, 6 marks between groups, a prefix of 2.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { bytes in
      var start = bytes.count
      func prepend(_ byte: UInt8) {
        start -= 1
        bytes[start] = byte
      }
      var rest = number
      var count = 0
      while rest != 0 || count < digitCount {
        if count > 0, count % groupSize == 0 { prepend(UInt8(ascii: "_")) }
        let digit = UInt8(truncatingIfNeeded: rest % radix)
        prepend(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        rest /= radix
        count += 1
      }
      prefix.withUTF8Buffer { for byte in $0.reversed() { prepend(byte) } }
      return String(decoding: bytes[start...], as: UTF8.self)
    }
  }

  /// How many of something there are: `1 event`, `12_095 events`.
  public static func count(_ count: UInt64, _ noun: String) -> String {
    "\(number(count)) \(noun)\(count == 1 ? "" : "s")"
  }

  /// `bytes` in quotes; what is not printable ASCII is escaped.
  public static func quoted(_ bytes: some Sequence<UInt8>) -> String {
    var text = "\""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"): text += "\\n"
      case UInt8(ascii: "\r"): text += "\\r"
      case UInt8(ascii: "\t"): text += "\\t"
      case UInt8(ascii: "\""): text += "\\\""
      case UInt8(ascii: "\\"): text += "\\\\"
      case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text + "\""
  }

  /// The name of exception `vector` (Intel SDM volume 3, table 6-1), or `vector N` for one that is no exception.
  public static func exception(_ vector: UInt8) -> String {
    switch vector {
    case 0: "divide error"
    case 1: "debug"
    case 2: "NMI"
    case 3: "breakpoint"
    case 4: "overflow"
    case 5: "bound range exceeded"
    case 6: "invalid opcode"
    case 7: "device not available"
    case 8: "double fault"
    case 10: "invalid TSS"
    case 11: "segment not present"
    case 12: "stack-segment fault"
    case 13: "general protection"
    case 14: "page fault"
    case 16: "x87 floating-point error"
    case 17: "alignment check"
    case 18: "machine check"
    case 19: "SIMD floating-point exception"
    case 20: "virtualization exception"
    case 21: "control protection"
    default: "vector \(vector)"
    }
  }

  /// What the error code of a page fault says (Intel SDM volume 3, 4.7): `user write to a page that is not present`.
  public static func pageFault(_ errorCode: UInt32) -> String {
    let mode = errorCode & 1 << 2 != 0 ? "user" : "supervisor"
    let access = errorCode & 1 << 4 != 0 ? "fetch from" : errorCode & 1 << 1 != 0 ? "write to" : "read of"
    let cause =
      errorCode & 1 == 0
      ? "a page that is not present"
      : errorCode & 1 << 3 != 0 ? "a page with a reserved bit set" : "a page that forbids it"
    return "\(mode) \(access) \(cause)"
  }

  public static func paging(_ mode: PagingMode) -> String {
    switch mode {
    case .off: "off"
    case .twoLevel: "2-level"
    case .threeLevel: "PAE"
    case .fourLevel: "4-level"
    }
  }

  public static func pageSize(_ size: PageSize) -> String {
    switch size {
    case .fourKiB: "4K"
    case .twoMiB: "2M"
    case .fourMiB: "4M"
    case .oneGiB: "1G"
    }
  }

  /// The permissions in words: `writable no-execute`; a page that may be read and executed by the supervisor only is `read-only`.
  public static func flags(_ flags: PageFlags) -> String {
    var words = [flags.contains(.writable) ? "writable" : "read-only"]
    if flags.contains(.user) { words.append("user") }
    if flags.contains(.noExecute) { words.append("no-execute") }
    if flags.contains(.global) { words.append("global") }
    if flags.contains(.writeThrough) { words.append("write-through") }
    if flags.contains(.cacheDisable) { words.append("uncached") }
    if flags.contains(.pageAttribute) { words.append("PAT") }
    return words.joined(separator: " ")
  }

  public static func source(_ source: InterruptSource) -> String {
    switch source {
    case .scripted: "scripted"
    case .nonMaskable: "NMI"
    case _ where source.rawValue < 16: "irq \(source.rawValue)"
    case _ where source.rawValue >= 0x100 && source.rawValue < 0x110: "spurious irq \(source.rawValue - 0x100)"
    default: "source \(hexadecimal(source.rawValue))"
    }
  }

  public static func queue(_ queue: InputQueue) -> String {
    queue == .keyboard ? "keyboard" : "COM\(UInt64(queue.rawValue))"
  }

  /// Serial port `port` as a PC user knows it: `COM1`.
  public static func port(_ port: UInt8) -> String { "COM\(UInt64(port) + 1)" }
}
