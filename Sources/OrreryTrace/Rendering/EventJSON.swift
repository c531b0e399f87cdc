import OrreryBase

extension EventRendering {
  /// The event as one JSON object. Addresses and hashes are strings in hexadecimal, because a JSON reader may not keep 64 bits of a number;
  /// bytes are strings of the characters U+0000…U+00FF.
  public func json(_ event: Event) -> JSONObject {
    var object = JSONObject()
    object.add("sequence", event.sequence)
    object.add("clock", event.clock)
    object.add("lane", event.lane.name)
    add(event.payload, to: &object)
    return object
  }

  private func add(_ payload: Payload, to object: inout JSONObject) {
    switch payload {
    case .input(let action, let point, let cause):
      add(action, to: &object)
      object.add("point", point == .boundary ? "boundary" : "instruction")
      object.add("cause", cause)
    case .inputLost(let queue, let byte):
      object.add("kind", "lost")
      object.add("queue", Words.queue(queue))
      object.add("byte", UInt64(byte))
    case .interrupt(let vector, let source, let rip):
      object.add("kind", "delivery")
      object.add("vector", UInt64(vector))
      object.add("source", Words.source(source))
      addCode(rip, "rip", to: &object)
    case .interruptReturn(let vector, let rip, let openAbove), .exceptionReturn(let vector, let rip, let openAbove):
      object.add("kind", "return")
      object.add("vector", UInt64(vector))
      addCode(rip, "rip", to: &object)
      object.add("openAbove", UInt64(openAbove))
    case .exception(let delivery): add(delivery, "delivery", to: &object)
    case .undelivered(let delivery): add(delivery, "undelivered", to: &object)
    case .tripleFault(let delivery): add(delivery, "tripleFault", to: &object)
    case .addressSpace(let root, let mode):
      object.add("kind", "addressSpace")
      object.add("root", hexadecimal(root.rawValue))
      object.add("paging", Words.paging(mode))
    case .map(let change): add(change, to: &object)
    case .recursive(let entry):
      object.add("kind", "recursive")
      object.add("start", hexadecimal(entry.start.rawValue))
      object.add("level", UInt64(entry.level))
      object.add("table", hexadecimal(entry.table.rawValue))
      object.add("present", entry.isPresent)
    case .bulk(let count, let hash):
      object.add("kind", "bulk")
      object.add("count", count)
      object.add("hash", hash.description)
    case .invalidatePage(let address):
      object.add("kind", "invlpg")
      object.add("address", hexadecimal(address.rawValue))
    case .heap(let call): add(call, to: &object)
    case .frame(let call): add(call, to: &object)
    case .serial(let port, let bytes):
      object.add("kind", "serial")
      object.add("port", UInt64(port))
      object.add("bytes", EventRendering.characters(bytes))
    case .debugConsole(let bytes):
      object.add("kind", "debugConsole")
      object.add("bytes", EventRendering.characters(bytes))
    case .screen(let row, let column, let cells):
      object.add("kind", "screen")
      object.add("row", UInt64(row))
      object.add("column", UInt64(column))
      let even = stride(from: 0, to: cells.count, by: 2).map { cells[$0] }
      let odd = stride(from: 1, to: cells.count, by: 2).map { cells[$0] }
      object.add("characters", EventRendering.characters(even))
      object.add("attributes", EventRendering.characters(odd))
    case .exitValue(let value):
      object.add("kind", "exitValue")
      object.add("value", UInt64(value))
    case .mark(let text):
      object.add("kind", "mark")
      object.add("text", EventRendering.characters(text))
    case .state(let hash, let steps):
      object.add("kind", "state")
      object.add("hash", hash.description)
      object.add("steps", steps)
    }
  }

  private func add(_ action: InputAction, to object: inout JSONObject) {
    switch action {
    case .key(let key, let isPressed):
      object.add("kind", "key")
      object.add("key", keyName(key) ?? hexadecimal(key.rawValue, digits: 2))
      object.add("pressed", isPressed)
    case .serial(let port, let byte):
      object.add("kind", "serial")
      object.add("port", UInt64(port))
      object.add("byte", UInt64(byte))
    case .interruptLine(let line):
      object.add("kind", "interruptLine")
      object.add("line", UInt64(line))
    case .vector(let vector):
      object.add("kind", "vector")
      object.add("vector", UInt64(vector))
    case .nonMaskableInterrupt: object.add("kind", "nmi")
    case .flip(.register(let register, let bit)):
      object.add("kind", "fault")
      object.add("register", register.name)
      object.add("bit", UInt64(bit))
    case .flip(.memory(let address, let bit)):
      object.add("kind", "fault")
      object.add("physical", hexadecimal(address.rawValue))
      object.add("bit", UInt64(bit))
    }
  }

  private func add(_ delivery: ExceptionDelivery, _ kind: String, to object: inout JSONObject) {
    object.add("kind", kind)
    object.add("vector", UInt64(delivery.vector))
    object.add("name", Words.exception(delivery.vector))
    if let errorCode = delivery.errorCode { object.add("errorCode", UInt64(errorCode)) }
    if let cr2 = delivery.cr2 { object.add("cr2", hexadecimal(cr2)) }
    object.add("software", delivery.isSoftware)
    addCode(delivery.rip, "rip", to: &object)
  }

  private func add(_ change: MapChange, to object: inout JSONObject) {
    let kinds: [String] = ["map", "unmap", "remap", "permission"]
    object.add("kind", kinds[Int(change.kind.rawValue)])
    object.add("start", hexadecimal(change.start.rawValue))
    object.add("length", change.length)
    object.add("pageSize", change.pageSize.bytes)
    object.add("physical", hexadecimal(change.physical.rawValue))
    object.add("flags", Words.flags(change.flags))
    if change.kind == .remapped { object.add("previousPhysical", hexadecimal(change.previousPhysical.rawValue)) }
    if change.kind == .remapped || change.kind == .permission {
      object.add("previousFlags", Words.flags(change.previousFlags))
    }
    if !change.aliases.isEmpty { object.add("aliases", change.aliases.map { hexadecimal($0.rawValue) }) }
  }

  private func add(_ call: HeapCall, to object: inout JSONObject) {
    object.add("kind", call.operation.word)
    object.add("pointer", hexadecimal(call.pointer))
    if call.operation == .reallocate { object.add("previousPointer", hexadecimal(call.previousPointer)) }
    object.add("size", call.size)
    object.add("alignment", call.alignment)
    object.add("failed", call.isFailure)
    object.add("allocator", call.allocator)
    addCode(call.caller, "caller", isReturn: true, to: &object)
  }

  private func add(_ call: FrameCall, to object: inout JSONObject) {
    object.add("kind", call.operation.word)
    if let frame = call.frame { object.add("frame", hexadecimal(frame.rawValue)) }
    object.add("size", call.size)
    object.add("failed", call.frame == nil)
    object.add("allocator", call.allocator)
    addCode(call.caller, "caller", isReturn: true, to: &object)
  }

  private func addCode(_ address: UInt64, _ key: String, isReturn: Bool = false, to object: inout JSONObject) {
    object.add(key, hexadecimal(address))
    let lines = symbolizer.sourceLines(of: isReturn ? address &- 1 : address)
    if let line = lines.first { object.add("line", line) }
    if lines.count > 1 { object.add("inlinedAt", Array(lines.dropFirst())) }
    guard let place = symbolizer.function(containing: address) else { return }
    object.add("function", place.name)
    object.add("offset", place.offset)
  }

  private static func characters(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }
}

extension HeapCall.Operation {
  /// The operation's name in JSON and in goldens.
  public var word: String {
    switch self {
    case .allocate: "allocate"
    case .allocateZeroed: "allocateZeroed"
    case .reallocate: "reallocate"
    case .free: "free"
    }
  }
}

extension FrameCall.Operation {
  /// The operation's name in JSON.
  public var word: String {
    switch self {
    case .allocate: "allocate"
    case .allocateZeroed: "allocateZeroed"
    case .free: "free"
    }
  }
}
