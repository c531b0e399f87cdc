/// The least integer that is not below a number, both as the bits of a `Double` (ISO C 7.12.9.1 "The ceil functions", IEEE 754 binary64):
/// for a kernel that does without the vector registers in which functions take and give floating-point numbers.
package func ceiling(ofBits bits: UInt64) -> UInt64 {
  let fractionBitCount = 52
  let one: UInt64 = 1023 << 52
  let sign = bits & 1 << 63
  let exponent = Int(bits >> 52 & 0x7ff) - 1023
  // So large that it has no fraction; or infinite, or no number.
  if exponent >= fractionBitCount { return bits }
  // Between -1 and 1: a zero keeps its sign, as does what is below zero.
  if exponent < 0 { return bits << 1 == 0 || sign != 0 ? sign : one }
  let fraction: UInt64 = 1 << UInt64(fractionBitCount - exponent) - 1
  // A carry out of the significand goes where it belongs, into the exponent.
  return (sign == 0 ? bits + fraction : bits) & ~fraction
}
