internal import HostSystem

/// `90s`, `5m`, `12h`, `1d`: a whole number and one unit.
public enum WrittenDuration {
  /// Seconds, or nil if the text is not of this form or above 100 years.
  public static func seconds(_ text: String) -> UInt64? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 2, bytes.count <= 12, let unit = bytes.last, let count = ProcessTable.decimal(bytes.dropLast()) else { return nil }
    let factor: UInt64
    switch unit {
    case UInt8(ascii: "s"): factor = 1
    case UInt8(ascii: "m"): factor = 60
    case UInt8(ascii: "h"): factor = 3600
    case UInt8(ascii: "d"): factor = 86400
    default: return nil
    }
    let (seconds, overflow) = count.multipliedReportingOverflow(by: factor)
    return overflow || seconds > 100 * 366 * 86400 ? nil : seconds
  }

  /// The largest unit that says it exactly.
  static func text(_ seconds: UInt64) -> String {
    func isWhole(_ factor: UInt64) -> Bool { seconds >= factor && seconds % factor == 0 }
    if isWhole(86400) { return "\(seconds / 86400)d" }
    if isWhole(3600) { return "\(seconds / 3600)h" }
    return isWhole(60) ? "\(seconds / 60)m" : "\(seconds)s"
  }
}
