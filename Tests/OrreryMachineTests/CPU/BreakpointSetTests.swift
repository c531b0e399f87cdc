import OrreryBase
import Testing

@testable import OrreryMachine

struct BreakpointSetTests {
  private static let roles: [BreakpointSet.Roles] = [.anchor, .call, .returnPoint, .debugRegister]

  @Test(arguments: 0..<8 as Range<UInt64>)
  func agreesWithADictionary(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var set = BreakpointSet()
    defer { set.deallocate() }
    var expected: [UInt64: BreakpointSet.Roles] = [:]
    // Near each other, as code is, and now and then far away.
    let addresses = (0..<400).map { _ in
      Bool.random(using: &generator)
        ? 0x10_0000 + UInt64.random(in: 0..<2048, using: &generator)
        : UInt64.random(in: 0...(.max), using: &generator)
    }
    for _ in 0..<3_000 {
      let address = addresses.randomElement(using: &generator)!
      let role = Self.roles.randomElement(using: &generator)!
      if Int.random(in: 0..<300, using: &generator) == 0 {
        set.removeAll(role)
        expected = expected.mapValues { $0.subtracting(role) }.filter { !$0.value.isEmpty }
      } else {
        #expect(set.insert(address, role) == (expected[address] == nil))
        expected[address, default: []].insert(role)
      }
      #expect(set.count == expected.count)
    }
    for address in addresses {
      #expect(set.roles(at: address) == expected[address] ?? [])
      #expect(set.contains(address) == (expected[address] != nil))
    }
  }
}
