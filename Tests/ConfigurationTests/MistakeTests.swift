import ConfigurationFile
import Testing

@Suite("A mistake in the file is told with file, line and what is expected")
struct MistakeTests {
  static let main = "/etc/sojourn/sojourn.toml"

  struct Mistake: Sendable {
    let text: String
    let line: Int
    let says: String
  }

  /// Lines are counted in the whole text.
  static let mistakes: [Mistake] = [
    // The shape of TOML itself.
    Mistake(text: "[certificate\n", line: 1, says: "not TOML"),
    Mistake(text: "[!]\n", line: 1, says: "not TOML"),
    Mistake(text: "[.a]\n", line: 1, says: "not TOML"),
    Mistake(text: "[[[a]]]\n", line: 1, says: "not TOML"),
    Mistake(text: "[é]\n", line: 1, says: "not TOML"),
    Mistake(text: "[#\n", line: 1, says: "not TOML"),
    Mistake(text: "\n\nkey\n", line: 3, says: "not TOML"),
    Mistake(text: "a = \"b\n", line: 1, says: "not TOML"),
    Mistake(text: "a = [1, 2\n\n\n", line: 3, says: "not TOML"),
    Mistake(text: "a = 1\na = 2\n", line: 2, says: "not TOML"),
    Mistake(text: "[host]\nid = \"a\"\n[policy]\n[host]\nid = \"b\"\n", line: 4, says: "not TOML"),
    Mistake(text: "a = 99999999999999999999\n", line: 1, says: "not TOML"),
    Mistake(text: "a = 'x\\u0000'\n", line: 1, says: "NUL"),
    Mistake(text: "\na = 1\u{0}\n", line: 2, says: "control character"),
    Mistake(text: "\n# \u{1B}[2J\n", line: 2, says: "control character"),
    // Names.
    Mistake(text: "[polcy]\n", line: 1, says: "unknown table [polcy]; did you mean 'policy'?"),
    Mistake(text: "\n[host]\nlables = {}\n", line: 3, says: "unknown key 'lables' in [host]; did you mean 'labels'?"),
    Mistake(text: "[host]\n\nendpoints = []\n", line: 3, says: "it belongs under [policy]"),
    Mistake(text: "[host]\nnonsense_at_all = 1\n", line: 2, says: "known: id, labels, candidate_programs"),
    Mistake(text: "trusted_ca = []\n", line: 1, says: "it belongs under [certificate]"),
    Mistake(text: "host = 1\n", line: 1, says: "'host' is a whole number; expected a table: [host]"),
    Mistake(text: "[[host]]\nid = 'x'\n", line: 1, says: "'host' is a list"),
    Mistake(text: "[host.labels.deep]\nx = 1\n", line: 1, says: "host.labels.deep is a table; expected a string"),
    Mistake(text: "\n[ca]\nkey = 'x'\n", line: 2, says: "'ca' is a table; expected a table for each authority: [[ca]]"),
    Mistake(text: "ca = 1\n", line: 1, says: "'ca' is a whole number"),
    Mistake(text: "ca = [1]\n", line: 1, says: "'ca' holds a whole number"),
    Mistake(text: "[[ca]]\nkey = 'x'\nkind = 'user'\nname = 'x'\n", line: 4, says: "unknown key 'name' in [ca]"),
    Mistake(text: "[[ca]]\nkey = '/x'\n[[ca]]\nkey = '/y'\nprincipal = 'x'\n", line: 5, says: "did you mean 'principals'"),
    // Types.
    Mistake(text: "[host]\nid = 5\n", line: 2, says: "host.id is a whole number; expected a string"),
    Mistake(text: "[host]\nlabels = [\n'a']\n", line: 2, says: "host.labels is a list; expected a table of strings"),
    Mistake(text: "[host]\nlabels = { a = true }\n", line: 2, says: "host.labels.a is true or false; expected a string"),
    Mistake(text: "[host.labels]\na = 'x'\nb = 1.5\n", line: 3, says: "host.labels.b is a number with a fraction"),
    Mistake(text: "[certificate]\nmax_lifetime = 12\n", line: 2, says: "certificate.max_lifetime is a whole number; expected"),
    Mistake(text: "[certificate]\nmax_lifetime = 2026-11-21\n", line: 2, says: "certificate.max_lifetime is a date"),
    Mistake(text: "[certificate]\nsingle_use = 'no'\n", line: 2, says: "certificate.single_use is a string; expected true or false"),
    Mistake(text: "[certificate]\ntrusted_ca = '/x'\n", line: 2, says: "certificate.trusted_ca is a string; expected a list of strings"),
    Mistake(text: "[certificate]\ntrusted_ca = ['/x', 1]\n", line: 2, says: "certificate.trusted_ca is a list; expected a list of strings"),
    Mistake(text: "[accounts]\nuid_range = ['1', '2']\n", line: 2, says: "accounts.uid_range is a list; expected a list of two whole numbers"),
    // Values.
    Mistake(text: "[certificate]\nmax_lifetime = '12 h'\n", line: 2, says: "is no duration"),
    Mistake(text: "[certificate]\nmax_lifetime = '0s'\n", line: 2, says: "out of bounds; expected 1s to 30d"),
    Mistake(text: "[certificate]\nmax_lifetime = '-1h'\n", line: 2, says: "is no duration"),
    Mistake(text: "[certificate]\nmax_lifetime = '99999999999d'\n", line: 2, says: "is no duration"),
    Mistake(text: "[certificate]\nclock_skew = '11m'\n", line: 2, says: "out of bounds; expected 0s to 10m"),
    Mistake(text: "[certificate]\nsubject = 'keyid'\n", line: 2, says: "did you mean 'key-id'?"),
    Mistake(text: "[certificate]\nsubject = 'extension:'\n", line: 2, says: "expected \"key-id\""),
    Mistake(text: "[policy]\ndialect = 'autzen'\n", line: 2, says: "did you mean 'authzen'?"),
    Mistake(text: "[policy]\ndialect = 'opa'\nendpoints = ['https://a.example/access/v1/evaluation']\n", line: 3, says: "is no address of OPA's data API"),
    Mistake(text: "[policy]\ndialect = 'opa'\nendpoints = ['https://a.example/v0/data/']\n", line: 3, says: "is no address of OPA's data API"),
    Mistake(text: "[policy]\ndialect = 'opa'\nendpoints = ['https://a.example/v0/data/x', 'https://b.example/v1/data/x']\n", line: 3, says: "mixes"),
    Mistake(text: "[certificate]\nworkload_principals = ['a,b']\n", line: 2, says: "'a,b' is no pattern of a login name"),
    Mistake(text: "[certificate]\nworkload_principals = ['']\n", line: 2, says: "'' is no pattern of a login name"),
    Mistake(text: "[certificate]\nworkload_extension = 'a b'\n", line: 2, says: "printable letters only"),
    Mistake(text: "[policy]\nattributes_in = 'action'\n", line: 2, says: "expected \"subject\" or \"context\""),
    Mistake(text: "[policy]\ndeadline = '2m'\n", line: 2, says: "expected 1s to 1m"),
    Mistake(text: "[host]\nid = \"a\\nb\"\n", line: 2, says: "expected one line"),
    Mistake(text: "[host]\ncandidate_programs = ['sshd']\n", line: 2, says: "expected an absolute path"),
    Mistake(text: "[host]\ncandidate_programs = ['/usr/sbin/a:b']\n", line: 2, says: "expected an absolute path"),
    Mistake(text: "[host]\ncandidate_programs = []\n", line: 2, says: "expected 1 to 16"),
    Mistake(text: "[accounts]\nnames = []\n", line: 2, says: "expected 1 to 64"),
    Mistake(text: "[accounts]\nnames = ['Alice']\n", line: 2, says: "'Alice' matches no name"),
    Mistake(text: "[accounts]\nnames = ['a?']\n", line: 2, says: "'a?' matches no name"),
    Mistake(text: "[session]\nmax_duration = '31d'\n", line: 2, says: "expected 1s to 30d"),
    Mistake(text: "[certificate]\nrevoked = ['/etc/sojourn/revoked.krl']\n", line: 2, says: "/etc/sojourn/revoked.krl: it is missing"),
    Mistake(text: "[certificate]\nrevoked = ['revoked.krl']\n", line: 2, says: "is no plain absolute path"),
    Mistake(text: "[certificate]\nrevoked = ['/etc/sojourn/user_ca.pub', '/etc/sojourn/user_ca.pub']\n", line: 2, says: "stands there twice"),
    Mistake(text: "[certificate]\nrevoked = ['/etc/passwd']\n", line: 2, says: "/etc/passwd: line 1 is no public key"),
    Mistake(text: "[policy]\nvia = 'relais'\n", line: 2, says: "expected \"relay\" or \"direct\""),
    Mistake(text: "[policy]\napproval_wait = '91s'\n", line: 2, says: "expected 0s to 90s"),
    Mistake(text: "[session]\nreevaluate = '2d'\n", line: 2, says: "expected 0s to 1d"),
    Mistake(text: "[session]\nreevaluate = 60\n", line: 2, says: "expected a duration"),
    Mistake(text: "[session]\nwarn_before = '25h'\n", line: 2, says: "expected 0s to 1d"),
    Mistake(text: "[session]\nwhen_unreachable = 'end'\n", line: 2, says: "expected \"keep\", or \"end after\""),
    Mistake(text: "[session]\nwhen_unreachable = 'end after 5'\n", line: 2, says: "expected \"keep\", or \"end after\""),
    Mistake(text: "[session]\nwhen_unreachable = 'end after 2d'\n", line: 2, says: "a duration up to 1d"),
    Mistake(text: "[session]\nwhen_unreachable = 'Keep'\n", line: 2, says: "'Keep' is not known"),
    Mistake(text: "[break_glass]\nnames = ['root']\n", line: 2, says: "does nothing without break_glass.ca"),
    Mistake(text: "[break_glass]\ngroups = ['dbops']\n", line: 2, says: "'dbops' is not granted on this host"),
    Mistake(text: "[accounts]\ngroups = ['dbops']\nuid_range = [80000, 99999]\n[break_glass]\ngroups = ['dbops']\n", line: 5, says: "does nothing without break_glass.ca"),
    Mistake(text: "[break_glass]\nnames = ['root']\nca = 'x.pub'\n", line: 3, says: "'x.pub' is no plain absolute path"),
    Mistake(text: "[break_glass]\nnames = ['root']\nca = '/x'\n", line: 3, says: "/x is missing"),
    Mistake(text: "[break_glass]\nca = '/x'\n", line: 2, says: "break_glass.names is empty"),
    Mistake(text: "[break_glass]\nca = '/x'\nnames = []\n", line: 3, says: "break_glass.names is empty"),
    Mistake(text: "[break_glass]\nca = '/x'\nnames = ['root', 'ops-*']\n", line: 3, says: "'ops-*' is no login name; expected exact names"),
    Mistake(text: "[break_glass]\nca = '/x'\nnames = ['root', 'root']\n", line: 3, says: "names 'root' twice"),
    Mistake(text: "[certificate]\ntrusted_ca = ['/etc/sojourn/user_ca.pub']\n[break_glass]\nnames = ['root']\nca = '/etc/sojourn/user_ca.pub'\n", line: 5, says: "holds a key that /etc/sojourn/user_ca.pub holds too"),
    Mistake(text: "[break_glass]\nmax_duration = '2d'\n", line: 2, says: "expected 1s to 1d"),
    Mistake(text: "[break_glass]\nmax_duration = 'x'\n", line: 2, says: "is no duration"),
  ]

  @Test("every mistake", arguments: mistakes)
  func isTold(_ mistake: Mistake) throws {
    let host = try WrittenHost()
    let read = try host.read(mistake.text)
    #expect(read.configuration == nil)
    #expect(read.errors.contains { $0.place == Place(file: Self.main, line: mistake.line) && $0.sentence.contains(mistake.says) },
      "\(mistake.text.debugDescription): \(read.problems.map { $0.line })")
  }

  @Test func tellsEveryMistakeAtOnce() throws {
    let host = try WrittenHost()
    let read = try host.readLeast(and: "[host]\nid = 1\nfoo = 2\n[session]\nmax_duration = 'x'\nbar = 1\n")
    #expect(read.errors.count == 4)
    #expect(read.errors.map { $0.place.line } == [8, 9, 11, 12])
  }

  @Test func namesTheDropInInWhichTheMistakeIs() throws {
    let host = try WrittenHost()
    let read = try host.read(WrittenHost.least + WrittenHost.range, dropIns: [("50-x.toml", "\n[session]\nmax_duration = 'long'\n")])
    #expect(read.errors.map { $0.place } == [Place(file: "/etc/sojourn/sojourn.toml.d/50-x.toml", line: 3)])
  }

  @Test func saysWhatIsMissingWhereItsTableStands() throws {
    let host = try WrittenHost()
    let read = try host.read("# empty\n[policy]\n" + WrittenHost.range)
    #expect(read.errors.map { $0.line } == [
      "/etc/sojourn/sojourn.toml:1: certificate.trusted_ca is missing; expected a list of strings, such as [\"one\", \"two\"]",
      "/etc/sojourn/sojourn.toml:2: policy.endpoints is missing; expected a list of strings, such as [\"one\", \"two\"]",
    ])
  }

  @Test func escapesWhatItRepeats() throws {
    let host = try WrittenHost()
    let read = try host.read("\"\\u001b[31m\" = 1\n")
    #expect(read.errors.count >= 1)
    #expect(read.problems.allSatisfy { $0.line.utf8.allSatisfy { $0 >= 32 && $0 < 127 } })
  }

  @Test func refusesAFileThatOthersCanWrite() throws {
    let host = try WrittenHost()
    try host.write("/etc/sojourn/sojourn.toml", WrittenHost.least + WrittenHost.range, mode: 0o666)
    let read = ConfigurationFiles.read(host.files)
    #expect(read.configuration == nil && !read.isUnreadable)
    #expect(read.errors.contains { $0.sentence.contains("chmod go-w") })
  }

  @Test func refusesAFileInADirectoryThatOthersCanWrite() throws {
    let host = try WrittenHost()
    try host.write("/etc/sojourn/sojourn.toml", WrittenHost.least + WrittenHost.range)
    try host.mode("/etc/sojourn", 0o777)
    #expect(ConfigurationFiles.read(host.files).errors.contains { $0.sentence.contains("its directory /etc/sojourn can be changed") })
  }

  @Test func saysThatAFileIsMissingOrADirectory() throws {
    let host = try WrittenHost()
    #expect(ConfigurationFiles.read(host.files).isUnreadable)
    try host.directory("/etc/sojourn/sojourn.toml")
    let read = ConfigurationFiles.read(host.files)
    #expect(read.isUnreadable && read.errors.contains { $0.sentence.contains("no regular file") })
  }

  @Test func refusesTextThatIsNotUTF8AtItsLine() throws {
    let read = ConfigurationFiles.check(Array("[host]\nid = \"".utf8) + [0xC3, 0x28] + Array("\"\n".utf8), try WrittenHost().files)
    #expect(read.errors.map { $0.line } == ["/etc/sojourn/sojourn.toml:2: is not UTF-8 text"])
  }

  @Test(.timeLimit(.minutes(2))) func hostileShapesAreToldInNoTime() throws {
    let files = try WrittenHost().files
    for count in [2001, 100_000] {
      let dotted = String(repeating: "a.", count: count) + "a = 1\n"
      #expect(ConfigurationFiles.check(Array(dotted.utf8), files).errors.contains { $0.sentence.contains("dots") })
    }
    let header = "[" + String(repeating: "host.", count: 2000) + "x]\ny = 1\n"
    #expect(ConfigurationFiles.check(Array(header.utf8), files).errors.contains { $0.sentence.contains("nested deeper") })
    let many = "[host]\n" + (0..<2_000).map { "k\($0) = 1\n" }.joined()
    let read = ConfigurationFiles.check(Array(many.utf8), files)
    #expect(read.errors.count > 100 && read.errors.count < 120 && read.errors.contains { $0.sentence.contains("too many faults") })
    let long = "[certificate]\ntrusted_ca = [" + String(repeating: "'/x',", count: 4_000) + "]\n"
    #expect(ConfigurationFiles.check(Array(long.utf8), files).errors.contains { $0.sentence.contains("expected 1 to 64") })
  }

  @Test func refusesAFileThatIsTooLongOrTooDeep() throws {
    let files = try WrittenHost().files
    #expect(ConfigurationFiles.check([UInt8](repeating: 35, count: 300_000), files).errors.count == 1)
    let deep = "a = " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + "\n"
    #expect(ConfigurationFiles.check(Array(deep.utf8), files).errors.contains { $0.sentence.contains("not TOML") })
  }
}
