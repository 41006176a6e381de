/// UTC moments as text, RFC 3339 section 5.6 with the letter `Z`, whole seconds.
public enum Timestamp {
  /// The largest second that has a four-digit year: 9999-12-31T23:59:59Z.
  public static let latest: UInt64 = 253_402_300_799

  /// `1970-01-01T00:00:00Z` for 0; what lies after the year 9999 is shown as its last second.
  public static func text(_ unixSeconds: UInt64) -> String {
    let seconds = min(unixSeconds, latest)
    let (year, month, day) = civil(daysSince1970: seconds / 86400)
    let rest = seconds % 86400
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(rest / 3600, 2)):\(pad(rest / 60 % 60, 2)):\(pad(rest % 60, 2))Z"
  }

  /// Seconds since 1970, or nil if the text is not `YYYY-MM-DDThh:mm:ss[.fraction]` with `Z` or an offset (`+01:00`) from 1970
  /// on. A fraction is cut off: a limit must not grow by it.
  public static func parse(_ text: String) -> UInt64? {
    let b = Array(text.utf8)
    guard b.count >= 20, b.count <= 40, b[4] == 45, b[7] == 45, b[10] == 84 || b[10] == 116, b[13] == 58, b[16] == 58 else { return nil }
    guard let year = number(b[0..<4]), let month = number(b[5..<7]), let day = number(b[8..<10]), let hour = number(b[11..<13]),
      let minute = number(b[14..<16]), let second = number(b[17..<19])
    else { return nil }
    var at = 19
    if b[at] == 46 {
      at += 1
      let first = at
      while at < b.count, b[at] >= 48, b[at] <= 57 { at += 1 }
      guard at > first else { return nil }
    }
    var ahead: UInt64 = 0, behind: UInt64 = 0
    let zone = b[at...]
    if !(zone.elementsEqual([90]) || zone.elementsEqual([122])) {
      guard zone.count == 6, b[at] == 43 || b[at] == 45, b[at + 3] == 58, let hours = number(b[(at + 1)..<(at + 3)]), hours < 24,
        let minutes = number(b[(at + 4)..<(at + 6)]), minutes < 60
      else { return nil }
      if b[at] == 43 { ahead = hours * 3600 + minutes * 60 } else { behind = hours * 3600 + minutes * 60 }
    }
    guard year >= 1970, month >= 1, month <= 12, day >= 1, day <= daysIn(month, of: year), hour < 24, minute < 60, second < 60
    else { return nil }
    let utc = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second + behind
    guard utc >= ahead, utc - ahead <= latest else { return nil }
    return utc - ahead
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for d in digits {
      guard d >= 48, d <= 57 else { return nil }
      value = value * 10 + UInt64(d - 48)
    }
    return value
  }

  private static func pad(_ value: UInt64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  private static func isLeap(_ y: UInt64) -> Bool { y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) }

  private static func daysIn(_ month: UInt64, of year: UInt64) -> UInt64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 in the Gregorian calendar; the year begins in March, so that the leap day is the last.
  private static func days(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> UInt64 {
    let y = month <= 2 ? year - 1 : year
    let fromMarch = (month + 9) % 12
    return y * 365 + y / 4 - y / 100 + y / 400 + (fromMarch * 153 + 2) / 5 + day - 1 - 719_468
  }

  private static func civil(daysSince1970 count: UInt64) -> (UInt64, UInt64, UInt64) {
    let z = count + 719_468
    let era = z / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
  }
}
