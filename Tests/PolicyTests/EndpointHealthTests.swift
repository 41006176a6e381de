import Configuration
import Testing

@testable import Relay

/// What the relay remembers of endpoints.
@Suite struct EndpointHealthTests {
  private let all = [Fixtures.endpoint(1), Fixtures.endpoint(2), Fixtures.endpoint(3)]
  private func order(_ health: EndpointHealth, _ now: Int64) -> [String] { health.order(all, now: now).map { String($0.host.suffix(1)) } }

  @Test func putsOneThatFailedBehindTheOthersForAWhile() {
    var health = EndpointHealth()
    #expect(order(health, 0) == ["1", "2", "3"])
    let span = health.failed(all[0].url, now: 1000)
    #expect(span == 5000)
    #expect(order(health, 1001) == ["2", "3", "1"])
    #expect(order(health, 5999) == ["2", "3", "1"])
    #expect(order(health, 6000) == ["1", "2", "3"])
  }

  @Test func staysBehindLongerEachTimeUpToAMinute() {
    var health = EndpointHealth()
    var now: Int64 = 0
    for span in [5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000] as [Int64] {
      let given = health.failed(all[0].url, now: now)
      // Calls that failed together with it.
      let again = health.failed(all[0].url, now: now + 1)
      #expect(given == span && again == nil)
      now += span
    }
    let (first, second) = (health.answered(all[0].url), health.answered(all[0].url))
    #expect(first && !second)
    #expect(order(health, now) == ["1", "2", "3"])
    let anew = health.failed(all[0].url, now: now)
    #expect(anew == 5000)
  }

  @Test func leavesNoneOut() {
    var health = EndpointHealth()
    for endpoint in all { _ = health.failed(endpoint.url, now: 0) }
    #expect(order(health, 1) == ["1", "2", "3"])
    _ = health.answered(all[2].url)
    #expect(order(health, 1) == ["3", "1", "2"])
  }
}
