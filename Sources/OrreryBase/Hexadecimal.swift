/// `value` in lower-case hexadecimal with the prefix `0x`, padded with zeros to at least `digits` digits.
public func hexadecimal(_ value: some BinaryInteger, digits: Int = 1) -> String {
  let text = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
}
