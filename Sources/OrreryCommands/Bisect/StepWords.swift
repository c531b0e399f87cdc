import Orrery
import OrreryBase
import OrreryTrace

/// Steps, registers and inputs as the two searches in time put them into words.
struct StepWords {
  let rendering: EventRendering

  /// One or more lines that say what a step was.
  func lines(_ action: StepAction, secondBytes: [UInt8]? = nil) -> [String] {
    switch action {
    case .none: return []
    case .delivery(let vector, let isException, let address):
      let what = isException ? "exception \(vector) (\(Words.exception(vector)))" : "interrupt \(vector)"
      return ["delivery of \(what) before \(rendering.code(address.rawValue))"]
    case .instruction(let address, let bytes, let bits):
      var lines = ["\(rendering.code(address.rawValue)): \(Self.instruction(bytes, bits))"]
      if let secondBytes { lines.append("in the second run: \(Self.instruction(secondBytes, bits))") }
      return lines
    }
  }

  /// `mov rax, rcx (48 89 c8)`, or the bytes alone.
  static func instruction(_ bytes: [UInt8], _ bits: Int) -> String {
    guard !bytes.isEmpty else { return "an instruction that is not in memory" }
    guard let found = Disassembler.instruction(bytes, bits: bits) else {
      return "bytes \(hexadecimal(bytes)) (no disassembler for them on this host)"
    }
    return "\(found.text)  (\(hexadecimal(Array(bytes.prefix(found.length)))))"
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  /// A register of one or more elements of 64 bits, the lowest first.
  static func value(_ elements: [UInt64]) -> String {
    let digits = elements.reversed().map { String($0, radix: 16) }
    guard digits.count > 1 else { return "0x" + (digits.first ?? "0") }
    return "0x" + digits.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined(separator: "_")
  }

  func input(_ input: InputEvent) -> String {
    "\(input.action.rendered(rendering.keyName)) at clock \(Words.number(input.clock))"
  }

  /// The names of a step and its parts in JSON.
  func json(_ action: StepAction, secondBytes: [UInt8]? = nil) -> JSONObject {
    var object = JSONObject()
    switch action {
    case .none: object.add("kind", "none")
    case .delivery(let vector, let isException, let address):
      object.add("kind", isException ? "exception" : "interrupt")
      object.add("vector", UInt64(vector))
      object.add("rip", Words.address(address.rawValue))
    case .instruction(let address, let bytes, let bits):
      object.add("kind", "instruction")
      object.add("rip", Words.address(address.rawValue))
      object.add("code", rendering.code(address.rawValue))
      object.add("bytes", Self.hexadecimal(bytes))
      if let secondBytes { object.add("secondBytes", Self.hexadecimal(secondBytes)) }
      object.add("bits", UInt64(bits))
      if let found = Disassembler.instruction(bytes, bits: bits) {
        object.add("text", found.text)
        object.add("length", UInt64(found.length))
      }
    }
    return object
  }
}
