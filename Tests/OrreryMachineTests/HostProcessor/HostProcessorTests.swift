#if arch(x86_64)
import OrreryBase
import Testing

@testable import OrreryMachine

/// The machine against the processor that runs this test: random operands through every form, and random sequences of forms.
///
/// A failure names the form's index and the seed, from which `InstructionCase.make` makes the same case again.
@Suite(.serialized) struct HostProcessorTests {
  #if DEBUG
  static let casesPerForm: UInt64 = 3
  static let sequences: UInt64 = 300
  #else
  static let casesPerForm: UInt64 = 400
  static let sequences: UInt64 = 60_000
  #endif

  @Test func everyFormAgreesWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    for (index, form) in InstructionForm.all.enumerated() {
      for seed in 0..<Self.casesPerForm {
        let mixed = seed << 16 | UInt64(index)
        let difference = compare(InstructionCase.make(seed: mixed, form: form), host, guest)
        #expect(difference == nil, "\(form.name), form \(index), seed \(mixed)")
        if difference != nil { break }
      }
    }
  }

  @Test func sequencesAgreeWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    for seed in 0..<Self.sequences {
      let difference = compare(InstructionCase.make(seed: seed, form: nil), host, guest)
      try #require(difference == nil, "sequence of seed \(seed): \(difference ?? "")")
    }
  }

  /// The checker can fail: a result that differs in one bit of one register is found.
  @Test func aSingleWrongBitIsFound() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let test = InstructionCase.make(seed: 1, form: InstructionForm.all[0])
    let (context, data) = host.execute(test.code, test.context, test.data)
    var wrong = context
    wrong.registers[11] ^= 1 << 40
    #expect(test.difference(host: (context, data), guest: (wrong, data)) != nil)
    #expect(test.difference(host: (context, data), guest: (context, data)) == nil)
  }

  func compare(_ test: InstructionCase, _ host: HostProcessor, _ guest: GuestProcessor) -> String? {
    switch guest.execute(test.code, test.context, test.data) {
    case .failure(let problem): "\(problem.text); code \(test.listing)"
    case .success(let result):
      test.difference(host: host.execute(test.code, test.context, test.data), guest: result)
    }
  }
}

extension InstructionCase {
  static func make(seed: UInt64, form: InstructionForm?) -> InstructionCase {
    CaseGenerator.makeCase(seed: seed, form: form, end: HostProcessor.endAddress)
  }

  var listing: String {
    names.joined(separator: ", ") + ": "
      + code.map { String(hexadecimal($0, digits: 2).dropFirst(2)) }.joined(separator: " ")
  }

  /// What differs between two results, apart from undefined flags; nil when nothing does.
  func difference(
    host: (context: RegisterContext, data: [UInt8]), guest: (context: RegisterContext, data: [UInt8])
  ) -> String? {
    var found: [String] = []
    let names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
    for index in 0..<16 where host.context.registers[index] != guest.context.registers[index] {
      let name = index < 8 ? names[index] : "r\(index)"
      found.append(
        "\(name) \(hexadecimal(guest.context.registers[index])), host \(hexadecimal(host.context.registers[index])), before \(hexadecimal(context.registers[index]))"
      )
    }
    for index in 0..<32 where host.context.vectors[index] != guest.context.vectors[index] {
      found.append(
        "xmm\(index / 2)[\(index % 2)] \(hexadecimal(guest.context.vectors[index])), host \(hexadecimal(host.context.vectors[index]))"
      )
    }
    let mask = ArithmeticFlags.all.subtracting(undefined).rawValue
    if host.context.flags & mask != guest.context.flags & mask {
      found.append("flags \(hexadecimal(guest.context.flags & mask)), host \(hexadecimal(host.context.flags & mask))")
    }
    found += host.context.x87.differences(guest.context.x87)
    let places = host.data.indices.lazy.filter { place in !ignored.contains { $0.contains(place) } }
    if let place = places.first(where: { host.data[$0] != guest.data[$0] }) {
      found.append("data[\(place)] \(hexadecimal(guest.data[place])), host \(hexadecimal(host.data[place]))")
    }
    return found.isEmpty ? nil : listing + ": " + found.joined(separator: "; ")
  }
}

extension X87Context {
  /// What differs from `guest`. The pointers to the last instruction are left out: processors differ in when they keep them.
  func differences(_ guest: X87Context) -> [String] {
    var found: [String] = []
    func compare(_ name: String, _ host: UInt64, _ guest: UInt64) {
      if host != guest { found.append("\(name) \(hexadecimal(guest)), host \(hexadecimal(host))") }
    }
    compare("mxcsr", UInt64(mxcsr), UInt64(guest.mxcsr))
    compare("fcw", UInt64(control), UInt64(guest.control))
    compare("fsw", UInt64(status), UInt64(guest.status))
    compare("ftw", UInt64(tags), UInt64(guest.tags))
    for index in 0..<8 {
      compare("st\(index) significand", registers[2 * index], guest.registers[2 * index])
      compare("st\(index) exponent", registers[2 * index + 1] & 0xFFFF, guest.registers[2 * index + 1])
    }
    return found
  }
}
#endif
