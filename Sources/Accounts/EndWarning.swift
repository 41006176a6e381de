/// The wording of warnings, and when they come.
public enum EndWarning {
  /// Which warning is due: seconds before the end; nil: none that was not given yet.
  /// - Parameter warned: the last one that was given; `.max`: none.
  public static func step(left: UInt64, before: UInt64, warned: UInt64) -> UInt64? {
    let steps = before > 120 ? [60, before] : [before]
    guard let step = steps.first(where: { left <= $0 }), step < warned else { return nil }
    return step
  }

  /// `4 minutes and 58 seconds`, in the two largest units.
  public static func span(_ seconds: UInt64) -> String {
    let parts = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")].filter { $0.0 > 0 }
    if parts.isEmpty { return "0 seconds" }
    return parts.prefix(2).map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: " and ")
  }
}
