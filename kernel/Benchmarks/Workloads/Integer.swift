/// Arithmetic in registers: loops without a load or a store.
func integerRounds(_ count: UInt64) -> UInt64 {
  var sum: UInt64 = 1
  for round in 0..<count {
    sum = sum &+ shifts(sum &+ round) &+ products(sum) &+ collatz(sum >> 40) &+ commonDivisors(sum >> 32)
  }
  return sum
}

@inline(never)
private func shifts(_ seed: UInt64) -> UInt64 {
  var state = seed | 1
  var sum: UInt64 = 0
  for _ in 0..<1000 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    sum = sum &+ state
  }
  return sum
}

@inline(never)
private func products(_ seed: UInt64) -> UInt64 {
  var a = seed
  var b: UInt64 = 0x2545_f491_4f6c_dd1d
  for index in 0..<1000 as Range<UInt64> {
    a = a &* 6_364_136_223_846_793_005 &+ index
    b = (b << 5 | b >> 59) ^ a
  }
  return a ^ b
}

/// Branches that no one can foresee.
@inline(never)
private func collatz(_ seed: UInt64) -> UInt64 {
  var steps: UInt64 = 0
  for start in 1...10 as ClosedRange<UInt64> {
    var number = seed &+ start
    while number > 1 {
      number = number & 1 == 0 ? number >> 1 : 3 &* number &+ 1
      steps += 1
    }
  }
  return steps
}

/// The greatest common divisor by subtraction and shifts.
@inline(never)
private func commonDivisors(_ seed: UInt64) -> UInt64 {
  var sum: UInt64 = 0
  for index in 1...10 as ClosedRange<UInt64> {
    var a = seed | 1
    var b = seed &* index | 1
    while a != b {
      if a > b {
        a = (a &- b) >> 1
        while a & 1 == 0 { a >>= 1 }
      } else {
        b = (b &- a) >> 1
        while b & 1 == 0 { b >>= 1 }
      }
    }
    sum = sum &+ a
  }
  return sum
}
