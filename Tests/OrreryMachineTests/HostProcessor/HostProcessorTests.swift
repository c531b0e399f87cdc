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
  static let casesPerForm: UInt64 = 1_000
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
    let right = host.execute(test)
    var wrong = right
    wrong.context.registers[11] ^= 1 << 40
    #expect(test.difference(host: right, guest: wrong) != nil)
    #expect(test.difference(host: right, guest: right) == nil)
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: HostProcessor.dataSize, alignment: 16)
    defer { bytes.deallocate() }
    bytes.copyMemory(from: right.data, byteCount: HostProcessor.dataSize)
    var inMemory = right
    inMemory.data = UnsafeRawPointer(bytes)
    #expect(test.difference(host: right, guest: inMemory) == nil)
    bytes.storeBytes(of: ~right.data.load(fromByteOffset: 9999, as: UInt8.self), toByteOffset: 9999, as: UInt8.self)
    #expect(test.difference(host: right, guest: inMemory) != nil)
  }

  func compare(_ test: InstructionCase, _ host: HostProcessor, _ guest: GuestProcessor) -> String? {
    compareOutcomes(test, host, guest).difference
  }

  /// What differs, and the exception that the machine raised.
  func compareOutcomes(
    _ test: InstructionCase, _ host: HostProcessor, _ guest: GuestProcessor
  ) -> (difference: String?, vector: UInt64?) {
    switch guest.execute(test) {
    case .failure(let problem): ("\(problem.text); code \(test.listing)", nil)
    case .success(let result): (test.difference(host: host.execute(test), guest: result), result.fault?.vector)
    }
  }
}

extension InstructionCase {
  static func make(seed: UInt64, form: InstructionForm?) -> InstructionCase {
    CaseGenerator.makeCase(seed: seed, form: form, end: HostProcessor.endAddress)
  }
}
#endif
