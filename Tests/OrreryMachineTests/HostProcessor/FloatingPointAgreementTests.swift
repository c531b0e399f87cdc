#if arch(x86_64)
import OrreryBase
import Testing

/// The floating-point units against the processor that runs this test: results, MXCSR, status word, tags and all registers.
extension HostProcessorTests {
  #if DEBUG
  static let floatingPointCasesPerForm: UInt64 = 20
  static let floatingPointSequences: UInt64 = 1_000
  #else
  static let floatingPointCasesPerForm: UInt64 = 1_500
  static let floatingPointSequences: UInt64 = 100_000
  #endif

  @Test func everyFloatingPointFormAgreesWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    for (index, form) in FloatingPointForm.all.enumerated() {
      for seed in 0..<Self.floatingPointCasesPerForm {
        let mixed = seed << 16 | UInt64(index)
        let test = FloatingPointCaseGenerator.makeCase(seed: mixed, form: form, end: HostProcessor.endAddress)
        let difference = compare(test, host, guest)
        #expect(difference == nil, "\(form.name), form \(index), seed \(mixed)")
        if difference != nil { break }
      }
    }
  }

  @Test func sequencesOfFloatingPointFormsAgreeWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    for seed in 0..<Self.floatingPointSequences {
      let test = FloatingPointCaseGenerator.makeCase(seed: seed, form: nil, end: HostProcessor.endAddress)
      let difference = compare(test, host, guest)
      try #require(difference == nil, "sequence of seed \(seed): \(difference ?? "")")
    }
  }
}
#endif
