import KernelLogic
import Testing

@Suite struct CeilingTests {
  /// What the host's own mathematical functions say.
  private func agrees(_ number: Double) -> Bool {
    ceiling(ofBits: number.bitPattern) == number.rounded(.up).bitPattern
  }

  @Test func zerosInfinitiesAndWholeNumbersStay() {
    let numbers: [Double] = [0, 1, 2, 3, 1_000_000, 0x1p52, 0x1p53, 0x1p1023, .infinity, .greatestFiniteMagnitude]
    for number in numbers { #expect(agrees(number) && agrees(-number), "\(number)") }
    let bits = Double.nan.bitPattern
    #expect(ceiling(ofBits: bits) == bits)
  }

  @Test func fractionsGoUp() {
    let numbers: [Double] = [0.1, 0.5, 0.999, 1.5, 1.999, 2.0001, 0x1p52 - 0.5, 0x1p51 + 0.5, 5e-324, 0x1p-1022]
    for number in numbers {
      #expect(agrees(number) && agrees(-number), "\(number)")
      #expect(agrees(number.nextUp) && agrees(number.nextDown), "\(number)")
    }
    // The carry goes through the whole significand.
    #expect(ceiling(ofBits: Double(3.9).bitPattern) == Double(4).bitPattern)
  }

  @Test func anyNumberIsRoundedAsTheHostRoundsIt() {
    var numbers = RandomNumbers(seed: 7)
    for _ in 0..<100_000 {
      let bits = UInt64(numbers.next(below: 1 << 31)) << 33 ^ UInt64(numbers.next(below: 1 << 31)) << 11 ^ 0x2a5
      let number = Double(bitPattern: bits)
      if number.isNaN { continue }
      #expect(agrees(number), "\(number)")
      // Most of them have no fraction: those of a size that a dictionary has do.
      #expect(agrees(Double(Int64(bitPattern: bits) >> 20) / 0x1p20), "\(number)")
    }
  }
}
