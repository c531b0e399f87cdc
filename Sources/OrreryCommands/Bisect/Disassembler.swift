import OrreryBase
import OrreryHost
import OrreryTrace

/// Puts single instructions into words through a disassembler of the host, where there is one; nothing else depends on it.
enum Disassembler {
  struct Instruction: Hashable {
    /// In the manual's order of operands.
    var text: String
    /// How many bytes it has.
    var length: Int
  }

  /// The instruction that `bytes` begin with, as code of 16, 32 or 64 bits; nil where no disassembler is installed, or it does not know the instruction.
  static func instruction(_ bytes: [UInt8], bits: Int) -> Instruction? {
    guard !bytes.isEmpty else { return nil }
    let triple = [16: "i386-unknown-unknown-code16", 32: "i386", 64: "x86_64"][bits] ?? "x86_64"
    let words = bytes.map { hexadecimal($0) }.joined(separator: " ")
    let command =
      "printf '%s\\n' '\(words)' | llvm-mc --disassemble --triple=\(triple) --output-asm-variant=1 --show-encoding 2>&1"
    if let result = try? ShellCommand(command, in: "/").run() {
      for line in lines(result.output) {
        // `mov eax, ecx  # encoding: [0x89,0xc8]`; the bytes that a linker would fill in are letters.
        guard let mark = line.firstRange(of: "# encoding: ["), let end = line[mark.upperBound...].firstIndex(of: "]")
        else { continue }
        let length = line[mark.upperBound..<end].split(separator: ",").count
        return Instruction(text: tidy(line[..<mark.lowerBound]), length: min(length, bytes.count))
      }
    }
    return instructionOfBinary(bytes, bits: bits)
  }

  /// The same through a tool that wants the bytes in a file.
  private static func instructionOfBinary(_ bytes: [UInt8], bits: Int) -> Instruction? {
    let machine = [16: "i8086", 32: "i386", 64: "i386:x86-64"][bits] ?? "i386:x86-64"
    let octal = bytes.map { byte in "\\" + String(512 + Int(byte), radix: 8).suffix(3) }.joined()
    let command =
      "f=$(mktemp) && printf '\(octal)' >\"$f\"; objdump -D -b binary -m \(machine) -M intel --insn-width=15 \"$f\" 2>&1; rm -f \"$f\""
    guard let result = try? ShellCommand(command, in: "/").run() else { return nil }
    // `   0:	48 89 c8             	mov    rax,rcx`
    for line in lines(result.output) {
      let parts = line.split(separator: "\t")
      guard parts.count >= 3, parts[0].hasSuffix("0:") else { continue }
      let text = tidy(parts[2])
      return text.contains("(bad)") ? nil : Instruction(text: text, length: parts[1].split(separator: " ").count)
    }
    return nil
  }

  private static func lines(_ output: [UInt8]) -> [Substring] {
    String(decoding: output, as: UTF8.self).split(separator: "\n")
  }

  /// With one space where there were tabs or more of them.
  private static func tidy(_ text: Substring) -> String {
    text.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
  }
}
