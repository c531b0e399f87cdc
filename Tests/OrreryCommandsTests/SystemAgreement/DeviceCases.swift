/// The devices of the board, register by register. No case relies on what another left: each begins by programming what it uses, and leaves no request.
enum DeviceCases {
  /// A case whose answers are compared as they stand in memory, eight to a word.
  private static func device(_ name: String, _ words: String) -> SystemCase {
    let script = PortScript(words)
    precondition(script.answerCount <= 0x80, "\(name) has too many answers")
    let places = stride(from: 0, to: UInt64(script.answerCount), by: 8).map { PortScript.answers + $0 }
    return SystemCase(name, .kernel64, script.code).with(pokes: places.map { ($0, 0) }, peeks: places)
  }

  // MARK: 8259A

  /// Counter 0 of the 8254 rests with its output high; the keyboard controller and COM2 ask for nothing.
  private static let quiet =
    "43=30 40=01 40=00 pause 64=60 60=44 60! 2fb=03 2f9=00 2fc=08 2fa! 2fd! 2fe! 2f8! 70=0b 71=02 70=0c 71! "

  /// ICW1…ICW4 of both chips with vectors 0x20 and 0x28, everything masked.
  private static func initialized(icw4: String = "01") -> String {
    quiet + "20=11 21=20 21=04 21=\(icw4) a0=11 a1=28 a1=02 a1=\(icw4) 21=ff a1=ff "
  }

  // Requests that stay until they are taken back: the keyboard controller's line 1 and line 12, COM2's line 3 and the clock's line 8.
  private static let line1 = "64=60 60=45 64=d2 60=77 64~01 "
  private static let line12 = "64=60 60=46 64=d3 60=5a 64~01 "
  private static let line3 = "2f9=02 "
  private static let line8 = "70=0a 71=26 70=0b 71=42 70=0c 71! a0=0a a0~01 "
  private static let noLine1 = "64=60 60=44 60! "
  private static let noLine3 = "2f9=00 2fa! "
  private static let noLine8 = "70=0b 71=02 70=0c 71! "
  private static let end = "21=ff a1=ff " + noLine1 + noLine3 + noLine8

  static func interruptControllers() -> [SystemCase] {
    [
      device("masks", initialized() + "21? a1? 21=5a a1=a5 21? a1? 21=ff a1=ff"),
      device("no request", initialized() + "20? a0? 20=0b a0=0b 20? a0? 20=0c 20? a0=0c a0?"),
      device("requests of two lines", initialized() + line1 + line3 + "20? 20=0b 20? " + end),
      device(
        "the lower line goes first",
        initialized() + line1 + line3 + "21=00 20=0c 20? 20=0b 20? 20=0a 20? 20=0c 20? 20=20 20=0c 20? 20=0b 20? " + end
      ),
      device(
        "a lower line interrupts a higher one in service",
        initialized() + line3 + "21=00 20=0c 20? " + line1 + "20=0c 20? 20=0b 20? 20=20 20? 20=20 20? " + end),
      device("masked request waits", initialized() + line1 + "20=0c 20? 21=fd 20=0c 20? 20=20 " + end),
      device(
        "specific end of interrupt",
        initialized() + line3 + "21=00 20=0c 20? " + line1 + "20=0c 20? 20=63 20=0b 20? 20=61 20? " + end),
      device(
        "rotation with the end of interrupt",
        initialized() + line1 + "21=00 20=0c 20? " + noLine1 + "20=a0 " + line1 + line3 + "20=0c 20? 20=20 20=0c 20? "
          + "20=20 20=c7 " + end),
      device(
        "rotation to a line and set priority",
        initialized() + line1 + line3 + "20=c1 21=00 20=0c 20? 20=e3 20=0c 20? 20=20 20=c7 20=0b 20? " + end),
      device(
        "special mask mode",
        initialized() + line1 + "21=00 20=0c 20? " + line3
          + "20=0c 20? 21=02 20=68 20=0c 20? 20=0b 20? 20=63 20=61 20? "
          + "20=48 " + end),
      device(
        "automatic end of interrupt",
        initialized(icw4: "03") + line1 + line3 + "21=00 20=0c 20? 20=0b 20? 20=0c 20? " + end
      ),
      device(
        "rotation with automatic ends",
        initialized(icw4: "03") + "20=80 " + line1 + line3 + "21=00 20=0c 20? " + noLine1 + line1
          + "20=0c 20? 20=0c 20? 20=00 20=c7 " + end),
      device(
        "the second chip behind line 2",
        initialized() + line12 + "a0? 20? a1=00 20? 21=00 20=0c 20? a0=0c a0? 20=0b 20? a0=0b a0? a0=20 20=20 20? a0? "
          + end),
      device(
        "special fully nested mode",
        initialized(icw4: "11") + line12 + "a1=00 21=00 20=0c 20? a0=0c a0? " + line8 + "20=0c 20? a0=0c a0? a0=0b a0? "
          + "a0=20 a0? a0=20 a0? 20=20 " + end),
      device(
        "without special fully nested mode",
        initialized() + line12 + "a1=00 21=00 20=0c 20? a0=0c a0? " + line8 + "20=0c 20? a0=20 20=20 a0=0c a0? a0=20 "
          + end),
      device(
        "edge and level",
        initialized() + "4d0=08 4d0? " + line3 + "21=00 20=0c 20? 20=20 20=0c 20? 20=20 " + noLine3
          + "20=0c 20? 4d0=00 "
          + line3 + "20=0c 20? 20=20 20=0c 20? " + end),
      device("edge/level control", "4d0=ff 4d1=ff 4d0? 4d1? 4d0=00 4d1=00 4d0? 4d1?"),
      device("single chip", quiet + "20=13 21=20 21=01 21=fb 21? " + initialized() + end),
      device(
        "initialisation clears mask and service",
        initialized() + line1 + "21=00 20=0c 20? " + noLine1 + "21=aa 20=11 21? 20? 20=0b 20? " + initialized() + end),
      device("interrupt of line 1", initialized() + line1 + "21=fd interrupt"),
      device("interrupt of line 12", initialized() + line12 + "21=fb a1=ef interrupt"),
      device(
        "interrupt with the vectors elsewhere", initialized() + "20=11 21=28 21=04 21=01 " + line1 + "21=fd interrupt"),
      device(
        "a request taken back", initialized() + line1 + noLine1 + "20? 21=fd 20=0c 20? 20=20 " + end
      ).differing(
        "8259A data sheet, Edge and Level Triggered Modes: the input must stay high until it is acknowledged. QEMU keeps the edge.",
        manual: "memory0=0"),
      device(
        "end of interrupt in special mask mode",
        initialized() + line1 + "21=00 20=0c 20? " + noLine1 + "21=02 20=68 20=20 20=0b 20? 20=48 20=61 " + end
      ).differing(
        "8259A data sheet, End of Interrupt: masked levels are not cleared by a non-specific one in special mask mode. QEMU clears them.",
        manual: "memory0=281"),
    ]
  }

  // MARK: 8254

  static func timers() -> [SystemCase] {
    var cases: [SystemCase] = []
    // Counter 2: what status tells of mode and access when the count has been loaded.
    for mode in 0..<8 {
      for access in [1, 2, 3] {
        for isBCD in [0, 1] {
          let word = String(0x80 | access << 4 | mode << 1 | isBCD, radix: 16)
          let counts = access == 3 ? "42=34 42=12 " : "42=34 "
          cases.append(device("status after \(word)", "61=00 43=\(word) \(counts)61=01 pause 43=e8 42?7f 61=00"))
        }
      }
    }
    cases += [
      device("control word cannot be read", "43?").differing(
        "8254 data sheet, Read Operations Summary: there is nothing to read beside the counters. QEMU answers 0.",
        manual: "memory0=ff"),
      device("gate holds mode 0", "61=00 43=b0 42=01 42=00 pause 43=e8 42? 61=01 pause 43=e8 42? 61=00").differing(
        "8254 data sheet, Mode 0: a low gate disables counting. QEMU counts on.", manual: "memory0=b030"),
      device("mode 4 strobes", "61=01 43=b8 42=10 42=00 61?20 pause pause pause pause pause 61?20 61=00").differing(
        "8254 data sheet, Mode 4: the output is high but for the one pulse of terminal count. QEMU has it low.",
        manual: "memory0=2020"),
      device("null count before the count", "61=01 43=b0 pause 43=e8 42?7f 42=01 42=00 pause 43=e8 42?7f 61=00")
        .differing(
          "8254 data sheet, Read-Back Command: the null count flag is set by the control word. QEMU never sets it.",
          manual: "memory0=3070"),
      device("status before count", "61=01 43=b0 42=ff 42=ff pause 43=c8 42? 42?00 42? 61=00"),
      device("mode 0 ends", "61=01 43=b0 42=80 42=00 61?20 61~20 43=e8 42? 61=00"),
      device("mode 1 waits for the gate", "61=00 43=b2 42=80 42=00 pause 61=01 61?00 61~20 61=00"),
      device("mode 2 again and again", "61=01 43=b4 42=80 42=00 61~20 61~20 43=b0 42=01 42=00 61=00"),
      device("mode 3 toggles", "61=01 43=b6 42=80 42=00 61~20 61^20 61~20 61^20 61~20 43=b0 42=01 42=00 61=00"),
      device(
        "counter 0 ends", quiet + "43=30 40=20 40=00 pause pause pause pause pause pause pause 43=e2 40? 20=0a 20?01"),
      device("two counters at once", "43=70 41=01 41=00 43=b0 61=01 42=01 42=00 pause 43=ec 41? 42? 61=00 43=54 41=12"),
      device("port 0x61", "61=03 61?03 61=00 61?03 61=02 61?03 61=00"),
    ]
    return cases
  }

  // MARK: 8042

  private static let keyboardReady = "64=ad 64=a7 60! 60! 60! 64=ae 64=60 60=64 64=20 60? "

  static func keyboardControllers() -> [SystemCase] {
    let controller: [(String, String)] = [
      ("self-test", "64=aa 64?f7 60? 64?f7"), ("tests of both interfaces", "64=ab 60? 64=a9 60?"),
      ("input port", "64=c0 60?"), ("output port", "64=d0 60?"),
      ("output port written", "64=d1 60=cf 64=d0 60?"),
      ("configuration byte", "64=60 60=47 64=20 60? 64=60 60=74 64=20 60? 64=60 60=64"),
      ("keyboard off and on", "64=ad 64=20 60? 64=ae 64=20 60?"),
      ("mouse off and on", "64=a8 64=20 60? 64=a7 64=20 60?"),
      ("keyboard's byte of the guest", "64=d2 60=77 64?f7 60? 64?f7"),
      ("mouse's byte of the guest", "64=a8 64=d3 60=5a 64?f7 60? 64?f7 64=a7"),
    ]
    let keyboard: [(String, String)] = [
      ("echo", "60=ee 60?"), ("identification", "60=f2 60? 60? 60?"),
      ("identification without translation", "64=60 60=24 60=f2 60? 60? 60? 64=60 60=64"),
      ("lights", "60=ed 60? 60=07 60? 60=ed 60? 60=00 60?"), ("repetition", "60=f3 60? 60=7f 60? 60=f3 60? 60=2b 60?"),
      ("scan-code set told", "60=f0 60? 60=00 60? 60?"),
      ("scan-code set 1", "60=f0 60? 60=01 60? 60=f0 60? 60=00 60? 60? 60=f0 60? 60=02 60?"),
      ("scan-code set 2 without translation", "64=60 60=24 60=f0 60? 60=00 60? 60? 64=60 60=64"),
      ("enable, disable, defaults", "60=f4 60? 60=f5 60? 60=f6 60? 60=f4 60?"), ("reset", "60=ff 60? 60? 60=f4 60?"),
      ("unknown command", "60=01 60?"), ("answers wait for each other", "60=f2 64?f7 60? 64?f7 60? 64?f7 60? 64?f7"),
    ]
    let mouse: [(String, String)] = [
      ("reset", "m=ff m? m? m?"), ("identification", "m=f2 m? m?"), ("status report", "m=f6 m? m=e9 m? m? m? m?"),
      ("scaling, resolution, rate", "m=e7 m? m=e8 m? m=01 m? m=f3 m? m=28 m? m=e9 m? m? m? m? m=f6 m?"),
      ("remote mode and a packet", "m=f0 m? m=eb m? m? m? m? m=e9 m? m? m? m? m=ea m?"),
      ("reporting", "m=f4 m? m=e9 m? m? m? m? m=f5 m?"), ("wrap mode", "m=ee m? m=f2 m? m=5a m? m=ec m?"),
      ("a wheel", "m=ff m? m? m? m=f3 m? m=c8 m? m=f3 m? m=64 m? m=f3 m? m=50 m? m=f2 m? m? m=ff m? m? m?"),
      ("status of the controller", "m=f2 64?f7 m? 64?f7 m? 64?f7"),
      ("interface enabled by a byte", "64=a7 m=f2 m? m? 64=20 m?"),
    ]
    return controller.map { device("controller: \($0)", keyboardReady + $1 + " 64=60 60=64") }
      + keyboard.map { device("keyboard: \($0)", keyboardReady + $1 + " 64=60 60=64") }
      + mouse.map { name, words in
        let accesses = words.replacing("m=", with: "64=d4 60=").replacing("m?", with: "60?")
        return device("mouse: \(name)", keyboardReady + "64=a8 " + accesses + " 64=60 60=64")
      }
      + [
        device(
          "controller: status after a command and after a byte", keyboardReady + "64=ae 64? 60=ee 64? 60? 64=60 60=64"
        ).differing(
          "PS/2 reference, Status Register: bit 3 tells whether the last write was a command. QEMU sets it always.",
          manual: "memory0=ee151c64")
      ]
  }

  // MARK: 16550

  /// COM2 with eight data bits at 115,200 baud, FIFOs off and empty, no interrupts.
  private static let serialReady = "2fb=83 2f8=01 2f9=00 2fb=03 2f9=00 2fa=07 2fa=00 2fc=08 2f8! 2fd! 2fe! 2fa! "

  static func serialPorts() -> [SystemCase] {
    let scripts: [(String, String)] = [
      ("registers", "2f9=ff 2f9? 2f9=00 2fb=1f 2fb? 2fb=03 2fc=ff 2fc? 2fc=08 2ff=a5 2ff?"),
      ("divisor", "2fb=83 2f8=34 2f9=12 2f8? 2f9? 2fb=03 2f9? 2fb=83 2f8? 2f8=01 2f9=00 2fb=03"),
      ("idle", "2fa? 2fd? 2fe?"), ("loopback", "2fc=18 2f8=5a 2fd? 2f8? 2fd? 2fc=08"),
      ("empty register", "2f9=02 2fa? 2fa? 2f8=41 2fa? 2fa? 2f9=00 2f9=02 2fa? 2f9=00"),
      ("received byte", "2fc=18 2f9=01 2fa? 2f8=5a 2fa? 2fa? 2f8? 2fa? 2f9=00 2fc=08"),
      ("overrun", "2fc=18 2f9=04 2f8=41 2f8=42 2fa? 2fd? 2fd? 2f8? 2fd? 2f9=00 2fc=08"),
      ("priorities", "2fc=18 2f9=07 2f8=41 2f8=42 2fa? 2fd? 2fa? 2f8? 2fa? 2fa? 2f9=00 2fc=08"),
      ("FIFOs on and off", "2fa=01 2fa? 2fa=c7 2fa? 2fa=00 2fa?"),
      (
        "FIFO in order", "2fa=01 2fc=18 2f8=41 2f8=42 2f8=43 2fd? 2f8? 2f8? 2fd? 2f8? 2fd? 2fa=00 2fc=08"
      ),
      (
        "trigger at four",
        "2fa=41 2fc=18 2f9=01 2f8=41 2f8=42 2f8=43 2fa? 2f8=44 2fa? 2f8? 2fa? 2f9=00 2fa=07 2fd? 2fa=00 2fc=08"
      ),
      (
        "trigger at fourteen",
        "2fa=c1 2fc=18 2f9=01 " + (0..<13).map { "2f8=4\(String($0, radix: 16)) " }.joined()
          + "2fa? 2f8=4d 2fa? 2f9=00 2fa=07 2fd? 2fa=00 2fc=08"
      ),
      ("waiting bytes time out", "2fa=41 2fc=18 2f9=01 2f8=41 2fa~08 2fa? 2f8? 2fa? 2f9=00 2fa=00 2fc=08"),
      (
        "seventeenth byte",
        "2fa=01 2fc=18 " + (0..<17).map { "2f8=\(String(0x40 + $0, radix: 16)) " }.joined()
          + "2fd? 2fd? 2f8? 2fa=07 2fd? 2fa=00 2fc=08"
      ),
      ("FIFO emptied", "2fa=01 2fc=18 2f8=41 2fd? 2fa=03 2fd? 2fa=00 2fc=08"),
      (
        "modem lines in loopback",
        "2fc=1f 2fe?f0 2fc=11 2fe?f0 2fc=12 2fe?f0 2fc=14 2fe?f0 2fc=18 2fe?f0 2fc=08 2fe?f0 2fe?"
      ),
    ]
    return scripts.map { device($0, serialReady + $1) } + [
      device(
        "changes of modem lines in loopback", serialReady + "2fc=18 2fe? 2fc=1a 2fe? 2fe? 2fc=08 2fe? 2fe?"
      ).differing(
        "PC16550D data sheet, 8.7: bits 0 to 3 tell changes, and 8.6 has them work in loopback. QEMU tells none there.",
        manual: "memory0=b0b2909183")
    ]
  }

  // MARK: MC146818

  private static let clockReady = "70=0a 71=26 70=0b 71=82 "

  static func clocks() -> [SystemCase] {
    let scripts: [(String, String)] = [
      ("registers A to D", "70=0a 71? 70=0b 71? 70=0d 71? 70=0d 71=00 71? 70=0c 71=ff 71? 71?"),
      (
        "time held by SET",
        "70=00 71=59 70=02 71=34 70=04 71=12 70=06 71=03 70=07 71=28 70=08 71=02 70=09 71=99 "
          + "70=00 71? 70=02 71? 70=04 71? 70=06 71? 70=07 71? 70=08 71? 70=09 71?"
      ),
      ("alarm registers", "70=01 71=c0 71? 70=03 71=ff 71? 70=05 71=23 71?"),
      ("modes", "70=0b 71=86 71? 71=84 71? 71=80 71? 71=8f 71?"),
      ("interrupt enables", "70=0b 71=f2 71? 71=82 71?"),
      ("periodic flag", "70=0a 71=26 70=0b 71=c2 70=0c 71! 71~40 71~80 70=0b 71=82 70=0c 71!"),
      ("no rate", "70=0a 71=20 70=0c 71! 71! pause pause 71? 70=0a 71=26"),
      ("memory", "70=50 71=a5 70=51 71=5a 70=50 71? 70=51 71? 70=7f 71=12 71?"),
      ("index with bit 7", "70=d0 71=77 70=50 71? 70=8d 71? 70=0d"), ("index cannot be read", "70?"),
    ]
    return scripts.map { device($0, clockReady + $1 + " 70=0b 71=02 70=0c 71!") }
  }

  // MARK: VGA

  static func displays() -> [SystemCase] {
    func bank(_ index: String, _ data: String, _ range: Range<Int>) -> String {
      range.map { "\(index)=\(String($0, radix: 16)) \(data)? " }.joined()
    }
    let scripts: [(String, String)] = [
      ("sequencer", bank("3c4", "3c5", 0..<5)),
      ("CRT controller", bank("3d4", "3d5", 0..<0x0A) + bank("3d4", "3d5", 0x10..<0x19)),
      ("graphics controller", bank("3ce", "3cf", 0..<7) + bank("3ce", "3cf", 8..<9)),
      (
        "attribute controller",
        (0..<0x15).map { "3da! 3c0=\(String($0, radix: 16)) 3c1? " }.joined() + "3da! 3c0=20"
      ),
      ("miscellaneous output", "3cc? 3c2=67 3cc?"),
      ("cursor's place", "3d4=0e 3d5=07 3d5? 3d4=0f 3d5=cf 3d5? 3d4=0e 3d5=00 3d4=0f 3d5=00 3d4?"),
      ("cursor's shape", "3d4=0a 3d5=20 3d5? 3d5=0d 3d5? 3d4=0b 3d5=0e 3d5?"),
      ("start address", "3d4=0c 3d5=12 3d5? 3d4=0d 3d5=34 3d5? 3d5=00 3d4=0c 3d5=00 3d5?"),
      ("index and data in one word", "3d4:2=cd0f 3d4:2? 3d4=0f 3d5=00"),
      ("protected registers", "3d4=11 3d5? 3d4=00 3d5=77 3d5? 3d4=07 3d5=0f 3d5? 3d5=1f 3d5?"),
      ("unprotected registers", "3d4=11 3d5=0e 3d5? 3d4=00 3d5=60 3d5? 3d5=5f 3d4=11 3d5=8e 3d5?"),
      (
        "bits that registers have",
        "3da! 3c0=01 3c0=ff 3c0=21 3c1? 3da! 3c0=01 3c0=01 3c0=33 3c0=ff 3c0=33 3c1? 3da! 3c0=33 3c0=08 3c0=20"
      ),
      ("bits of the sequencer", "3c4=00 3c5=ff 3c5? 3c5=03 3c4=02 3c5=ff 3c5? 3c5=03 3c4=ff 3c4?"),
      (
        "bits of the graphics controller",
        "3ce=00 3cf=ff 3cf? 3cf=00 3ce=07 3cf=ff 3cf? 3cf=00 3ce=ff 3ce? 3ce=04 3cf=ff 3cf? 3cf=00"
      ),
      ("palette", "3c8=40 3c9=01 3c9=02 3c9=3f 3c8? 3c7=40 3c9? 3c9? 3c9? 3c7? 3c8=41 3c7?"),
      ("registers that do not exist", "3c4=07 3d4=19 3ce=0c 3cf?"),
      ("displaying or not", "3da~01 3da^01"),
      ("feature control", "3ca?"),
    ]
    return scripts.map { device($0, $1) } + [
      device("attribute controller alternates", "3da! 3c0=31 3c0? 3c0=05 3c0=31 3c1? 3da! 3c0=31 3c0=00 3c0=20 3c0?")
        .differing(
          "IBM reference, Attribute Controller: the address register is read at 0x3C0. QEMU gives it only when an index is expected.",
          manual: "memory0=200531"),
      device("palette mask", "3c6? 3c6=0f 3c6? 3c6=ff").differing(
        "IBM reference, PEL Mask Register: it can be read and written. QEMU has none.", manual: "memory0=fff"),
    ]
  }

  // MARK: The board

  static func boards() -> [SystemCase] {
    [
      device("nothing in a slot of PCI", "cf8:4=8000f800 cfc:4? cfc:2? cfe:2? cff? cf8:4=8000f808 cfc:4?"),
      device("system control port A", "92=02 92? 92=02"),
      device("page registers", "81=12 82=34 83=56 87=78 81? 82? 83? 87? 81=00 82=00 83=00 87=00"),
      device("delays", "80=ff ed=ff ed?"),
      device("absent serial ports", "3e8? 3ed? 2e8? 2ed?"), device("absent parallel ports", "278? 378? 3bc?"),
      device("wide accesses", initialized() + "21=5a 20:2? 21=ff"),
    ]
  }
}
