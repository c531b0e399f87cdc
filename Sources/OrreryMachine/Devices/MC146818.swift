internal import OrreryBase

/// The MC146818 real-time clock with its CMOS memory (Motorola MC146818 data sheet, ADI-856).
///
/// Ports: 0x70 index in bits 0…6 (bit 7, the NMI gate of the AT, is accepted: an NMI of a scenario comes in behind it; reads float); 0x71 the byte of that
/// index. The board has 128 bytes; the second bank of later chips (0x72, 0x73) is not modelled. Line 8 is high while IRQF is set.
///
/// Timing: 32,768 Hz, counted from clock 0. The time registers change at whole seconds of the divider chain; UIP is set for the 1,984 us of the update
/// before that and the 244 us that announce it (65 and 8 ticks). At clock 0 it is 2000-01-01T00:00:00, a Saturday, 24-hour BCD.
///
/// Daylight saving (DSE) and the square wave pin are accepted and do nothing. Setting a register to what is no time of day gives it back as written
/// until the next second brings it into range.
struct MC146818: Device {
  static let ticksPerSecond: UInt64 = 32768
  static let interruptLine: UInt8 = 8
  /// How long before a new second UIP is set, in ticks.
  private static let updateTicks: UInt64 = 65 + 8

  private enum Register {
    static let second = 0x00
    static let secondAlarm = 0x01
    static let minute = 0x02
    static let minuteAlarm = 0x03
    static let hour = 0x04
    static let hourAlarm = 0x05
    static let weekday = 0x06
    static let day = 0x07
    static let month = 0x08
    static let year = 0x09
    static let a = 0x0A
    static let b = 0x0B
    static let c = 0x0C
    static let d = 0x0D
    /// The century in BCD, by the convention of PC firmware.
    static let century = 0x32
  }

  private enum B {
    static let set: UInt8 = 0x80
    static let binary: UInt8 = 0x04
    static let hours24: UInt8 = 0x02
  }

  /// PF, AF and UF in register C; PIE, AIE and UIE are the same bits of register B.
  private enum Flag {
    static let periodic: UInt8 = 0x40
    static let alarm: UInt8 = 0x20
    static let update: UInt8 = 0x10
  }

  private let ratio: TickRatio
  private var bytes: InlineArray<128, UInt8> = .init(repeating: 0)
  private var index: UInt8 = 0
  /// The tick to which the registers were brought last.
  private var settledTick: UInt64 = 0
  /// A tick at which the divider chain stood at zero: seconds and periods are counted from it.
  private var anchorTick: UInt64 = 0

  init(frequency: ClockFrequency, memorySize: UInt64) {
    ratio = TickRatio(ticksPerSecond: Self.ticksPerSecond, frequency: frequency)
    bytes[Register.weekday] = 7
    bytes[Register.day] = 0x01
    bytes[Register.month] = 0x01
    bytes[Register.year] = 0x00
    bytes[Register.century] = 0x20
    bytes[Register.a] = 0x26
    bytes[Register.b] = B.hours24
    bytes[Register.d] = 0x80
    setConfiguration(memorySize: memorySize)
  }

  /// What firmware writes to CMOS memory: equipment, memory sizes, checksum.
  private mutating func setConfiguration(memorySize: UInt64) {
    bytes[0x14] = 0x02  // Coprocessor and VGA; no floppy drive, no second PS/2 port.
    setWord(at: 0x15, 640)  // KiB of base memory.
    let above1MiB = min(memorySize / 1024, 1024 + 0xFFFF) - min(memorySize / 1024, 1024)
    setWord(at: 0x17, above1MiB)  // KiB, at most 65,535.
    setWord(at: 0x30, above1MiB)
    let above16MiB = memorySize > 16 << 20 ? (memorySize - 16 << 20) >> 16 : 0
    setWord(at: 0x34, min(above16MiB, 0xFFFF))  // Units of 64 KiB.
    let checksum = (0x10...0x2D).reduce(UInt64(0)) { $0 + UInt64(bytes[$1]) }
    bytes[0x2E] = UInt8(truncatingIfNeeded: checksum >> 8)
    bytes[0x2F] = UInt8(truncatingIfNeeded: checksum)
  }

  private mutating func setWord(at index: Int, _ value: UInt64) {
    bytes[index] = UInt8(truncatingIfNeeded: value)
    bytes[index + 1] = UInt8(truncatingIfNeeded: value >> 8)
  }

  // MARK: Coding of time registers

  private func decoded(_ byte: UInt8) -> UInt8 {
    bytes[Register.b] & B.binary != 0 ? byte : UInt8((UInt16(byte >> 4) * 10 + UInt16(byte & 15)) & 0xFF)
  }

  private func encoded(_ value: UInt8) -> UInt8 {
    bytes[Register.b] & B.binary != 0 ? value : (value / 10) << 4 | value % 10
  }

  private func decodedHour(_ byte: UInt8) -> UInt8 {
    if bytes[Register.b] & B.hours24 != 0 { return decoded(byte) }
    return decoded(byte & 0x7F) % 12 + (byte & 0x80 != 0 ? 12 : 0)
  }

  private func encodedHour(_ hour: UInt8) -> UInt8 {
    if bytes[Register.b] & B.hours24 != 0 { return encoded(hour) }
    return encoded(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? 0x80 : 0)
  }

  private var calendar: RTCCalendar {
    get {
      RTCCalendar(
        second: decoded(bytes[Register.second]), minute: decoded(bytes[Register.minute]),
        hour: decodedHour(bytes[Register.hour]), weekday: bytes[Register.weekday], day: decoded(bytes[Register.day]),
        month: decoded(bytes[Register.month]), year: decoded(bytes[Register.year]))
    }
    set {
      bytes[Register.second] = encoded(newValue.second)
      bytes[Register.minute] = encoded(newValue.minute)
      bytes[Register.hour] = encodedHour(newValue.hour)
      bytes[Register.weekday] = newValue.weekday
      bytes[Register.day] = encoded(newValue.day)
      bytes[Register.month] = encoded(newValue.month)
      bytes[Register.year] = encoded(newValue.year)
    }
  }

  // MARK: Divider chain

  /// DV of register A: 010 runs at 32,768 Hz, 11x holds the chain at zero. The other values are for other crystals, with which this chip has not been
  /// built: they hold it too.
  private var isDividing: Bool { bytes[Register.a] >> 4 & 7 == 2 }
  private var isUpdating: Bool { isDividing && bytes[Register.b] & B.set == 0 }

  /// The period of the periodic interrupt in ticks, by RS of register A; nil for none.
  private var periodTicks: UInt64? {
    guard isDividing else { return nil }
    switch bytes[Register.a] & 15 {
    case 0: return nil
    case 1: return 128
    case 2: return 256
    case let rate: return 1 << UInt64(rate - 1)
    }
  }

  /// How many multiples of `period` the chain passed after `settledTick`, up to `tick`.
  private func passed(_ period: UInt64, at tick: UInt64) -> UInt64 {
    (tick &- anchorTick) / period &- (settledTick &- anchorTick) / period
  }

  /// The first tick after `settledTick` at which the chain passes a multiple of `period`, plus `count` periods.
  private func tickOfPassing(_ period: UInt64, after count: UInt64 = 0) -> UInt64 {
    settledTick &+ (period - (settledTick &- anchorTick) % period) &+ count &* period
  }

  // MARK: Alarm

  /// In how many seconds (1…86,400) from the present time the alarm matches; nil for never.
  private var secondsToAlarm: UInt64? {
    let calendar = self.calendar
    func matches(_ register: Int, _ value: UInt8) -> Bool { bytes[register] >= 0xC0 || bytes[register] == value }
    let hours = (0..<24).filter { matches(Register.hourAlarm, encodedHour(UInt8($0))) }
    let minutes = (0..<60).filter { matches(Register.minuteAlarm, encoded(UInt8($0))) }
    let seconds = (0..<60).filter { matches(Register.secondAlarm, encoded(UInt8($0))) }
    guard let firstHour = hours.first, let firstMinute = minutes.first, let firstSecond = seconds.first else {
      return nil
    }
    let (hour, minute, second) = (Int(calendar.hour), Int(calendar.minute), Int(calendar.second))
    let now = calendar.secondOfDay
    var target: Int
    if hours.contains(hour), minutes.contains(minute), let next = seconds.first(where: { $0 > second }) {
      target = hour * 3600 + minute * 60 + next
    } else if hours.contains(hour), let next = minutes.first(where: { $0 > minute }) {
      target = hour * 3600 + next * 60 + firstSecond
    } else if let next = hours.first(where: { $0 > hour }) {
      target = next * 3600 + firstMinute * 60 + firstSecond
    } else {
      target = firstHour * 3600 + firstMinute * 60 + firstSecond
    }
    if target <= Int(now) { target += Int(RTCCalendar.secondsPerDay) }
    return UInt64(target) - now
  }

  // MARK: Time

  mutating func advance(to clock: Clock, wires: inout Wires) {
    let tick = ratio.tick(at: clock)
    guard tick > settledTick else { return }
    if let periodTicks, passed(periodTicks, at: tick) > 0 { bytes[Register.c] |= Flag.periodic }
    if isUpdating {
      let seconds = passed(Self.ticksPerSecond, at: tick)
      if seconds > 0 { update(seconds) }
    }
    settledTick = tick
    updateLine(wires: &wires)
  }

  private mutating func update(_ seconds: UInt64) {
    bytes[Register.c] |= Flag.update
    if bytes[Register.c] & Flag.alarm == 0, let distance = secondsToAlarm, distance <= seconds {
      bytes[Register.c] |= Flag.alarm
    }
    var calendar = self.calendar
    let centuries = calendar.advance(by: seconds)
    self.calendar = calendar
    if centuries > 0 {
      let century = UInt64(bytes[Register.century] >> 4) * 10 + UInt64(bytes[Register.century] & 15)
      let present = UInt8((century + centuries % 100) % 100)
      bytes[Register.century] = (present / 10) << 4 | present % 10
    }
  }

  /// The flags of register C that are enabled in register B.
  private var raisedFlags: UInt8 { bytes[Register.c] & bytes[Register.b] & (Flag.periodic | Flag.alarm | Flag.update) }

  private func updateLine(wires: inout Wires) { wires.set(Self.interruptLine, isHigh: raisedFlags != 0) }

  var nextDeadline: Clock {
    // The line stays high until register C is read, so nothing more can happen to it before.
    guard raisedFlags == 0 else { return .max }
    var tick = UInt64.max
    let enabled = bytes[Register.b]
    if enabled & Flag.periodic != 0, let periodTicks { tick = min(tick, tickOfPassing(periodTicks)) }
    if isUpdating, enabled & Flag.update != 0 { tick = min(tick, tickOfPassing(Self.ticksPerSecond)) }
    if isUpdating, enabled & Flag.alarm != 0, let distance = secondsToAlarm {
      tick = min(tick, tickOfPassing(Self.ticksPerSecond, after: distance - 1))
    }
    return tick == .max ? .max : ratio.firstClock(of: tick)
  }

  // MARK: Ports

  mutating func writeIndex(_ value: UInt8) { index = value & 0x7F }

  mutating func readData(clock: Clock, wires: inout Wires) -> UInt8 {
    advance(to: clock, wires: &wires)
    switch Int(index) {
    case Register.a:
      let phase = (settledTick &- anchorTick) % Self.ticksPerSecond
      let isInProgress = isUpdating && phase >= Self.ticksPerSecond - Self.updateTicks
      return bytes[Register.a] | (isInProgress ? 0x80 : 0)
    case Register.c:
      let flags = bytes[Register.c] | (raisedFlags != 0 ? 0x80 : 0)
      bytes[Register.c] = 0
      updateLine(wires: &wires)
      return flags
    case let index: return bytes[index]
    }
  }

  mutating func writeData(_ value: UInt8, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    switch Int(index) {
    case Register.a:
      let wasDividing = isDividing
      bytes[Register.a] = value & 0x7F
      // Released, the chain makes its first update after half a second.
      if isDividing, !wasDividing { anchorTick = settledTick &- Self.ticksPerSecond / 2 }
    case Register.b:
      // SET ends the update-ended interrupt.
      bytes[Register.b] = value & B.set != 0 ? value & ~Flag.update : value
    case Register.c, Register.d: break
    case let index: bytes[index] = value
    }
    updateLine(wires: &wires)
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    for position in bytes.indices { writer.append(bytes[position]) }
    writer.append(index)
    writer.append(fixed: settledTick)
    writer.append(fixed: anchorTick)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    for position in bytes.indices { bytes[position] = try reader.byte() }
    bytes[Register.a] &= 0x7F
    bytes[Register.c] &= Flag.periodic | Flag.alarm | Flag.update
    bytes[Register.d] = 0x80
    index = try reader.fixed(in: 0...127, "the index of the MC146818")
    settledTick = try reader.fixed()
    anchorTick = try reader.fixed()
  }
}
