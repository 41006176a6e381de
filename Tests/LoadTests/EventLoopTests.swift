import Events
import Testing

/// What daemon and relay run on, with as many moments to come as on a day with thousands of sessions.
@Suite struct EventLoopTests {
    @Test func runsWhatIsDueInItsOrderAndNothingThatWasCancelled() throws {
        let loop = try EventLoop()
        var ran: [Int] = []
        var numbers: [Int: UInt64] = [:]
        var random = SystemRandomNumberGenerator()
        let delays = (0..<3000).map { _ in Int64.random(in: 0..<8, using: &random) * 20 }
        for (number, delay) in delays.enumerated() { numbers[number] = loop.after(delay) { ran.append(number) } }
        let cancelled = Set((0..<3000).filter { _ in Bool.random(using: &random) })
        for number in cancelled { loop.cancel(numbers[number] ?? 0) }
        // One that is cancelled by an action that is due together with it.
        var late: UInt64 = 0
        loop.after(170) { loop.cancel(late) }
        late = loop.after(170) { ran.append(-1) }
        loop.after(200) { loop.stop() }
        loop.run()
        let expected = (0..<3000).filter { !cancelled.contains($0) }
        #expect(ran.sorted() == expected)
        // Those of one delay are due in the order in which they were begun.
        for (_, same) in Dictionary(grouping: ran, by: { delays[$0] }) { #expect(same == same.sorted()) }
    }

    /// What begins anew at once, as a tick of no length, does not keep the loop from anything else.
    @Test func whatIsBegunByAnActionHasItsTurnAfterTheOthers() throws {
        let loop = try EventLoop()
        var turns = 0, isOver = false
        func again() {
            turns += 1
            if !isOver { loop.after(0, again) }
        }
        loop.after(0, again)
        loop.after(5) {
            isOver = true
            loop.stop()
        }
        loop.run()
        #expect(isOver && turns > 1)
    }
}
