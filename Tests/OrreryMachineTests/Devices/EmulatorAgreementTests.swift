import OrreryBase
import Testing

@testable import OrreryMachine

/// What `qemu-system-x86_64` (7.2, machine `pc`, 64 MiB) answers to the same accesses after its firmware has run, read by a guest program that prints each
/// byte. Where it and the data sheet differ, the device's own tests follow the data sheet, and the case is not here.
struct EmulatorAgreementTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// `port=byte` writes, `port?` reads.
    var accesses: String
    var answers: [UInt8]

    init(_ name: String, _ accesses: String, _ answers: [UInt8]) {
      testDescription = name
      self.accesses = accesses
      self.answers = answers
    }
  }

  private static let interruptSetUp =
    "20=11 21=20 21=04 21=01 21=ff a0=11 a1=28 a1=02 a1=01 a1=ff "

  static let cases = [
    Case("masks as firmware leaves them", "21? a1?", [0xB8, 0x8E]),
    Case("masks after initialisation", interruptSetUp + "21? a1?", [0xFF, 0xFF]),
    Case("edge/level control", "4d0=ff 4d1=ff 4d0? 4d1?", [0xF8, 0xDE]),
    Case(
      "polling for a keyboard byte",
      interruptSetUp + "64=d2 60=77 20=0a 20? 21=fd 20=0c 20? 20=0b 20? 20=20 20? 60? 20=0c 20?",
      [0x02, 0x81, 0x02, 0x00, 0x77, 0x00]),
    Case("controller self-test", "64=aa 64? 60? 64?", [0x1D, 0x55, 0x1C]),
    Case("controller interface test", "64=ab 64? 60? 64?", [0x1D, 0x00, 0x1C]),
    Case("controller input port", "64=c0 64? 60? 64?", [0x1D, 0x80, 0x1C]),
    Case(
      "controller configuration byte", "64=60 60=64 64=20 60? 64=ad 64=20 60? 64=ae 64=20 60?", [0x64, 0x74, 0x64]),
    Case("keyboard echo", "60=ee 60? 60?", [0xEE, 0xEE]),
    Case("keyboard identification", "60=f2 60? 60? 60?", [0xFA, 0xAB, 0x41]),
    Case("keyboard lights", "60=ed 60? 60=02 60?", [0xFA, 0xFA]),
    Case("keyboard repetition", "60=f3 60? 60=20 60?", [0xFA, 0xFA]),
    Case("keyboard scan-code set", "60=f0 60? 60=00 60? 60?", [0xFA, 0xFA, 0x41]),
    Case("keyboard reset", "60=ff 60? 60?", [0xFA, 0xAA]),
    Case("unknown keyboard command", "60=01 60?", [0xFE]),
    Case("unknown scan-code set", "60=f0 60? 60=07 60?", [0xFA, 0xFE]),
    Case(
      "serial port after firmware", "3f9? 3fa? 3fb? 3fc? 3fd? 3fe? 3ff? 3fb=80 3f8? 3f9?",
      [0x00, 0x01, 0x00, 0x08, 0x60, 0xB0, 0x00, 0x0C, 0x00]),
    Case("serial interrupt of the empty register", "3f9=02 3fa? 3fa? 3f9=00 3f9=02 3fa?", [0x02, 0x01, 0x02]),
    Case("serial FIFOs", "3fa=c7 3fa? 3f9=ff 3f9?", [0xC1, 0x0F]),
    Case("serial loopback", "3fc=1e 3f8=ae 3fd? 3f8? 3fd? 3fc=ff 3fc?", [0x61, 0xAE, 0x60, 0x1F]),
    Case("serial scratch register", "3ff=a5 3ff?", [0xA5]),
    Case("system control port A", "92?", [0x02]),
    Case(
      "clock and memory sizes",
      "70=0a 71? 70=0b 71? 70=0d 71? 70=15 71? 70=16 71? 70=17 71? 70=18 71? 70=30 71? 70=31 71? 70=32 71? 70=34 71? 70=35 71? 70=0f 71?",
      [0x26, 0x02, 0x80, 0x80, 0x02, 0x00, 0xFC, 0x00, 0xFC, 0x20, 0x00, 0x03, 0x00]),
    Case(
      "clock registers", "70=0b 71=82 71? 70=00 71=45 71? 70=0d 71=00 71? 70=0a 71? 70=0b 71=92 71?",
      [0x82, 0x45, 0x80, 0x26, 0x82]),
    Case(
      "VGA sequencer", "3c4=00 3c5? 3c4=01 3c5? 3c4=02 3c5? 3c4=03 3c5? 3c4=04 3c5?", [0x03, 0x00, 0x03, 0x00, 0x02]),
    Case(
      "VGA timing", (0..<14).map { "3d4=\(String($0, radix: 16)) 3d5?" }.joined(separator: " "),
      [0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00]),
    Case(
      "VGA vertical timing", (16..<25).map { "3d4=\(String($0, radix: 16)) 3d5?" }.joined(separator: " "),
      [0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF]),
    Case("VGA miscellaneous output", "3cc?", [0x67]),
    Case("VGA palette", "3c8=07 3c9=01 3c9=02 3c9=03 3c7=07 3c9? 3c9? 3c9? 3c7? 3c8?", [0x01, 0x02, 0x03, 0x03, 0x08]),
    Case("absent devices", "3e8? 2e8? 278? 3bc? 3b4? ea? ed?", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
    Case("page register and debug console", "87=34 87? e9?", [0x34, 0xE9]),
  ]

  @Test(arguments: cases)
  func answersAsTheEmulatorDoes(_ test: Case) throws {
    let bench = BoardBench()
    var answers: [UInt8] = []
    for access in test.accesses.split(separator: " ") {
      let parts = access.split(whereSeparator: { "=?".contains($0) })
      let port = try #require(UInt16(parts[0], radix: 16))
      if access.hasSuffix("?") {
        answers.append(bench.input(port))
      } else {
        bench.output(port, try #require(UInt32(parts[1], radix: 16)))
      }
    }
    #expect(answers == test.answers)
    #expect(bench.board.stop == nil)
  }
}
