import Testing

@testable import Accounts

/// How fast all processes of a host are looked at.
@Suite struct LookPaceTests {
  /// Milliseconds that a look takes, its own work left out, if each part takes so many nanoseconds, and until the next one begins.
  private func look(_ processes: Int, after last: Int, part nanoseconds: Int64, isHurried: Bool = false) -> (length: Int64, rest: Int64) {
    var pace = LookPace(after: last, isHurried: isHurried)
    var length: Int64 = 0
    for _ in 0..<(processes / LookPace.part + 1) { length += pace.pause(after: nanoseconds) }
    return (length, pace.rest(after: length))
  }

  @Test func aHostOfSomeHundredProcessesIsLookedAtOnceASecond() {
    for processes in [20, 200, 500] {
      let (length, rest) = look(processes, after: processes, part: 2_000_000)
      #expect(length + rest == 1000, "\(processes)")
    }
  }

  @Test func manyProcessesCostAFiftiethOfAProcessorAndNoMore() {
    for processes in [1000, 3000, 10_000, 30_000] {
      let part: Int64 = 2_000_000, (length, rest) = look(processes, after: processes, part: part)
      let work = Int64(processes / LookPace.part + 1) * part / 1_000_000
      #expect(work * LookPace.share <= length + rest + work + 50, "\(processes)")
    }
  }

  @Test func aLookEndsInHalfAMinuteHoweverManyProcessesThereAre() {
    for processes in [10_000, 100_000, 4_000_000] { #expect(look(processes, after: processes, part: 50_000_000).length <= 30_000, "\(processes)") }
  }

  @Test func aLookThatIsWaitedForMakesItsPausesAfterwards() {
    let (length, rest) = look(10_000, after: 10_000, part: 2_000_000, isHurried: true)
    #expect(length == 101 * 2 && rest >= 101 * 2 * 49)
    #expect(look(300, after: 300, part: 2_000_000, isHurried: true).rest == 1000 - 4 * 2)
    #expect(look(1_000_000, after: 1_000_000, part: 2_000_000, isHurried: true).rest == 30_000)
  }

  @Test func clocksThatRunBackwardsDoNotStopIt() {
    var pace = LookPace(after: -5, isHurried: false)
    #expect(pace.pause(after: -1) == 0 && pace.pause(after: .max) <= 30_000 && pace.pause(after: .min) == 0)
    #expect(pace.rest(after: .min) == 1000 && pace.rest(after: .max) == 0)
    var hurried = LookPace(after: .max, isHurried: true)
    for _ in 0..<100 { _ = hurried.pause(after: .max) }
    #expect(hurried.rest(after: 0) == 30_000)
  }
}
