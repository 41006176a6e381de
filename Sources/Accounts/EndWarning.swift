internal import Encoding

/// The wording of warnings, and when they come.
public enum EndWarning {
  /// Which warning is due: seconds before the end; nil: none that was not given yet.
  /// - Parameter warned: the last one that was given; `.max`: none.
  public static func step(left: UInt64, before: UInt64, warned: UInt64) -> UInt64? {
    let steps = before > 120 ? [60, before] : [before]
    guard let step = steps.first(where: { left <= $0 }), step < warned else { return nil }
    return step
  }

  /// How much time is left, in words; minutes are rounded up, so that five are five when they are announced.
  public static func span(_ seconds: UInt64) -> String { TimeSpan.text(seconds < 60 ? seconds : (seconds + 59) / 60 * 60) }
}
