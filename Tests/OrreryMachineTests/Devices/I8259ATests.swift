import OrreryBase
import Testing

@testable import OrreryMachine

/// Expectations from the Intel 8259A data sheet (231468).
struct I8259ATests {
  private func initialized(icw4: UInt32 = 1) -> BoardBench {
    let bench = BoardBench()
    bench.initializeInterrupts(icw4: icw4)
    return bench
  }

  @Test func lowestLineIsServedFirst() {
    let bench = initialized()
    for line: UInt8 in [6, 3, 5] { bench.apply(.interruptLine(line)) }
    #expect(bench.acknowledge() == 0x23)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x25)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x26)
  }

  @Test func lineInServiceHoldsBackItselfAndLowerOnes() {
    let bench = initialized()
    bench.apply(.interruptLine(4))
    #expect(bench.acknowledge() == 0x24)
    bench.apply(.interruptLine(4))
    bench.apply(.interruptLine(6))
    #expect(!bench.board.interruptRequested)
    bench.apply(.interruptLine(1))
    #expect(bench.board.interruptRequested)
    #expect(bench.acknowledge() == 0x21)
    // The first end of interrupt is for line 1, the second for line 4.
    bench.output(0x20, 0x20)
    #expect(!bench.board.interruptRequested)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x24)
  }

  @Test func registersShowRequestsServiceAndMask() {
    let bench = initialized()
    bench.output(0x21, 0x40)
    bench.apply(.interruptLine(6))
    bench.apply(.interruptLine(3))
    #expect(bench.acknowledge() == 0x23)
    #expect(bench.input(0x20) == 0x40)
    bench.output(0x20, 0x0B)
    #expect(bench.input(0x20) == 0x08)
    bench.output(0x20, 0x0A)
    #expect(bench.input(0x20) == 0x40)
    #expect(bench.input(0x21) == 0x40)
    #expect(!bench.board.interruptRequested)
  }

  @Test func maskedRequestWaits() {
    let bench = initialized()
    bench.output(0x21, 0x08)
    bench.apply(.interruptLine(3))
    #expect(!bench.board.interruptRequested)
    bench.output(0x21, 0x00)
    #expect(bench.acknowledge() == 0x23)
  }

  @Test func specificEndOfInterruptClearsItsLineOnly() {
    let bench = initialized()
    bench.apply(.interruptLine(5))
    _ = bench.acknowledge()
    bench.apply(.interruptLine(1))
    _ = bench.acknowledge()
    bench.output(0x20, 0x60 | 5)
    bench.output(0x20, 0x0B)
    #expect(bench.input(0x20) == 0x02)
  }

  @Test func rotationOnEndOfInterruptMakesTheLineLowest() {
    let bench = initialized()
    bench.apply(.interruptLine(3))
    _ = bench.acknowledge()
    bench.output(0x20, 0xA0)
    // Now 4 is the highest and 3 the lowest.
    for line: UInt8 in [0, 3, 4] { bench.apply(.interruptLine(line)) }
    #expect(bench.acknowledge() == 0x24)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x20)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x23)
  }

  @Test func setPriorityAndSpecificRotation() {
    let bench = initialized()
    bench.output(0x20, 0xC0 | 4)
    for line: UInt8 in [0, 5] { bench.apply(.interruptLine(line)) }
    #expect(bench.acknowledge() == 0x25)
    // Ends line 5 and makes it the lowest: 6, 7, 0, …
    bench.output(0x20, 0xE0 | 5)
    bench.apply(.interruptLine(6))
    #expect(bench.acknowledge() == 0x26)
  }

  @Test func automaticEndOfInterruptLeavesNothingInService() {
    let bench = initialized(icw4: 3)
    bench.apply(.interruptLine(3))
    #expect(bench.acknowledge() == 0x23)
    bench.output(0x20, 0x0B)
    #expect(bench.input(0x20) == 0)
    bench.apply(.interruptLine(7))
    #expect(bench.acknowledge() == 0x27)
  }

  @Test func automaticRotationFollowsEachAcknowledge() {
    let bench = initialized(icw4: 3)
    bench.output(0x20, 0x80)
    for line: UInt8 in [1, 3] { bench.apply(.interruptLine(line)) }
    #expect(bench.acknowledge() == 0x21)
    bench.apply(.interruptLine(1))
    #expect(bench.acknowledge() == 0x23)
    #expect(bench.acknowledge() == 0x21)
  }

  @Test func specialMaskModeLetsLowerLinesThrough() {
    let bench = initialized()
    bench.apply(.interruptLine(3))
    _ = bench.acknowledge()
    bench.apply(.interruptLine(5))
    #expect(!bench.board.interruptRequested)
    bench.output(0x21, 0x08)
    bench.output(0x20, 0x68)
    #expect(bench.acknowledge() == 0x25)
    // A non-specific end of interrupt passes over the masked line.
    bench.output(0x20, 0x20, 0x0B)
    #expect(bench.input(0x20) == 0x08)
  }

  @Test func pollAcknowledgesOnTheNextRead() {
    let bench = initialized()
    bench.apply(.interruptLine(6))
    bench.output(0x20, 0x0C)
    #expect(bench.input(0x20) == 0x86)
    #expect(!bench.board.interruptRequested)
    bench.output(0x20, 0x0B)
    #expect(bench.input(0x20) == 0x40)
    bench.output(0x20, 0x20, 0x0C)
    #expect(bench.input(0x20) & 0x80 == 0)
  }

  @Test func acknowledgeWithoutRequestIsSpuriousLine7() {
    let bench = initialized()
    let (vector, source) = bench.board.acknowledgeInterrupt(clock: 0)
    #expect(vector == 0x27)
    #expect(source == .spurious(7))
    bench.output(0x20, 0x0B)
    #expect(bench.input(0x20) == 0)
  }

  @Test func cascadeEdgeWithoutSlaveRequestIsSpuriousLine15() {
    let bench = initialized()
    bench.apply(.interruptLine(2))
    let (vector, source) = bench.board.acknowledgeInterrupt(clock: 0)
    #expect(vector == 0x2F)
    #expect(source == .spurious(15))
    bench.output(0xA0, 0x0B)
    #expect(bench.input(0xA0) == 0)
    bench.output(0x20, 0x0B)
    #expect(bench.input(0x20) == 0x04)
  }

  @Test func slaveRequestComesThroughTheCascade() {
    let bench = initialized()
    bench.apply(.interruptLine(12))
    let (vector, source) = bench.board.acknowledgeInterrupt(clock: 0)
    #expect(vector == 0x2C)
    #expect(source == .line(12))
    bench.output(0x20, 0x0B)
    bench.output(0xA0, 0x0B)
    #expect(bench.input(0x20) == 0x04)
    #expect(bench.input(0xA0) == 0x10)
    // Without the master's end of interrupt the slave's next request waits.
    bench.apply(.interruptLine(14))
    bench.output(0xA0, 0x20)
    #expect(!bench.board.interruptRequested)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x2E)
  }

  @Test func slaveRequestOfHigherPriorityNeedsSpecialFullyNestedMode() {
    for (icw4, isExpected) in [(UInt32(0x01), false), (0x11, true)] {
      let bench = initialized(icw4: icw4)
      bench.apply(.interruptLine(12))
      _ = bench.acknowledge()
      bench.apply(.interruptLine(8))
      #expect(bench.board.interruptRequested == isExpected)
    }
  }

  @Test func fallingLineTakesItsRequestBack() {
    let bench = initialized()
    bench.apply(.key(Key(rawValue: 0x1E), isPressed: true))
    bench.run(for: 1_000_000)
    #expect(bench.board.interruptRequested)
    _ = bench.input(0x60)
    #expect(!bench.board.interruptRequested)
  }

  @Test func levelTriggeredLineAsksAgain() {
    for (edgeLevel, isExpected) in [(UInt32(0), false), (0x10, true)] {
      let bench = initialized()
      bench.output(0x4D0, edgeLevel)
      #expect(bench.input(0x4D0) == UInt8(edgeLevel))
      bench.output(0x3F9, 1)
      bench.apply(.serial(port: 0, byte: 0x41))
      #expect(bench.acknowledge() == 0x24)
      bench.output(0x20, 0x20)
      #expect(bench.board.interruptRequested == isExpected)
      _ = bench.input(0x3F8)
      #expect(!bench.board.interruptRequested)
    }
  }

  /// Bit 3 of ICW1 (LTIM) makes every line of the chip level-triggered.
  @Test func levelTriggeredModeOfTheWholeChip() {
    let bench = BoardBench()
    bench.output(0x20, 0x19)
    // The timer's line is high all the time.
    bench.output(0x21, 0x20, 4, 1, 0x01)
    bench.output(0x3F9, 2)
    #expect(bench.acknowledge() == 0x24)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x24)
    bench.output(0x20, 0x20)
    // The interrupt of the empty register goes with the read of IIR, and the request with it.
    #expect(bench.input(0x3FA) == 0x02)
    #expect(bench.input(0x20) & 0x10 == 0)
    #expect(!bench.board.interruptRequested)
  }

  @Test func pollingGoesThroughBothChips() {
    let bench = initialized()
    bench.apply(.interruptLine(13))
    bench.output(0x20, 0x0C)
    #expect(bench.input(0x20) == 0x82)
    bench.output(0xA0, 0x0C)
    #expect(bench.input(0xA0) == 0x85)
    bench.output(0xA0, 0x0B)
    #expect(bench.input(0xA0) == 0x20)
    bench.output(0xA0, 0x20)
    bench.output(0x20, 0x20, 0x0B)
    #expect(bench.input(0x20) == 0)
  }

  /// OCW2 with R 0, SL 1, EOI 0 is no operation; the buffered modes of ICW4 have no pins here.
  @Test func wordsWithoutEffect() {
    let bench = initialized(icw4: 0x0D)
    bench.apply(.interruptLine(5))
    #expect(bench.acknowledge() == 0x25)
    bench.output(0x20, 0x45, 0x0B)
    #expect(bench.input(0x20) == 0x20)
    bench.apply(.interruptLine(4))
    #expect(bench.acknowledge() == 0x24)
  }

  /// ICW1 with IC4 clear takes back what ICW4 selected (data sheet, Initialization Command Words); read and special mask mode go back too.
  @Test func initializationWithoutICW4ClearsItsFunctions() {
    let bench = initialized(icw4: 0x03)
    bench.output(0x20, 0x68, 0x0B)
    bench.output(0x20, 0x10)
    bench.output(0x21, 0x20, 4, 0)
    bench.apply(.interruptLine(3))
    #expect(bench.input(0x20) == 0x08)
    bench.output(0x20, 0x0C)
    #expect(bench.input(0x20) == 0x83)
    bench.output(0x20, 0x0B)
    // No automatic end: the line is in service.
    #expect(bench.input(0x20) == 0x08)
  }

  @Test func checkpointInTheMiddleOfInitializationGoesOn() throws {
    let bench = initialized()
    bench.output(0x20, 0x11)
    bench.output(0x21, 0x50)
    let twin = BoardBench()
    try twin.restore(bench.checkpoint(), clock: bench.clock)
    for bench in [bench, twin] {
      bench.output(0x21, 4, 1, 0xF7)
      #expect(bench.input(0x21) == 0xF7)
      bench.apply(.interruptLine(3))
      #expect(bench.acknowledge() == 0x53)
    }
  }

  @Test func edgeLevelControlKeepsSystemLinesEdgeTriggered() {
    let bench = initialized()
    bench.output(0x4D0, 0xFF)
    bench.output(0x4D1, 0xFF)
    #expect(bench.input(0x4D0) == 0xF8)
    #expect(bench.input(0x4D1) == 0xDE)
  }

  @Test func initializationClearsMaskServiceAndEdges() {
    let bench = initialized()
    bench.apply(.interruptLine(3))
    _ = bench.acknowledge()
    bench.apply(.interruptLine(5))
    bench.output(0x21, 0xFF)
    bench.output(0x20, 0x11)
    #expect(bench.input(0x21) == 0)
    #expect(bench.input(0x20) == 0)
    bench.output(0x21, 0x40, 4, 1)
    #expect(!bench.board.interruptRequested)
    bench.apply(.interruptLine(3))
    #expect(bench.acknowledge() == 0x43)
  }

  @Test func singleModeTakesNoICW3() {
    let bench = BoardBench()
    bench.output(0x20, 0x13)
    bench.output(0x21, 0x50, 0x01, 0xFB)
    #expect(bench.input(0x21) == 0xFB)
    bench.apply(.interruptLine(2))
    #expect(bench.acknowledge() == 0x52)
  }

  @Test func mcs80ModeStopsTheMachine() {
    let bench = BoardBench()
    bench.output(0x20, 0x10)
    bench.output(0x21, 0x20, 4)
    bench.apply(.interruptLine(1))
    #expect(bench.board.stop == nil)
    _ = bench.acknowledge()
    guard case .unmodelled = bench.board.stop else {
      Issue.record("the machine went on with an 8259A that answers with CALL instructions")
      return
    }
  }

  @Test func firmwareLeavesVectorsOfRealMode() {
    let bench = BoardBench()
    #expect(bench.input(0x21) == 0xB8)
    #expect(bench.input(0xA1) == 0x8E)
    bench.apply(.interruptLine(0))
    #expect(bench.acknowledge() == 0x08)
    bench.apply(.interruptLine(8))
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x70)
  }

  @Test func scriptedRequestMergesWithThePendingOne() {
    let bench = initialized()
    bench.apply(.interruptLine(3))
    bench.apply(.interruptLine(3))
    _ = bench.acknowledge()
    bench.output(0x20, 0x20)
    #expect(!bench.board.interruptRequested)
  }
}
