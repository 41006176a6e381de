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
    for (factor, unit) in [(86400, "d"), (3600, "h"), (60, "m")] as [(UInt64, String)] where seconds >= factor && seconds % factor == 0 {
      return "\(seconds / factor)\(unit)"
    }
    return "\(seconds)s"
  }
}
