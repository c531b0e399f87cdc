/// A sequence of port accesses, written as words, and as the code that makes them in kernel mode.
///
/// - `21=ff` writes a byte, `cf8:4=80000000` four of them; `21?` reads one, `cfc:4?` four, `61?20` the bits of a mask, `60!` one that is no result.
/// - `20~01` reads until a bit of the mask is set, `20^01` until none is.
/// - `pause` waits for more than a pulse of the 8254 (838 ns) in the machine: four microseconds.
/// - `interrupt` waits for an interrupt with `sti; hlt`, which ends the case.
///
/// All numbers are hexadecimal. What is read is stored byte after byte from `answers` on.
struct PortScript {
  static let answers = GuestMap.data + 0x100

  private(set) var code: [UInt8]
  private(set) var answerCount = 0

  init(_ words: String) {
    code = [0xBF] + Self.little(Self.answers, 4)  // mov edi, answers
    for word in words.split(separator: " ") { add(word) }
    code += [0x31, 0xC0, 0x31, 0xD2]  // xor eax, eax; xor edx, edx: what was polled last is no result.
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
  }

  private static func number(_ digits: Substring) -> UInt64 {
    guard let value = UInt64(digits, radix: 16) else { preconditionFailure("\(digits) is no hexadecimal number") }
    return value
  }

  private mutating func add(_ word: Substring) {
    switch word {
    case "pause":
      code += [0xB9] + Self.little(100_000, 4) + [0xE2, 0xFE]
      return  // mov ecx, 100000; loop $
    case "interrupt":
      code += [0xFB, 0xF4]
      return
    default: break
    }
    guard let sign = word.firstIndex(where: { "=?!~^".contains($0) }) else {
      preconditionFailure("\(word) is no access of a port")
    }
    let place = word[..<sign].split(separator: ":")
    let size = place.count > 1 ? Int(Self.number(place[1])) : 1
    let argument = word[word.index(after: sign)...]
    code += [0x66, 0xBA] + Self.little(Self.number(place[0]), 2)  // mov dx, port
    switch word[sign] {
    case "=": addWrite(Self.number(argument), size: size)
    case "?": addRead(size: size, mask: argument.isEmpty ? nil : UInt8(Self.number(argument)))
    case "!": code.append(0xEC)
    // in al, dx; test al, mask; jz or jnz back to the first.
    case "~": code += [0xEC, 0xA8, UInt8(Self.number(argument)), 0x74, 0xFB]
    default: code += [0xEC, 0xA8, UInt8(Self.number(argument)), 0x75, 0xFB]
    }
  }

  private mutating func addWrite(_ value: UInt64, size: Int) {
    switch size {
    case 1: code += [0xB0, UInt8(value), 0xEE]  // mov al, value; out dx, al
    case 2: code += [0x66, 0xB8] + Self.little(value, 2) + [0x66, 0xEF]
    default: code += [0xB8] + Self.little(value, 4) + [0xEF]
    }
  }

  private mutating func addRead(size: Int, mask: UInt8?) {
    switch size {
    case 1: code += [0xEC] + (mask.map { [0x24, $0] } ?? []) + [0xAA]  // in al, dx; and al, mask; stosb
    case 2: code += [0x66, 0xED, 0x66, 0xAB]
    default: code += [0xED, 0xAB]
    }
    answerCount += size
  }
}
