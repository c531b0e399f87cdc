import ArgumentParser
import OrreryBase
import OrreryScenario

/// A fault to be injected: `CLOCK:TARGET:BIT`, such as `1_000_000:rax:63` or `5ms:0x10_0000:0`.
struct InjectOption: ExpressibleByArgument {
  /// As it was given.
  let text: String
  private let time: TimeOption
  let bit: FlippableBit

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, let time = TimeOption(argument: parts[0]), let number = UInt8(parts[2]) else { return nil }
    if let register = FlippableRegister(name: parts[1]) {
      bit = .register(register, bit: number)
    } else {
      let digits = parts[1].filter { $0 != "_" }
      guard digits.hasPrefix("0x"), let address = UInt64(digits.dropFirst(2), radix: 16) else { return nil }
      bit = .memory(PhysicalAddress(address), bit: number)
    }
    guard bit.exists else { return nil }
    text = argument
    self.time = time
  }

  /// The fault as a rule of `scenario`, after all others.
  func add(to scenario: inout BoundScenario) throws(CommandFailure) {
    guard let clock = time.clock(scenario.machine.frequency), clock <= BoundScenario.timeLimit else {
      throw CommandFailure("--inject \(text): the time exceeds 2^62 clocks")
    }
    if case .memory(let address, _) = bit {
      let hole: Range<UInt64> = 0xA_0000..<0x10_0000
      guard address.rawValue < scenario.machine.memorySize, !hole.contains(address.rawValue) else {
        throw CommandFailure("--inject \(text): there is no RAM at physical address \(address)")
      }
    }
    let anchor = scenario.anchors.count
    scenario.anchors.append(Anchor(index: anchor, name: "inject \(text)", location: .none))
    scenario.rules.append(BoundRule(anchor: anchor, condition: .clock(clock), actions: [.input(.flip(bit))]))
  }
}
