import KernelLogic
import Testing

@Suite struct LostUpdateCheckerTests {
  /// A word at 0x1000, and a main flow and a handler that use it.
  private struct Story {
    var checker = LostUpdateChecker()
    var word: UInt64 = 5
    let address: UInt64 = 0x1000

    mutating func does(
      _ kind: MemoryAccess.Kind, at offset: UInt64 = 0, byteCount: UInt64 = 8, isInterruptible: Bool = true
    ) -> UInt8? {
      checker.prepare(
        MemoryAccess(kind, at: address + offset, byteCount: byteCount), isInterruptible: isInterruptible)
      return checker.complete()
    }

    mutating func interrupt(vector: UInt8 = 32, setting value: UInt64? = nil) {
      let word = word
      checker.interruptBegins { _ in word }
      if let value { self.word = value }
      let changed = self.word
      checker.interruptEnds(vector: vector) { _ in changed }
    }
  }

  @Test func storeOfWhatWasLoadedBeforeAHandlersStoreIsALoss() {
    var story = Story()
    #expect(story.does(.load) == nil)
    story.interrupt(vector: 32, setting: 6)
    story.interrupt(vector: 33)
    #expect(story.does(.store) == 32)
  }

  @Test func handlerThatComesBeforeTheLoadOrAfterTheStoreLosesNothing() {
    var story = Story()
    story.interrupt(setting: 6)
    #expect(story.does(.load) == nil)
    #expect(story.does(.store) == nil)
    story.interrupt(setting: 7)
    #expect(story.does(.store) == nil)
  }

  @Test func interruptBetweenTheLookAndTheInstructionCountsAsBeforeIt() {
    var story = Story()
    story.checker.prepare(MemoryAccess(.load, at: 0x1000, byteCount: 8), isInterruptible: true)
    story.interrupt(setting: 6)
    #expect(story.checker.complete() == nil)
    story.checker.prepare(MemoryAccess(.store, at: 0x1000, byteCount: 8), isInterruptible: true)
    story.interrupt(setting: 7)
    #expect(story.checker.complete() == 32)
  }

  @Test func whoLoadsAnewSeesTheChange() {
    var story = Story()
    #expect(story.does(.load) == nil)
    story.interrupt(setting: 6)
    #expect(story.does(.load) == nil)
    #expect(story.does(.store) == nil)
  }

  @Test func oneInstructionIsNotInterruptedInItsMidst() {
    var story = Story()
    #expect(story.does(.load) == nil)
    story.interrupt(setting: 6)
    #expect(story.does(.update) == nil)
    #expect(story.does(.store) == nil)
  }

  @Test func handlerThatChangesNothingLosesNothing() {
    var story = Story()
    #expect(story.does(.load) == nil)
    story.interrupt()
    #expect(story.does(.store) == nil)
  }

  @Test func onlyTheBytesThatAreStoredCount() {
    var story = Story()
    #expect(story.does(.load, byteCount: 4) == nil)
    // The upper half changes.
    story.interrupt(setting: 5 | 1 << 40)
    #expect(story.does(.store, byteCount: 4) == nil)
    #expect(story.does(.load, at: 4, byteCount: 4) == nil)
    story.interrupt(setting: 5 | 2 << 40)
    #expect(story.does(.store, at: 5, byteCount: 1) == 32)
  }

  @Test func whatIsDoneWithInterruptsOffHasNothingInBetween() {
    var story = Story()
    #expect(story.does(.load) == nil)
    story.interrupt(setting: 6)
    #expect(story.does(.load, isInterruptible: false) == nil)
    #expect(story.does(.store, isInterruptible: false) == nil)
    #expect(story.does(.store) == nil)
  }
}
