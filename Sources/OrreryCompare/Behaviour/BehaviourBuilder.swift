import OrreryBase
import OrreryTrace

/// Turns events into the lines of a behaviour, section by section.
struct BehaviourBuilder {
  /// Where a line belongs. The order of sections is the order of a behaviour's text.
  struct SectionKey: Hashable, Comparable {
    var lane: Lane
    /// For output, the port or screen, in order; for the heap 1 for what is left of it; 0 otherwise.
    var stream = 0
    var context: BehaviourContext

    static func < (left: SectionKey, right: SectionKey) -> Bool {
      (left.lane, left.stream, left.context) < (right.lane, right.stream, right.context)
    }
  }

  private let rendering: EventRendering
  private let lineLimit: Int
  private var sections: [(key: SectionKey, folder: LineFolder)] = []
  /// The index of a section by its key. It is only looked up, never gone through.
  private var indices: [SectionKey: Int] = [:]
  private var contexts = ContextStack()
  private var blocks = BlockIdentities()
  private var map: MapBehaviour
  private var screen = ScreenContents()
  private var inputs = InputBehaviour()
  /// Bytes of unfinished lines, at most one for each section.
  private var unfinished: [(key: SectionKey, bytes: [UInt8])] = []
  /// Vectors that devices delivered, with their sources.
  private var presence: [(vector: UInt8, source: InterruptSource, origin: BehaviourOrigin)] = []
  /// What is being told.
  private var present = BehaviourOrigin(sequence: 0, clock: 0)
  /// The last line that was finished on a serial port and is not blank.
  private var latestLine: [UInt8] = []
  /// Causes of scripted interrupts that are not delivered yet, in order: vector (nil for an NMI) and cause.
  private var scripted: [(vector: UInt8?, cause: String)] = []

  private static let scriptedStream = 1
  private static let leftStream = 1
  private static let screenStream = 1_000
  private static let debugConsoleStream = 999
  private static let exitStream = 1_001
  /// A line of output that is longer is told in pieces.
  private static let textLimit = 1_024
  /// Scripted interrupts that wait for their delivery; a machine that never delivers them must not gather them for ever.
  private static let scriptedLimit = 4_096

  init(rendering: EventRendering, lineLimit: Int = Behaviour.goldenLineLimit) {
    self.rendering = rendering
    self.lineLimit = lineLimit
    let symbolizer = rendering.symbolizer
    map = MapBehaviour { symbolizer.isImage($0) }
  }

  mutating func append(_ event: Event) {
    let context = contexts.present
    present = BehaviourOrigin(
      sequence: event.sequence, clock: event.clock, address: event.payload.codeAddress,
      isReturn: event.payload.isCodeAddressReturn)
    switch event.payload {
    case .input(let action, _, let cause):
      let lines = inputs.append(action, cause.isEmpty ? "live" : cause, keyName: rendering.keyName)
      for line in lines { add(.input, .main, BehaviourLine(line)) }
      note(action, cause)
    case .inputLost(let queue, _):
      for line in inputs.flush() { add(.input, .main, BehaviourLine(line)) }
      add(.input, .main, BehaviourLine("byte lost: the \(Words.queue(queue)) queue was full"))
    case .interrupt(let vector, let source, let rip):
      deliver(vector, source)
      contexts.deliver(ContextStack.Delivery(vector: vector, rip: rip, isException: false))
    case .interruptReturn(let vector, _, let openAbove): _ = contexts.end(vector: vector, openAbove: openAbove)
    case .exception(let delivery):
      add(.exception, context, BehaviourLine(exception(delivery)))
      contexts.deliver(ContextStack.Delivery(vector: delivery.vector, rip: delivery.rip, isException: true))
    case .exceptionReturn(let vector, let rip, let openAbove):
      guard let (delivery, interrupted) = contexts.end(vector: vector, openAbove: openAbove) else { break }
      let place = code(rip)
      let target = place == code(delivery.rip) ? "" : ", returns to \(place)"
      add(.exception, interrupted, BehaviourLine("\(Words.exception(vector)) handled\(target)"))
    case .undelivered(let delivery):
      add(.exception, context, BehaviourLine("\(exception(delivery)), not delivered"))
    case .tripleFault(let delivery):
      add(.exception, context, BehaviourLine("triple fault, last of it \(exception(delivery))"))
    case .addressSpace, .map, .recursive, .bulk, .invalidatePage:
      for line in map.append(event.payload, origin: present, in: context) { add(.map, context, line) }
    case .heap(let call): add(.heap, context, heap(call, context))
    case .frame(let call): add(.frame, context, frame(call))
    case .serial(let port, let bytes): append(bytes, to: SectionKey(lane: .output, stream: Int(port), context: context))
    case .debugConsole(let bytes):
      append(bytes, to: SectionKey(lane: .output, stream: BehaviourBuilder.debugConsoleStream, context: context))
    case .screen(let row, let column, let cells): screen.apply(row: row, column: column, cells: cells)
    case .exitValue(let value):
      let key = SectionKey(lane: .output, stream: BehaviourBuilder.exitStream, context: .main)
      add(key, BehaviourLine("exit value \(value)"))
    case .mark(let text): add(.mark, context, BehaviourLine(Words.quoted(text)))
    case .state: break
    }
  }

  /// All sections in order, with their lanes, titles and lines.
  mutating func finish() -> [(lane: Lane, title: String, lines: [BehaviourTextLine])] {
    // What is told of the end is no doing of the last event's function.
    present = BehaviourOrigin(sequence: present.sequence, clock: present.clock)
    for line in inputs.flush() { add(.input, .main, BehaviourLine(line)) }
    for (context, line) in map.flushAll() { add(.map, context, line) }
    for entry in unfinished where !entry.bytes.isEmpty { add(entry.key, BehaviourLine(Words.quoted(entry.bytes))) }
    if let left = blocks.left {
      add(SectionKey(lane: .heap, stream: BehaviourBuilder.leftStream, context: .main), BehaviourLine(left))
    }
    for line in screen.behaviourLines() {
      add(SectionKey(lane: .output, stream: BehaviourBuilder.screenStream, context: .main), BehaviourLine(line))
    }
    presence.sort { ($0.vector, $0.source.rawValue) < ($1.vector, $1.source.rawValue) }
    for entry in presence {
      var line = BehaviourLine("vector \(entry.vector), \(Words.source(entry.source))")
      line.origin = entry.origin
      add(.interrupt, .main, line)
    }
    let order = sections.indices.sorted { sections[$0].key < sections[$1].key }
    var result: [(lane: Lane, title: String, lines: [BehaviourTextLine])] = []
    for index in order {
      let key = sections[index].key
      var lines = sections[index].folder.finish()
      for line in lines.indices {
        guard let address = lines[line].origin?.address else { continue }
        lines[line].origin?.function = rendering.symbolizer.function(containing: address).map { functionName($0.name) }
      }
      result.append((key.lane, title(key), lines))
    }
    return result
  }

  /// The exceptions whose handlers never returned, outermost first.
  func openExceptions() -> [UInt8] { contexts.open.filter(\.isException).map(\.vector) }

  // MARK: Lines

  private mutating func add(_ lane: Lane, _ context: BehaviourContext, _ line: BehaviourLine) {
    add(SectionKey(lane: lane, context: context), line)
  }

  private mutating func add(_ key: SectionKey, _ line: BehaviourLine) {
    let index: Int
    if let known = indices[key] {
      index = known
    } else {
      index = sections.count
      sections.append((key, LineFolder(lineLimit: lineLimit)))
      indices[key] = index
    }
    var line = line
    // What only ends now has its own.
    if line.origin == nil, key.stream != BehaviourBuilder.screenStream { line.origin = present }
    sections[index].folder.append(line)
  }

  private func title(_ key: SectionKey) -> String {
    switch (key.lane, key.stream) {
    case (.input, _): "input"
    case (.output, BehaviourBuilder.debugConsoleStream): "output, debug console, \(key.context.name)"
    case (.output, BehaviourBuilder.screenStream): "output, screen in the end"
    case (.output, BehaviourBuilder.exitStream): "output, exit"
    case (.output, let port): "output, \(Words.port(UInt8(truncatingIfNeeded: port))), \(key.context.name)"
    case (.interrupt, BehaviourBuilder.scriptedStream): "interrupt, scripted"
    case (.interrupt, _): "interrupt, from devices"
    case (.heap, BehaviourBuilder.leftStream): "heap, in the end"
    default: "\(key.lane.name), \(key.context.name)"
    }
  }

  private mutating func append(_ bytes: [UInt8], to key: SectionKey) {
    let index: Int
    if let known = unfinished.firstIndex(where: { $0.key == key }) {
      index = known
    } else {
      index = unfinished.count
      unfinished.append((key, []))
    }
    for byte in bytes {
      unfinished[index].bytes.append(byte)
      if byte == UInt8(ascii: "\n") || unfinished[index].bytes.count == BehaviourBuilder.textLimit {
        add(key, BehaviourLine(Words.quoted(unfinished[index].bytes)))
        if Self.isSerial(key), Self.isVisible(unfinished[index].bytes) { latestLine = unfinished[index].bytes }
        unfinished[index].bytes = []
      }
    }
  }

  private static func isSerial(_ key: SectionKey) -> Bool { key.lane == .output && key.stream < debugConsoleStream }

  private static func isVisible(_ bytes: [UInt8]) -> Bool { bytes.contains { $0 > 0x20 } }

  /// The last text on a serial port, without the end of its line; nil when there was none yet.
  private func outputBefore() -> String? {
    let begun = unfinished.last { Self.isSerial($0.key) && Self.isVisible($0.bytes) }
    let bytes = begun?.bytes ?? latestLine
    guard let end = bytes.lastIndex(where: { $0 > 0x20 }) else { return nil }
    return Words.quoted(bytes[...end])
  }

  // MARK: Lanes

  private mutating func note(_ action: InputAction, _ cause: String) {
    guard scripted.count < BehaviourBuilder.scriptedLimit else { return }
    switch action {
    case .vector(let vector): scripted.append((vector, cause))
    case .nonMaskableInterrupt: scripted.append((nil, cause))
    default: break
    }
  }

  /// Interrupts of devices are told by their presence; what the scenario put in, by its anchor.
  private mutating func deliver(_ vector: UInt8, _ source: InterruptSource) {
    guard source == .scripted || source == .nonMaskable else {
      if !presence.contains(where: { $0.vector == vector && $0.source == source }) {
        present.outputBefore = outputBefore()
        presence.append((vector, source, present))
      }
      return
    }
    let wanted = source == .scripted ? vector : nil
    var origin = ""
    if let index = scripted.firstIndex(where: { $0.vector == wanted }) {
      let cause = scripted.remove(at: index).cause
      origin = ", " + (cause.isEmpty ? "live" : cause)
    }
    let key = SectionKey(lane: .interrupt, stream: BehaviourBuilder.scriptedStream, context: .main)
    add(key, BehaviourLine("vector \(vector), \(Words.source(source))\(origin)"))
  }

  private func exception(_ delivery: ExceptionDelivery) -> String {
    var line = "\(Words.exception(delivery.vector)) in \(code(delivery.rip))"
    if let errorCode = delivery.errorCode {
      line += delivery.vector == 14 ? ", \(Words.pageFault(errorCode))" : ", error \(hexadecimal(errorCode))"
    }
    if let cr2 = delivery.cr2 { line += ", cr2 \(code(cr2))" }
    return line + (delivery.isSoftware ? ", by software" : "")
  }

  /// The function, or that it is in the image, or the address that no rebuild moves.
  private func code(_ address: UInt64) -> String {
    if let place = rendering.symbolizer.function(containing: address) { return functionName(place.name) }
    return rendering.symbolizer.isImage(address) ? "the image" : Words.address(address)
  }

  private mutating func heap(_ call: HeapCall, _ context: BehaviourContext) -> BehaviourLine {
    let alignment = call.alignment > 1 ? " aligned to \(call.alignment)" : ""
    switch call.operation {
    case .free:
      let (name, size) = blocks.free(call.pointer)
      let line = "free " + name + (size.map { " of \($0) bytes" } ?? "")
      return call.size == 0 || call.size == size ? line : line + ", told \(call.size)"
    case .allocate, .allocateZeroed:
      let zeroed = call.operation == .allocateZeroed ? " zeroed" : ""
      return "allocate \(call.size)\(zeroed) bytes\(alignment) " + result(call, context)
    case .reallocate:
      // A failed reallocation leaves its block where it is.
      let old =
        call.previousPointer == 0
        ? BehaviourLine("nothing")
        : call.isFailure ? blocks.name(call.previousPointer) : blocks.free(call.previousPointer).name
      return "reallocate " + old + " to \(call.size) bytes\(alignment) " + result(call, context)
    }
  }

  private mutating func frame(_ call: FrameCall) -> BehaviourLine {
    let size = call.size > 0 ? " of \(Words.size(call.size))" : ""
    let verb =
      switch call.operation {
      case .allocate: "allocate"
      case .allocateZeroed: "allocate zeroed"
      case .free: "free"
      }
    guard let frame = call.frame else { return BehaviourLine("\(verb) frame failed\(size)") }
    return "\(verb) frame " + map.frame(frame.rawValue) + size
  }

  private mutating func result(_ call: HeapCall, _ context: BehaviourContext) -> BehaviourLine {
    call.isFailure ? BehaviourLine("failed") : "→ " + blocks.allocate(call.pointer, size: call.size, in: context)
  }
}
