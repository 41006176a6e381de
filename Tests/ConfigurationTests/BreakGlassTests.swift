import Configuration
@testable import ConfigurationFile
import Encoding
import Testing

/// `[break_glass]`: off unless it is whole.
@Suite struct BreakGlassTests {
  static func host() throws -> WrittenHost {
    let host = try WrittenHost()
    try host.write("/etc/sojourn/break_glass.pub", "# in the safe\nssh-ed25519 \(WrittenHost.key(11)) emergencies\n")
    return host
  }

  static let groups = "[accounts]\nuid_range = [80000, 99999]\ngroups = ['dbops', 'sudo']\nroot_equivalent_groups = ['sudo']\n"
  static let whole = groups + "[break_glass]\nca = '/etc/sojourn/break_glass.pub'\nnames = ['root', 'fire-brigade']\ngroups = ['sudo']\nmax_duration = '15m'\n"

  @Test func isOffUnlessItIsWritten() throws {
    let configuration = try #require(try Self.host().readLeast(and: "").configuration)
    #expect(configuration.breakGlass == nil)
    #expect(try PublishedConfiguration(json: configuration.json).breakGlass == nil)
  }

  @Test func publishesWhatIsWritten() throws {
    let read = try Self.host().readLeast(and: Self.whole)
    let rules = try #require(read.configuration?.breakGlass, "\(read.problems.map { $0.line })")
    #expect(rules.names == ["root", "fire-brigade"] && rules.groups == ["sudo"] && rules.maxDuration == 900 && rules.file == "/etc/sojourn/break_glass.pub")
    let configuration = try #require(read.configuration)
    let again = try #require(try PublishedConfiguration(json: configuration.json).breakGlass)
    #expect(again.authority == rules.authority && again.names == rules.names && again.groups == rules.groups && again.maxDuration == 900)
    #expect(read.problems.contains { $0.severity == .warning && $0.sentence.contains("TrustedUserCAKeys must name the key too") })
  }

  @Test func lastsThirtyMinutesUnlessSomethingElseIsWritten() throws {
    let read = try Self.host().readLeast(and: "[break_glass]\nca = '/etc/sojourn/break_glass.pub'\nnames = ['root']\n")
    #expect(read.configuration?.breakGlass?.maxDuration == 1800 && read.configuration?.breakGlass?.groups == [])
  }

  @Test func refusesAFileThatIsNotRootsOrHoldsTwoKeys() throws {
    let host = try Self.host()
    try host.mode("/etc/sojourn/break_glass.pub", 0o666)
    #expect(try host.readLeast(and: Self.whole).problems.contains { $0.sentence.contains("can be changed by others than root") })
    try host.mode("/etc/sojourn/break_glass.pub", 0o644)
    try host.write("/etc/sojourn/break_glass.pub", "ssh-ed25519 \(WrittenHost.key(11))\nssh-ed25519 \(WrittenHost.key(12))\n")
    #expect(try host.readLeast(and: Self.whole).problems.contains { $0.sentence.contains("holds 2 keys; expected exactly one") })
  }

  /// Root-equivalent ones need their second line here as anywhere.
  @Test func refusesAGroupBeyondTheCeiling() throws {
    let once = Self.whole.replacing("root_equivalent_groups = ['sudo']\n", with: "")
    let read = try Self.host().readLeast(and: once)
    #expect(read.configuration == nil && read.problems.contains { $0.sentence.contains("break_glass.groups: 'sudo' is not granted on this host") && $0.sentence.contains("root_equivalent_groups") })
  }
}
