import Testing

import HostSystem

/// T31
@Suite struct DeadlineTests {
  let begin = Moment(wall: 1_700_000_000_000_000_000, boot: 5_000_000_000_000)
  let second: Int64 = 1_000_000_000

  @Test func theEarlierOfBothClocksEndsIt() {
    let deadline = Deadline(seconds: 60, after: begin)
    #expect(!deadline.isOver(at: begin))
    #expect(!deadline.isOver(at: Moment(wall: begin.wall + 59 * second, boot: begin.boot + 59 * second)))
    // The clock was set ahead; it was set back an hour; the host slept.
    #expect(deadline.isOver(at: Moment(wall: begin.wall + 60 * second, boot: begin.boot)))
    #expect(deadline.isOver(at: Moment(wall: begin.wall - 3600 * second, boot: begin.boot + 60 * second)))
    #expect(!deadline.isOver(at: Moment(wall: begin.wall - 3600 * second, boot: begin.boot + 59 * second)))
  }

  @Test func aClockThatCannotBeReadEndsIt() {
    let deadline = Deadline(seconds: .max, after: begin)
    #expect(deadline.isOver(at: Moment(wall: -1, boot: 1)) && deadline.isOver(at: Moment(wall: 1, boot: -1)))
    #expect(!deadline.isOver(at: begin))
    #expect(deadline.millisecondsLeft(at: Moment(wall: -1, boot: -1)) == 0)
  }

  @Test func arithmeticNeverOverflows() {
    for seconds in [0, 1, UInt64.max, UInt64(Int64.max), UInt64(Int64.max) / 1_000_000_000 + 1] {
      for moment in [begin, Moment(wall: .max, boot: .max), Moment(wall: 0, boot: 0), Moment(wall: -1, boot: -1), Moment(wall: .min, boot: .min)] {
        let deadline = Deadline(seconds: seconds, after: moment)
        for milliseconds in [Int64.min, -1, 0, 1, .max] { _ = deadline.later(milliseconds: milliseconds).millisecondsLeft(at: begin) }
        for other in [begin, moment, Moment(wall: 0, boot: 0), Moment(wall: .max, boot: .max)] {
          #expect(deadline.millisecondsLeft(at: other) >= 0)
          _ = deadline.isOver(at: other)
        }
      }
    }
    #expect(Moment(wall: .min, boot: 0).unixSeconds == 0 && Moment(wall: 1_999_999_999, boot: 0).unixSeconds == 1)
  }

  @Test func countsDownOnTheClockThatRunsOutFirst() {
    let deadline = Deadline(seconds: 10, after: begin)
    #expect(deadline.millisecondsLeft(at: Moment(wall: begin.wall + 9 * second, boot: begin.boot)) == 1001)
    #expect(deadline.later(milliseconds: 500).millisecondsLeft(at: Moment(wall: begin.wall, boot: begin.boot + 10 * second)) == 501)
    let now = Moment.now()
    #expect(now.wall > 1_700_000_000_000_000_000 && now.boot > 0)
  }
}
