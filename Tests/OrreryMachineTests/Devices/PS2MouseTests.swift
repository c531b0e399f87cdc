import OrreryBase
import Testing

@testable import OrreryMachine

/// The second port of the 8042 and the mouse behind it: expectations from the IBM PS/2 hardware interface technical reference, keyboard and auxiliary device
/// controller, and the mouse's part of it.
struct PS2MouseTests {
  private let bench = BoardBench()

  /// Sends bytes to the mouse, and gives all that it answers.
  private func mouse(_ bytes: UInt32...) -> [UInt8] {
    var answers: [UInt8] = []
    for byte in bytes {
      bench.output(0x64, 0xD4)
      bench.output(0x60, byte)
      while bench.input(0x64) & 1 != 0 {
        #expect(bench.input(0x64) & 0x21 == 0x21)
        answers.append(bench.input(0x60))
      }
    }
    return answers
  }

  private func configuration() -> UInt8 {
    bench.output(0x64, 0x20)
    return bench.input(0x60)
  }

  private func setConfiguration(_ value: UInt32) {
    bench.output(0x64, 0x60)
    bench.output(0x60, value)
  }

  @Test func secondPortTestsAsPresent() {
    bench.output(0x64, 0xA9)
    #expect(bench.input(0x60) == 0x00)
  }

  @Test func resetGivesTheSelfTestAndTheIdentity() { #expect(mouse(0xFF) == [0xFA, 0xAA, 0x00]) }

  @Test func commandsAreAcknowledged() {
    for command: UInt32 in [0xE6, 0xE7, 0xEA, 0xEC, 0xF0, 0xF4, 0xF5, 0xF6] { #expect(mouse(command) == [0xFA]) }
    #expect(mouse(0xF2) == [0xFA, 0x00])
    #expect(mouse(0xE8, 0x03) == [0xFA, 0xFA])
    #expect(mouse(0xF3, 0x28) == [0xFA, 0xFA])
    #expect(mouse(0x12) == [0xFE])
    #expect(mouse(0xE8, 0x04) == [0xFA, 0xFE])
    #expect(mouse(0xF3, 0x29) == [0xFA, 0xFE])
  }

  @Test func statusReportFollowsTheCommands() {
    #expect(mouse(0xE9) == [0xFA, 0x00, 0x02, 0x64])
    #expect(mouse(0xF4, 0xE7, 0xE8, 0x01, 0xF3, 0xC8).count == 6)
    // Reporting on (bit 5), scaling 2:1 (bit 4), two counts a millimetre, 200 a second.
    #expect(mouse(0xE9) == [0xFA, 0x30, 0x01, 0xC8])
    #expect(mouse(0xF0, 0xE9) == [0xFA, 0xFA, 0x70, 0x01, 0xC8])
    #expect(mouse(0xF6, 0xE9) == [0xFA, 0xFA, 0x00, 0x02, 0x64])
  }

  @Test func packetHasNoMovement() { #expect(mouse(0xF0, 0xEB) == [0xFA, 0xFA, 0x08, 0x00, 0x00]) }

  @Test func wrapModeEchoes() {
    #expect(mouse(0xEE, 0xF2, 0x5A) == [0xFA, 0xF2, 0x5A])
    #expect(mouse(0xEC, 0xF2) == [0xFA, 0xFA, 0x00])
    #expect(mouse(0xEE, 0xFF) == [0xFA, 0xFA, 0xAA, 0x00])
  }

  @Test func resendRepeatsTheLastAnswer() {
    #expect(mouse(0xF2) == [0xFA, 0x00])
    #expect(mouse(0xFE) == [0xFA, 0x00])
    #expect(mouse(0xFE) == [0xFA, 0x00])
  }

  @Test func sampleRatesSwitchToTheWheelAndToFiveButtons() {
    #expect(mouse(0xF3, 200, 0xF3, 100, 0xF3, 80, 0xF2) == [0xFA, 0xFA, 0xFA, 0xFA, 0xFA, 0xFA, 0xFA, 0x03])
    #expect(mouse(0xEB) == [0xFA, 0x08, 0x00, 0x00, 0x00])
    #expect(mouse(0xF3, 200, 0xF3, 200, 0xF3, 80, 0xF2).suffix(2) == [0xFA, 0x04])
    #expect(mouse(0xFF, 0xF2) == [0xFA, 0xAA, 0x00, 0xFA, 0x00])
  }

  @Test func interruptComesOnLine12WhenItIsEnabled() {
    bench.initializeInterrupts()
    setConfiguration(0x47)
    bench.output(0x64, 0xD4)
    bench.output(0x60, 0xF4)
    #expect(bench.acknowledge() == 0x2C)
    #expect(bench.input(0x64) & 0x21 == 0x21)
    #expect(bench.input(0x60) == 0xFA)
    bench.output(0xA0, 0x20)
    bench.output(0x20, 0x20)
    #expect(!bench.board.interruptRequested)
    setConfiguration(0x45)
    bench.output(0x64, 0xD4)
    bench.output(0x60, 0xF4)
    #expect(!bench.board.interruptRequested)
    #expect(bench.input(0x60) == 0xFA)
  }

  @Test func byteSentToTheMouseEnablesItsInterface() {
    #expect(configuration() & 0x20 == 0x20)
    #expect(mouse(0xF4) == [0xFA])
    #expect(configuration() & 0x20 == 0x00)
  }

  @Test func disabledInterfaceHoldsTheMouseBack() {
    #expect(mouse(0xF4) == [0xFA])
    bench.output(0x64, 0xD4)
    bench.output(0x60, 0xF2)
    bench.output(0x64, 0xA7)
    #expect(bench.input(0x60) == 0xFA)
    #expect(bench.input(0x64) & 1 == 0)
    bench.output(0x64, 0xA8)
    #expect(bench.input(0x64) & 0x21 == 0x21)
    #expect(bench.input(0x60) == 0x00)
  }

  @Test func guestCanPutAByteThereItself() {
    bench.initializeInterrupts()
    setConfiguration(0x47)
    bench.output(0x64, 0xD3)
    bench.output(0x60, 0x5A)
    #expect(bench.acknowledge() == 0x2C)
    bench.output(0x64, 0xD0)
    // Bit 5 of the output port: a byte of the mouse is waiting; bit 4: another.
    #expect(bench.input(0x60) & 0x30 == 0x20)
  }

  @Test func mouseDoesNotShiftTheKeyboard() {
    bench.apply(.key(Key(rawValue: 0x1E), isPressed: true))
    #expect(mouse(0xF2) == [0xFA, 0x00])
    bench.run(for: 1_000_000)
    #expect(bench.input(0x64) & 0x21 == 0x01)
    #expect(bench.input(0x60) == 0x1E)
  }

  @Test func checkpointInTheMiddleOfAnAnswerGoesOn() throws {
    let before = bench.hash(at: 0)
    #expect(mouse(0xF3, 200, 0xF3, 100, 0xF3).suffix(1) == [0xFA])
    #expect(bench.hash(at: 0) != before)
    let twin = BoardBench()
    try twin.restore(bench.checkpoint(), clock: 0)
    #expect(twin.hash(at: 0) == bench.hash(at: 0))
    for bench in [bench, twin] {
      for byte: UInt32 in [80, 0xF2] {
        bench.output(0x64, 0xD4)
        bench.output(0x60, byte)
        #expect(bench.input(0x60) == 0xFA)
      }
      #expect(bench.input(0x60) == 0x03)
    }
  }
}
