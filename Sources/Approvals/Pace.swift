/// How often a task is looked at (profile, "Task Status Endpoint"): from a few seconds on ever more seldom, at most a minute
/// apart, and not all hosts at once.
enum Pace {
  /// Milliseconds.
  static var first: Int64 { 3000 }
  static var longest: Int64 { 60_000 }
  /// Seconds that a service may ask us to stay away: as long as a task is remembered.
  static var longestRetryAfter: Int64 { 86_400 }

  /// - Parameters:
  ///   - attempt: from 0.
  ///   - random: any number; it moves the pause by up to a quarter.
  static func pause(attempt: Int, random: UInt64) -> Int64 {
    let plain = attempt >= 5 ? longest : min(longest, first << Int64(max(0, attempt)))
    let jitter = Int64(random % 501)  // thousandths
    return min(longest, plain * (750 + jitter) / 1000)
  }

  /// Seconds of a `Retry-After` or `retry_after`; nil if it is no time from now on.
  static func retryAfter(_ seconds: Int64?) -> Int64? {
    guard let seconds, seconds >= 0 else { return nil }
    return min(seconds, longestRetryAfter)
  }
}
