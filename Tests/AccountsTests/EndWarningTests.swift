import Testing

@testable import Accounts

@Suite struct EndWarningTests {
  @Test func warnsOnceAtTheTimeAndOnceAMinuteBefore() {
    #expect(EndWarning.step(left: 301, before: 300, warned: .max) == nil)
    #expect(EndWarning.step(left: 300, before: 300, warned: .max) == 300)
    #expect(EndWarning.step(left: 299, before: 300, warned: 300) == nil)
    #expect(EndWarning.step(left: 60, before: 300, warned: 300) == 60)
    #expect(EndWarning.step(left: 59, before: 300, warned: 60) == nil)
    #expect(EndWarning.step(left: 10, before: 300, warned: .max) == 60, "a short session")
    #expect(EndWarning.step(left: 60, before: 120, warned: 120) == nil, "one is enough")
    #expect(EndWarning.step(left: 5, before: 10, warned: .max) == 10)
  }

  @Test(arguments: [(0, "0 s"), (59, "59 s"), (60, "1 min"), (299, "5 min"), (300, "5 min"), (3600, "1 h"), (3661, "1 h 2 min")] as [(UInt64, String)])
  func saysHowMuchTimeIsLeft(seconds: UInt64, text: String) { #expect(EndWarning.span(seconds) == text) }
}

@Suite struct SessionTerminalsTests {
  /// The device numbers as `/proc/PID/stat` tells them.
  @Test(arguments: [
    (34816, "/dev/pts/0"), (34817, "/dev/pts/1"), (35071, "/dev/pts/255"), (0x100000 | 34816, "/dev/pts/256"), (1025, "/dev/tty1"), (1087, "/dev/tty63"),
    (0, nil), (1024, nil), (1088, nil), (0x500, nil), (UInt64.max, nil),
  ] as [(UInt64, String?)])
  func knowsPseudoTerminalsAndConsolesAndNothingElse(number: UInt64, path: String?) { #expect(SessionTerminals.path(number) == path) }
}
