/// A span of time for people.
public enum TimeSpan {
  /// "2 h 30 min", "45 min", "20 s".
  public static func text(_ seconds: UInt64) -> String {
    if seconds < 60 { return "\(seconds) s" }
    let minutes = seconds / 60
    if minutes < 60 { return "\(minutes) min" }
    return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
  }
}
