import Encoding
import Testing

/// RFC 3339 in UTC.
@Suite struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"), (951_868_800, "2000-03-01T00:00:00Z"),
    (1_709_164_800, "2024-02-29T00:00:00Z"), (2_147_483_648, "2038-01-19T03:14:08Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
    (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
  ] as [(UInt64, String)])
  func knowsTheCalendar(_ seconds: UInt64, _ text: String) {
    #expect(Timestamp.text(seconds) == text)
    #expect(Timestamp.parse(text) == seconds)
  }

  @Test func everyDayUntil2400ComesBackAndIsOneLater() {
    var last = ""
    for day in UInt64(0)..<157_054 {
      let text = Timestamp.text(day * 86400 + 86399)
      #expect(Timestamp.parse(text) == day * 86400 + 86399 && text > last)
      last = text
    }
    #expect(last.hasPrefix("2399-12-31"))
  }

  @Test func endsWithTheYear9999() {
    for seconds: UInt64 in [253_402_300_800, .max] { #expect(Timestamp.text(seconds) == "9999-12-31T23:59:59Z") }
  }

  @Test func takesTheSpellingsOfTheStandardAndCutsFractions() {
    for text in ["2026-11-21T07:30:00Z", "2026-11-21t07:30:00z", "2026-11-21T07:30:00+00:00", "2026-11-21T07:30:00.999999Z", "2026-11-21T07:30:00.1+00:00", "2026-11-21T07:30:00-00:00",
      "2026-11-21T08:30:00+01:00", "2026-11-20T20:15:00.5-11:15", "2026-11-22T07:29:00+23:59"] {
      #expect(Timestamp.parse(text) == 1_795_246_200, "\(text)")
    }
  }

  @Test(arguments: [
    "", "2026-11-21", "2026-11-21T07:30:00", "2026-11-21T07:30Z", "2026-11-21 07:30:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T07:60:00Z", "2026-11-21T07:30:60Z",
    "1969-12-31T23:59:59Z", "2026-11-21T07:30:00+24:00", "2026-11-21T07:30:00+01:60", "2026-11-21T07:30:00+0100", "2026-11-21T07:30:00+1:00", "1970-01-01T00:30:00+01:00",
    "9999-12-31T23:59:59-00:01", "2026-11-21T07:30:00.Z", "2026-11-21T07:30:00ZZ", " 2026-11-21T07:30:00Z",
    "2026-11-21T07:30:00Z ", "+026-11-21T07:30:00Z", "２０２６-11-21T07:30:00Z", "2026-11-21T07:30:00.00000000000000000000000000000Z",
  ])
  func refusesEverythingElse(_ text: String) { #expect(Timestamp.parse(text) == nil) }

  @Test func survivesEveryDamagedByte() {
    let bytes = Array("2026-11-21T07:30:00.5Z".utf8)
    for at in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = bytes
        damaged[at] = value
        guard let text = String.ifValid(damaged), let seconds = Timestamp.parse(text) else { continue }
        #expect(seconds <= Timestamp.latest)
      }
      #expect(Timestamp.parse(String(decoding: bytes[..<at], as: UTF8.self)) == nil)
    }
  }
}
