import OrreryBase

/// A random piece of code with the registers and memory it starts from; everything follows from its seed.
struct InstructionCase {
  var seed: UInt64
  var code: CodeBytes
  var context: RegisterContext
  var data: CaseData
  /// The names of the forms in it, in order.
  var names: [String]
  /// Flags whose value the manual leaves undefined: after the code.
  var undefined: ArithmeticFlags = []
  /// Where each of its instructions begins in the code, with what is undefined before it. Empty when that is nothing anywhere.
  var instructions: [(start: Int, undefined: ArithmeticFlags)] = []
  /// Bytes of the data that the manual leaves open after the code.
  var ignored: [Range<Int>] = []
  /// How many units of the last place the x87 registers may differ.
  var ulps: UInt64 = 0
  /// It stores or loads in several pieces, and the manual does not say which of them a page fault names.
  var hasManyPieces = false

  var listing: String {
    names.joined(separator: ", ") + ": "
      + code.array.map { String(hexadecimal($0, digits: 2).dropFirst(2)) }.joined(separator: " ")
  }

  /// What is undefined when execution ended at `rip` with an exception: as before the instruction there, or after all that precedes it.
  func undefined(at rip: UInt64) -> ArithmeticFlags {
    let start = HostProcessor.endAddress - UInt64(code.count)
    let before = instructions.last { start + UInt64($0.start) <= rip }
    return rip < HostProcessor.endAddress ? before?.undefined ?? [] : undefined
  }

  // MARK: Comparing

  /// What differs between the host's outcome and the guest's, apart from undefined flags; nil when nothing does.
  func difference(host: ProcessorOutcome, guest: ProcessorOutcome) -> String? {
    var guest = guest
    if hasManyPieces, let address = host.fault?.address { guest.fault?.address = address }
    let mask = flagMask(host.fault)
    if host.agrees(with: guest, flags: mask, ulps: ulps) && dataAgrees(host, guest) { return nil }
    var found = differences(host.context, guest.context, mask)
    if host.fault != guest.fault { found.append("\(text(guest.fault)), host \(text(host.fault))") }
    if let place = firstDifference(host, guest) {
      let (hosts, guests) = (host.data[place], guest.data[place])
      found.append("data[\(place)] \(hexadecimal(guests)), host \(hexadecimal(hosts))")
    }
    return listing + ": " + found.joined(separator: "; ")
  }

  private func text(_ fault: CaughtFault?) -> String { fault.map { "\($0)" } ?? "no exception" }

  /// DF is always defined; the flags that an exception saved have TF, RF and AC, too.
  private func flagMask(_ fault: CaughtFault?) -> UInt64 {
    guard let fault else { return ArithmeticFlags.all.subtracting(undefined).rawValue | 1 << 10 }
    let open = undefined(at: fault.rip)
    return ArithmeticFlags.all.subtracting(open).rawValue | 1 << 8 | 1 << 10 | 1 << 16 | 1 << 18
  }

  private func dataAgrees(_ host: ProcessorOutcome, _ guest: ProcessorOutcome) -> Bool {
    host.data.isEqual(to: guest.data, count: data.count) || firstDifference(host, guest) == nil
  }

  private func firstDifference(_ host: ProcessorOutcome, _ guest: ProcessorOutcome) -> Int? {
    (0..<data.count).first { place in
      host.data[place] != guest.data[place] && !ignored.contains { $0.contains(place) }
    }
  }

  private func differences(_ host: RegisterContext, _ guest: RegisterContext, _ mask: UInt64) -> [String] {
    var found: [String] = []
    let names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
    for index in 0..<16 where host.registers[index] != guest.registers[index] {
      let name = index < 8 ? names[index] : "r\(index)"
      found.append(
        "\(name) \(hexadecimal(guest.registers[index])), host \(hexadecimal(host.registers[index])), before \(hexadecimal(context.registers[index]))"
      )
    }
    for index in 0..<32 where host.vectors[index] != guest.vectors[index] {
      found.append(
        "xmm\(index / 2)[\(index % 2)] \(hexadecimal(guest.vectors[index])), host \(hexadecimal(host.vectors[index]))")
    }
    if host.flags & mask != guest.flags & mask {
      found.append("flags \(hexadecimal(guest.flags & mask)), host \(hexadecimal(host.flags & mask))")
    }
    return found + host.x87.differences(guest.x87)
  }
}

/// The exception that ended a case before its end.
struct CaughtFault: Equatable, CustomStringConvertible {
  var vector: UInt64
  var errorCode: UInt64
  var rip: UInt64
  /// CR2 of a page fault, otherwise zero.
  var address: UInt64

  var description: String {
    "exception \(vector) (error code \(hexadecimal(errorCode)), address \(hexadecimal(address))) at \(hexadecimal(rip))"
  }
}

/// What a processor made of a case. The memory is the processor's own, and holds until its next case.
struct ProcessorOutcome {
  var context: RegisterContext
  var fault: CaughtFault?
  var data: UnsafeRawPointer

  /// Whether all but memory is the same.
  func agrees(with guest: ProcessorOutcome, flags mask: UInt64, ulps: UInt64) -> Bool {
    guard fault == guest.fault, (context.flags ^ guest.context.flags) & mask == 0 else { return false }
    var different: UInt64 = 0
    for index in 0..<16 { different |= context.registers[index] ^ guest.context.registers[index] }
    for index in 0..<32 { different |= context.vectors[index] ^ guest.context.vectors[index] }
    return different == 0 && context.x87.agrees(with: guest.context.x87, ulps: ulps)
  }
}

extension UnsafeRawPointer {
  fileprivate subscript(place: Int) -> UInt8 { load(fromByteOffset: place, as: UInt8.self) }
}
