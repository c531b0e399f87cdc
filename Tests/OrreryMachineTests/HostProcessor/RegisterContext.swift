import OrreryBase

/// The registers of a case, in the layout the generated code uses.
struct RegisterContext {
  var registers: InlineArray<16, UInt64> = .init(repeating: 0)
  // From here on 512 bytes as FXSAVE stores them (Intel SDM volume 1, 10.5.1).
  var x87 = X87Context()
  var vectors: InlineArray<32, UInt64> = .init(repeating: 0)
  private var reserved: InlineArray<12, UInt64> = .init(repeating: 0)
  var flags: UInt64 = 2
  var hostStack: UInt64 = 0
  private var hostMXCSR: UInt64 = 0x1F80
  /// Where the code of the case begins.
  var start: UInt64 = 0

  static let stateOffset: UInt64 = 128
  static let flagsOffset: UInt64 = stateOffset + 512
  static let hostStackOffset: UInt64 = flagsOffset + 8
  static let hostMXCSROffset: UInt64 = hostStackOffset + 8
  static let startOffset: UInt64 = hostMXCSROffset + 8
}

/// The x87 unit and MXCSR, as the first 160 bytes of what FXSAVE stores.
struct X87Context {
  var control: UInt16 = 0x37F
  var status: UInt16 = 0
  /// One bit for each of R0…R7, set when it is not empty.
  var tags: UInt8 = 0
  private var reserved: UInt8 = 0
  var opcode: UInt16 = 0
  var instruction: UInt64 = 0
  var data: UInt64 = 0
  var mxcsr: UInt32 = 0x1F80
  private var mxcsrMask: UInt32 = 0
  /// ST(0)…ST(7), each as its significand and a word with sign and exponent.
  var registers: InlineArray<16, UInt64> = .init(repeating: 0)

  /// The pointers to the last instruction are left out: processors differ in when they keep them.
  func agrees(with guest: X87Context, ulps: UInt64) -> Bool {
    guard mxcsr == guest.mxcsr, control == guest.control, tags == guest.tags else { return false }
    guard ulps == 0 else { return isNear(guest, ulps: ulps) }
    guard status == guest.status else { return false }
    var different: UInt64 = 0
    for index in 0..<8 {
      different |= registers[2 * index] ^ guest.registers[2 * index]
      different |= (registers[2 * index + 1] ^ guest.registers[2 * index + 1]) & 0xFFFF
    }
    return different == 0
  }

  /// What differs from `guest`, in words.
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
      compare("st\(index) exponent", registers[2 * index + 1] & 0xFFFF, guest.registers[2 * index + 1] & 0xFFFF)
    }
    return found
  }
}
