/// Date and time as the MC146818 counts them: two-digit years, every fourth of them a leap year.
struct RTCCalendar: Equatable {
  static let secondsPerDay: UInt64 = 86_400
  private static let daysPerFourYears: UInt64 = 1461
  private static let daysPerCentury: UInt64 = 36_525

  var second: UInt8
  var minute: UInt8
  var hour: UInt8
  /// 1 (Sunday) to 7, a count of its own that follows from nothing else.
  var weekday: UInt8
  var day: UInt8
  var month: UInt8
  var year: UInt8

  /// The days of `month`, 1…12.
  private static func days(ofMonth month: UInt8, year: UInt8) -> UInt64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 ? 29 : 28
    default: 31
    }
  }

  /// A calendar from registers that may hold anything: each value is brought into its range.
  init(second: UInt8, minute: UInt8, hour: UInt8, weekday: UInt8, day: UInt8, month: UInt8, year: UInt8) {
    self.second = second % 60
    self.minute = minute % 60
    self.hour = hour % 24
    self.weekday = min(max(weekday, 1), 7)
    self.month = min(max(month, 1), 12)
    self.year = year % 100
    self.day = min(max(day, 1), UInt8(Self.days(ofMonth: self.month, year: self.year)))
  }

  var secondOfDay: UInt64 { UInt64(hour) * 3600 + UInt64(minute) * 60 + UInt64(second) }

  /// Goes `seconds` forward and gives the centuries that ended.
  mutating func advance(by seconds: UInt64) -> UInt64 {
    let inDay = secondOfDay + seconds % Self.secondsPerDay
    let days = seconds / Self.secondsPerDay + inDay / Self.secondsPerDay
    let rest = inDay % Self.secondsPerDay
    hour = UInt8(rest / 3600)
    minute = UInt8(rest / 60 % 60)
    second = UInt8(rest % 60)
    weekday = UInt8((UInt64(weekday) - 1 + days) % 7) + 1
    let total = dayOfCentury + days
    setDate(dayOfCentury: total % Self.daysPerCentury)
    return total / Self.daysPerCentury
  }

  private var dayOfCentury: UInt64 {
    let years = UInt64(year)
    var count = years / 4 * Self.daysPerFourYears
    if years % 4 != 0 { count += 366 + (years % 4 - 1) * 365 }
    for earlier in 1..<13 where earlier < Int(month) { count += Self.days(ofMonth: UInt8(earlier), year: year) }
    return count + UInt64(day) - 1
  }

  private mutating func setDate(dayOfCentury: UInt64) {
    var rest = dayOfCentury % Self.daysPerFourYears
    var years = dayOfCentury / Self.daysPerFourYears * 4
    if rest >= 366 {
      years += 1 + (rest - 366) / 365
      rest = (rest - 366) % 365
    }
    year = UInt8(years)
    month = 1
    while rest >= Self.days(ofMonth: month, year: year) {
      rest -= Self.days(ofMonth: month, year: year)
      month += 1
    }
    day = UInt8(rest) + 1
  }
}
