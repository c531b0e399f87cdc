#if arch(x86_64)
import Testing

extension HostProcessorTests {
  #if DEBUG
  static let casesPerException: UInt64 = 3
  #else
  static let casesPerException: UInt64 = 60
  #endif

  /// What raises an exception raises the same one here, with the same error code and address, at the same instruction, and leaves the same registers,
  /// flags and memory.
  @Test func exceptionsAgreeWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    var raised: Set<UInt64> = []
    for (index, item) in ConformancePlan.exceptions().items.enumerated() {
      for seed in 0..<Self.casesPerException {
        let test = item.makeCase(seed << 16 | UInt64(index))
        let (difference, vector) = compareOutcomes(test, host, guest)
        if let vector { raised.insert(vector) }
        if difference != nil || (item.raises != nil && item.raises != vector) {
          Issue.record(
            "\(item.group), item \(index), seed \(seed): \(difference ?? "raises \(String(describing: vector)): \(test.listing)")"
          )
          break
        }
      }
    }
    // #DE, #DB, #BP, #OF, #UD, #SS, #GP, #PF, #MF, #AC, #XM: all that a program can raise in 64-bit mode.
    #expect(raised == [0, 1, 3, 4, 6, 12, 13, 14, 16, 17, 19])
  }
}
#endif
