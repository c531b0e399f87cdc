internal import OrreryBase

/// One counter of an 8254 (Intel 8254 data sheet, 231164): its count and output as functions of the count of CLK pulses, `tick`.
///
/// A count written at tick *t* is loaded by pulse *t* + 1. Between loads the counting element is an exact function of the distance from
/// `startTick`. `settle` moves that point to the present; it must precede every other call at the same tick.
struct I8254Counter {
  private enum Stage: UInt8 {
    /// A control word came, and no count since.
    case awaitingCount
    /// Modes 1 and 5: a count came, and no rise of the gate since.
    case awaitingTrigger
    case counting
  }

  /// RW bits of the control word.
  enum Access: UInt8 {
    case lowByte = 1
    case highByte = 2
    case lowThenHigh = 3
  }

  private(set) var mode: UInt8
  /// Modes 2 and 3 were selected as 6 and 7: M2 means nothing then, but the status tells it as it was written.
  private var isModeBit2Set = false
  private var access: Access
  private var isBCD = false
  private(set) var gate: Bool

  private var stage = Stage.awaitingCount
  /// The count register, 1…65,536: what the next load takes.
  private var reload: UInt32 = 65536
  /// Modes 2 and 3: the count that takes over at `nextTick`; 0 for none.
  private var next: UInt32 = 0
  private var nextTick: UInt64 = 0
  /// Where in its cycle the counter is at `nextTick`, once `next` has taken over.
  private var nextPhase: UInt32 = 0
  /// The pulse from which the functions below hold.
  private var startTick: UInt64 = 0
  /// Modes 0, 1, 4, 5, or while frozen: the counting element at `startTick`.
  private var start: UInt32 = 0
  /// Modes 2 and 3: pulses since the last reload, at `startTick`.
  private var phase: UInt32 = 0
  /// The counting element and the output before `startTick`.
  private var held: UInt32 = 0
  private var heldOutput = true
  /// The gate is low in a mode in which that stops counting.
  private var isFrozen = false
  /// Modes 0, 1, 4, 5: terminal count has been reached since the last load.
  private var hasExpired = false
  /// A count was written that waits for a rise of the gate.
  private var hasUnloadedCount = false

  private var lowByte: UInt8 = 0
  private var expectsHighWrite = false
  private var expectsHighRead = false
  private var latchedCount: UInt16 = 0
  private var hasLatchedCount = false
  private var latchedStatus: UInt8 = 0
  private var hasLatchedStatus = false

  init(mode: UInt8, access: Access, gate: Bool) {
    precondition(mode < 6, "the 8254 has modes 0…5")
    self.mode = mode
    self.access = access
    self.gate = gate
  }

  private var modulus: UInt32 { isBCD ? 10000 : 65536 }
  private var isPeriodic: Bool { mode == 2 || mode == 3 }
  /// Mode 3: the pulses of a cycle of `count` with the output high.
  private func highPulses(_ count: UInt32) -> UInt32 { (count + 1) / 2 }

  // MARK: Functions of the tick

  /// Modes 2 and 3: pulses since the last reload.
  private func position(_ tick: UInt64) -> UInt32 {
    UInt32((tick &- startTick) % UInt64(reload) + UInt64(phase)) % reload
  }

  /// The counting element, 0 to the modulus less one.
  private func value(_ tick: UInt64) -> UInt32 {
    guard stage == .counting, tick >= startTick else { return held }
    if isFrozen { return start % modulus }
    switch mode {
    case 2: return (reload - position(tick)) % modulus
    case 3:
      let position = position(tick)
      let half = position < highPulses(reload) ? position : position - highPulses(reload)
      return ((reload & ~1) - 2 * half) % modulus
    default:
      let elapsed = UInt32((tick &- startTick) % UInt64(modulus))
      return (start % modulus + modulus - elapsed) % modulus
    }
  }

  /// The tick at which a one-shot mode reaches terminal count.
  private var terminalTick: UInt64 { startTick &+ UInt64(start) }

  /// The OUT pin.
  func output(_ tick: UInt64) -> Bool {
    switch stage {
    case .awaitingCount: return mode != 0
    case .awaitingTrigger: return true
    case .counting: break
    }
    guard tick >= startTick else { return heldOutput }
    switch mode {
    case 0, 1: return hasExpired || !isFrozen && tick >= terminalTick
    // A count of 1 is not allowed in mode 2; the output stays high.
    case 2: return isFrozen || reload == 1 || position(tick) != reload - 1
    case 3: return isFrozen || position(tick) < highPulses(reload)
    default: return hasExpired || isFrozen || tick != terminalTick
    }
  }

  /// The first tick after `tick` at which the output differs; nil when it stays as it is.
  func nextOutputChange(after tick: UInt64) -> UInt64? {
    guard stage == .counting, !isFrozen else { return nil }
    if tick < startTick, output(startTick) != heldOutput { return startTick }
    let from = max(tick, startTick)
    switch mode {
    case 0, 1:
      return hasExpired || terminalTick <= tick ? nil : terminalTick
    case 2:
      guard reload > 1 else { return nil }
      let position = position(from)
      return from &+ UInt64(position == reload - 1 ? 1 : reload - 1 - position)
    case 3:
      guard reload > 1 else { return nil }
      return from &+ pulsesToHalfCycleEnd(from)
    default:
      guard !hasExpired else { return nil }
      if terminalTick > tick { return terminalTick }
      return terminalTick == tick ? tick &+ 1 : nil
    }
  }

  /// Mode 3: the pulses until the output toggles.
  private func pulsesToHalfCycleEnd(_ tick: UInt64) -> UInt64 {
    let position = position(tick)
    let high = highPulses(reload)
    return UInt64(position < high ? high - position : reload - position)
  }

  /// Brings the counter to `tick`.
  mutating func settle(at tick: UInt64) {
    guard stage == .counting, tick >= startTick else { return }
    if next != 0, tick >= nextTick {
      reload = next
      startTick = nextTick
      phase = nextPhase
      (next, nextTick, nextPhase) = (0, 0, 0)
    }
    if !isFrozen, isPeriodic {
      phase = position(tick)
      start = 0
    } else if !isFrozen {
      // Until terminal count the distance to it is exact; a full count must not become 0. Then the element wraps.
      let present = hasExpired || tick > terminalTick ? value(tick) : UInt32(truncatingIfNeeded: terminalTick &- tick)
      // The strobe of modes 4 and 5 lasts for the pulse of terminal count itself.
      hasExpired = hasExpired || (mode < 2 ? tick >= terminalTick : tick > terminalTick)
      start = present
    }
    startTick = tick
    (held, heldOutput) = (0, true)
  }

  // MARK: Control word, gate

  mutating func writeControl(_ word: UInt8, at tick: UInt64) {
    settle(at: tick)
    held = value(tick)
    heldOutput = true
    let selected = word >> 1 & 7
    isModeBit2Set = selected > 5
    mode = isModeBit2Set ? selected & 3 : selected
    access = Access(rawValue: word >> 4 & 3) ?? .lowThenHigh
    isBCD = word & 1 != 0
    held %= modulus
    stage = .awaitingCount
    (reload, next, nextTick, nextPhase) = (modulus, 0, 0, 0)
    (start, startTick, phase) = (0, 0, 0)
    (isFrozen, hasExpired, hasUnloadedCount) = (false, false, false)
    (lowByte, expectsHighWrite, expectsHighRead) = (0, false, false)
    (latchedCount, hasLatchedCount, latchedStatus, hasLatchedStatus) = (0, false, 0, false)
  }

  mutating func setGate(_ isHigh: Bool, at tick: UInt64) {
    settle(at: tick)
    guard gate != isHigh else { return }
    gate = isHigh
    switch mode {
    case 0, 4: if stage == .counting { isHigh ? resume(at: tick) : freeze(at: tick) }
    case 2, 3:
      guard stage == .counting else { return }
      isHigh ? trigger(at: tick) : freeze(at: tick)
    default: if isHigh, stage != .awaitingCount { trigger(at: tick) }
    }
  }

  private mutating func freeze(at tick: UInt64) {
    if tick >= startTick {
      if isPeriodic { start = value(tick) }
      (startTick, phase) = (tick, 0)
      if mode == 4, start == 0 { hasExpired = true }
    }
    if next != 0 {
      reload = next
      hasUnloadedCount = true
      (next, nextTick, nextPhase) = (0, 0, 0)
    }
    isFrozen = true
  }

  private mutating func resume(at tick: UInt64) {
    isFrozen = false
    startTick = max(startTick, tick)
  }

  /// Modes 1, 2, 3, 5: a rise of the gate; the next pulse loads the count.
  private mutating func trigger(at tick: UInt64) {
    (held, heldOutput) = (value(tick), output(tick))
    if next != 0 { reload = next }
    (next, nextTick, nextPhase) = (0, 0, 0)
    load(at: tick)
  }

  /// The pulse after `tick` loads `reload`.
  private mutating func load(at tick: UInt64) {
    stage = .counting
    (start, startTick, phase) = (reload, tick &+ 1, 0)
    hasExpired = false
    hasUnloadedCount = false
    isFrozen = !gate && mode != 1 && mode != 5
  }

  // MARK: Count

  mutating func writeCount(_ byte: UInt8, at tick: UInt64) {
    settle(at: tick)
    switch access {
    case .lowByte: setCount(UInt16(byte), at: tick)
    case .highByte: setCount(UInt16(byte) << 8, at: tick)
    case .lowThenHigh:
      if expectsHighWrite {
        expectsHighWrite = false
        setCount(UInt16(byte) << 8 | UInt16(lowByte), at: tick)
      } else {
        lowByte = byte
        expectsHighWrite = true
        if mode == 0 {
          // The first byte stops counting and lowers the output.
          held = value(tick)
          stage = .awaitingCount
        }
      }
    }
  }

  private mutating func setCount(_ word: UInt16, at tick: UInt64) {
    var count = UInt32(word)
    if isBCD {
      count = (count >> 12 * 1000 + (count >> 8 & 15) * 100 + (count >> 4 & 15) * 10 + (count & 15)) % 10000
    }
    if count == 0 { count = modulus }
    switch mode {
    case 0, 4:
      heldOutput = mode == 4 && output(tick)
      held = value(tick)
      reload = count
      load(at: tick)
    case 2, 3:
      if stage == .awaitingCount || tick < startTick {
        held = value(tick)
        reload = count
        load(at: tick)
      } else if isFrozen {
        reload = count
        hasUnloadedCount = true
      } else {
        takeOver(count, at: tick)
      }
    default:
      reload = count
      hasUnloadedCount = true
      if stage == .awaitingCount { stage = .awaitingTrigger }
    }
  }

  /// Modes 2 and 3, while counting: the present cycle (mode 2) or half-cycle (mode 3) ends as it began.
  private mutating func takeOver(_ count: UInt32, at tick: UInt64) {
    let position = position(tick)
    next = count
    if mode == 3, position < highPulses(reload) {
      nextTick = tick &+ pulsesToHalfCycleEnd(tick)
      nextPhase = highPulses(count) % count
    } else {
      nextTick = tick &+ UInt64(reload - position)
      nextPhase = 0
    }
  }

  // MARK: Reading

  /// The counting element as a read gives it.
  private func readable(_ tick: UInt64) -> UInt16 {
    let value = value(tick)
    guard isBCD else { return UInt16(truncatingIfNeeded: value) }
    return UInt16(value / 1000 % 10) << 12 | UInt16(value / 100 % 10) << 8 | UInt16(value / 10 % 10) << 4
      | UInt16(value % 10)
  }

  mutating func latchCount(at tick: UInt64) {
    settle(at: tick)
    guard !hasLatchedCount else { return }
    latchedCount = readable(tick)
    hasLatchedCount = true
  }

  mutating func latchStatus(at tick: UInt64) {
    settle(at: tick)
    guard !hasLatchedStatus else { return }
    let hasNullCount =
      stage == .awaitingCount || hasUnloadedCount || next != 0 || stage == .counting && tick < startTick
    latchedStatus =
      (output(tick) ? 0x80 : 0) | (hasNullCount ? 0x40 : 0) | access.rawValue << 4 | (isModeBit2Set ? 8 : 0)
      | mode << 1 | (isBCD ? 1 : 0)
    hasLatchedStatus = true
  }

  mutating func read(at tick: UInt64) -> UInt8 {
    settle(at: tick)
    if hasLatchedStatus {
      hasLatchedStatus = false
      defer { latchedStatus = 0 }
      return latchedStatus
    }
    let count = hasLatchedCount ? latchedCount : readable(tick)
    let isHigh = access == .highByte || access == .lowThenHigh && expectsHighRead
    if access == .lowThenHigh { expectsHighRead.toggle() }
    if access != .lowThenHigh || isHigh { (hasLatchedCount, latchedCount) = (false, 0) }
    return UInt8(truncatingIfNeeded: isHigh ? count >> 8 : count)
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    checkpointOthers(into: &writer)
    writer.append(isModeBit2Set)
  }

  func hash(into writer: inout ByteWriter) {
    checkpointOthers(into: &writer)
    if isModeBit2Set { writer.append(isModeBit2Set) }
  }

  private func checkpointOthers(into writer: inout ByteWriter) {
    for byte in [mode, access.rawValue, stage.rawValue, lowByte, latchedStatus] { writer.append(byte) }
    for flag in [
      isBCD, gate, heldOutput, isFrozen, hasExpired, hasUnloadedCount, expectsHighWrite, expectsHighRead,
      hasLatchedCount, hasLatchedStatus,
    ] {
      writer.append(flag)
    }
    for count in [reload, next, nextPhase, start, phase, held] { writer.append(fixed: count) }
    writer.append(fixed: latchedCount)
    writer.append(fixed: startTick)
    writer.append(fixed: nextTick)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    mode = try reader.fixed(in: 0...5, "the mode of an 8254 counter")
    access = Access(rawValue: try reader.fixed(in: 1...3, "the access of an 8254 counter")) ?? .lowThenHigh
    stage = Stage(rawValue: try reader.fixed(in: 0...2, "the stage of an 8254 counter")) ?? .awaitingCount
    lowByte = try reader.byte()
    latchedStatus = try reader.byte()
    isBCD = try reader.flag()
    gate = try reader.flag()
    heldOutput = try reader.flag()
    isFrozen = try reader.flag()
    hasExpired = try reader.flag()
    hasUnloadedCount = try reader.flag()
    expectsHighWrite = try reader.flag()
    expectsHighRead = try reader.flag()
    hasLatchedCount = try reader.flag()
    hasLatchedStatus = try reader.flag()
    reload = try reader.fixed(in: 1...modulus, "the count of an 8254 counter")
    next = try reader.fixed(in: 0...modulus, "the next count of an 8254 counter")
    nextPhase = try reader.fixed(in: 0...(max(next, 1) - 1), "the next phase of an 8254 counter")
    start = try reader.fixed(in: 0...modulus, "the start of an 8254 counter")
    phase = try reader.fixed(in: 0...(reload - 1), "the phase of an 8254 counter")
    held = try reader.fixed(in: 0...modulus, "the held count of an 8254 counter")
    latchedCount = try reader.fixed()
    startTick = try reader.fixed()
    nextTick = try reader.fixed()
    isModeBit2Set = try reader.flag()
  }
}
