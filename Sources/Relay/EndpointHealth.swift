internal import Configuration

/// Which endpoints answered when they were last asked. One that did not is asked after the others for a while, so that not
/// every login waits for it first; it is never left out, and what it answers counts as ever. In memory only.
struct EndpointHealth {
  private struct Failures {
    var count: Int
    /// Until when it stands behind the others.
    var until: Int64
  }

  /// By URL.
  private var failing: [String: Failures] = [:]

  /// Milliseconds behind the others after the first failure; twice as long after each further one, up to the most.
  static let least: Int64 = 5000
  static let most: Int64 = 60_000

  /// Those that answered, in the order of the configuration, and then the others in it.
  func order(_ endpoints: [PolicyEndpoint], now: Int64) -> [PolicyEndpoint] {
    endpoints.filter { !isBehind($0, now) } + endpoints.filter { isBehind($0, now) }
  }

  private func isBehind(_ endpoint: PolicyEndpoint, _ now: Int64) -> Bool { (failing[endpoint.url]?.until ?? .min) > now }

  /// It did not answer.
  /// - Returns: milliseconds for which it is behind; nil if it was already.
  mutating func failed(_ url: String, now: Int64) -> Int64? {
    let before = failing[url]
    // Calls that were under way together fail together: that is one failure.
    if let before, before.until > now { return nil }
    let count = (before?.count ?? 0) + 1
    let span = min(EndpointHealth.most, EndpointHealth.least << Int64(min(count - 1, 10)))
    failing[url] = Failures(count: count, until: now + span)
    return span
  }

  /// It answered, whatever it said.
  /// - Returns: true if it had not before.
  mutating func answered(_ url: String) -> Bool { failing.removeValue(forKey: url) != nil }
}
