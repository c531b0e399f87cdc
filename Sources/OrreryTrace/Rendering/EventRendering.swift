public import OrreryBase

/// Writes events for a person: one line each, in the words of the domain.
///
/// ```swift
/// let rendering = EventRendering(symbolizer: symbols)
/// print(rendering.line(event))
/// //    12  1_234_567  map        map 0x4444_4444_0000 +100 KiB 4K → 0x0020_0000 writable no-execute
/// ```
public struct EventRendering: Sendable {
  public var symbolizer: any Symbolizer
  /// The name of a key; nil for one that has none, which is then written as its scan code.
  public var keyName: @Sendable (Key) -> String?

  public init(
    symbolizer: any Symbolizer = NoSymbols(), keyName: @escaping @Sendable (Key) -> String? = { _ in nil }
  ) {
    self.symbolizer = symbolizer
    self.keyName = keyName
  }

  /// Sequence, clock, lane and what happened.
  public func line(_ event: Event) -> String {
    let lane = event.lane.name
    var line = ""
    func pad(_ text: String, to width: Int) { for _ in text.utf8.count..<max(width, text.utf8.count) { line += " " } }
    for (number, width) in [(Words.number(event.sequence), 9), (Words.number(event.clock), 15)] {
      pad(number, to: width)
      line += number
      line += "  "
    }
    line += lane
    pad(lane, to: 11)
    line += text(event.payload)
    return line
  }

  /// A code address: function and offset, or the number where no function is known, and the source line where that is.
  ///
  /// - Parameter isReturn: it is where a call returns to, and the line wanted is that of the call.
  public func code(_ address: UInt64, isReturn: Bool = false) -> String {
    let line = self.line(of: address, isReturn: isReturn).map { " (\($0))" } ?? ""
    guard let place = symbolizer.function(containing: address) else { return Words.address(address) + line }
    return (place.offset == 0 ? place.name : "\(place.name)+\(hexadecimal(place.offset))") + line
  }

  /// The source line of a code address: `Heap.swift:88`, or `Heap.swift:88, inlined at Shell.swift:20`.
  public func line(of address: UInt64, isReturn: Bool = false) -> String? {
    let lines = symbolizer.sourceLines(of: isReturn ? address &- 1 : address)
    guard let first = lines.first, let last = lines.last else { return nil }
    return first == last ? first : "\(first), inlined at \(last)"
  }

  /// What happened, without clock and lane.
  public func text(_ payload: Payload) -> String {
    switch payload {
    case .input(let action, let point, let cause):
      action.rendered(keyName) + (cause.isEmpty ? "" : " (\(cause))")
        + (point == .instruction ? " before the instruction" : "")
    case .inputLost(let queue, let byte):
      "byte \(hexadecimal(byte, digits: 2)) lost: the \(Words.queue(queue)) queue was full"
    case .interrupt(let vector, let source, let rip):
      "vector \(vector), \(Words.source(source)), at \(code(rip))"
    case .interruptReturn(let vector, let rip, let openAbove):
      "return from vector \(vector) to \(code(rip))" + outOfOrder(openAbove)
    case .exception(let delivery): exception(delivery)
    case .exceptionReturn(let vector, let rip, let openAbove):
      "\(Words.exception(vector)) handled, return to \(code(rip))" + outOfOrder(openAbove)
    case .undelivered(let delivery): "\(exception(delivery)), not delivered"
    case .tripleFault(let delivery): "triple fault, last of it \(exception(delivery))"
    case .addressSpace(let root, let mode):
      mode == .off ? "paging off" : "address space \(Words.address(root.rawValue)), \(Words.paging(mode)) paging"
    case .map(let change): map(change)
    case .recursive(let entry):
      "recursive entry \(entry.isPresent ? "made" : "removed") in a level-\(entry.level) table at "
        + "\(Words.address(entry.start.rawValue)) → table \(Words.address(entry.table.rawValue))"
    case .bulk(let count, let hash): "bulk change of \(Words.number(count)) ranges, hash \(hash)"
    case .invalidatePage(let address): "invlpg \(Words.address(address.rawValue))"
    case .heap(let call): heap(call)
    case .frame(let call): frame(call)
    case .serial(let port, let bytes): "\(Words.port(port)) \(Words.quoted(bytes))"
    case .screen(let row, let column, let cells): screen(row: row, column: column, cells: cells)
    case .debugConsole(let bytes): "debug console \(Words.quoted(bytes))"
    case .exitValue(let value): "exit value \(value)"
    case .mark(let text): Words.quoted(text)
    case .state(let hash, let steps): "\(hash) after \(Words.count(steps, "step"))"
    }
  }

  private func outOfOrder(_ openAbove: UInt32) -> String {
    openAbove == 0 ? "" : ", with \(openAbove) later still open"
  }

  private func exception(_ delivery: ExceptionDelivery) -> String {
    var text = "\(Words.exception(delivery.vector)) at \(code(delivery.rip))"
    if let cr2 = delivery.cr2 { text += ", cr2 \(Words.address(cr2))" }
    if let errorCode = delivery.errorCode {
      text += ", error \(hexadecimal(errorCode))"
      if delivery.vector == 14 { text += " (\(Words.pageFault(errorCode)))" }
    }
    return text + (delivery.isSoftware ? ", by software" : "")
  }

  private func map(_ change: MapChange) -> String {
    let range =
      "\(Words.address(change.start.rawValue)) +\(Words.size(change.length)) \(Words.pageSize(change.pageSize))"
    let frame = Words.address(change.physical.rawValue)
    var text: String
    switch change.kind {
    case .mapped: text = "map \(range) → \(frame) \(Words.flags(change.flags))"
    case .unmapped: text = "unmap \(range) was \(frame) \(Words.flags(change.flags))"
    case .remapped:
      text =
        "remap \(range) → \(frame) \(Words.flags(change.flags))"
        + " was \(Words.address(change.previousPhysical.rawValue)) \(Words.flags(change.previousFlags))"
    case .permission:
      text = "permission \(range) \(Words.flags(change.flags)) was \(Words.flags(change.previousFlags))"
    }
    if !change.aliases.isEmpty {
      text += ", also at " + change.aliases.map { Words.address($0.rawValue) }.joined(separator: " ")
    }
    return text
  }

  private func heap(_ call: HeapCall) -> String {
    let alignment = call.alignment > 1 ? " aligned to \(call.alignment)" : ""
    let result = call.pointer == 0 ? "failed" : "→ \(Words.address(call.pointer))"
    let text: String
    switch call.operation {
    case .allocate: text = "allocate \(call.size) bytes\(alignment) \(result)"
    case .allocateZeroed: text = "allocate \(call.size) zeroed bytes\(alignment) \(result)"
    case .reallocate:
      text = "reallocate \(Words.address(call.previousPointer)) to \(call.size) bytes\(alignment) \(result)"
    case .free: text = "free \(Words.address(call.pointer))" + (call.size > 0 ? " of \(call.size) bytes" : "")
    }
    return "\(text), \(call.allocator) from \(code(call.caller, isReturn: true))"
  }

  private func frame(_ call: FrameCall) -> String {
    let name = call.frame.map { Words.address($0.rawValue) } ?? "failed"
    let size = call.size > 0 ? " of \(Words.size(call.size))" : ""
    let text: String
    switch call.operation {
    case .allocate: text = "allocate frame\(size) \(call.frame == nil ? "" : "→ ")\(name)"
    case .allocateZeroed: text = "allocate zeroed frame\(size) \(call.frame == nil ? "" : "→ ")\(name)"
    case .free: text = "free frame \(name)\(size)"
    }
    return "\(text), \(call.allocator) from \(code(call.caller, isReturn: true))"
  }

  private func screen(row: UInt8, column: UInt8, cells: [UInt8]) -> String {
    let characters = stride(from: 0, to: cells.count - 1, by: 2).map { cells[$0] }
    var attributes: [UInt8] = []
    for index in stride(from: 1, to: cells.count, by: 2) where !attributes.contains(cells[index]) {
      attributes.append(cells[index])
    }
    let colours = attributes.map { hexadecimal($0, digits: 2) }.joined(separator: " ")
    return "row \(row) column \(column) \(Words.quoted(characters)) attribute \(colours)"
  }
}

extension InputAction {
  /// The action in words, keys by the names that `keyName` gives.
  public func rendered(_ keyName: (Key) -> String?) -> String {
    switch self {
    case .key(let key, let isPressed):
      "key \(keyName(key) ?? hexadecimal(key.rawValue, digits: 2)) \(isPressed ? "pressed" : "released")"
    case .serial(let port, let byte): "\(Words.port(port)) receives \(Words.quoted([byte]))"
    case .interruptLine(let line): "edge on irq \(line)"
    case .vector(let vector): "vector \(vector) presented"
    case .nonMaskableInterrupt: "NMI"
    case .flip(let bit): "fault: \(bit) turned over"
    }
  }
}
