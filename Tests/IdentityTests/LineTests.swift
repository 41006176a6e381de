import HostSystem
import Identity
import Testing

@Suite struct LineTests {
  static let rules = "1:65536:99999:990:/var/lib/sojourn/home:/usr/libexec/sojourn/shell:a*,deploy-*:/usr/sbin/sshd,/usr/lib/openssh/sshd-session\n"

  private func text(_ line: [UInt8], _ range: Range<Int>) -> String { String(decoding: line[range], as: UTF8.self) }

  @Test func readsTheRulesOfCandidates() throws {
    let line = Array(LineTests.rules.utf8)
    let rules = try #require(CandidateRules(bytes: line))
    #expect(rules.range == UIDRange(first: 65536, last: 99999))
    #expect(rules.group == 990)
    #expect(text(line, rules.homeRoot) == "/var/lib/sojourn/home")
    #expect(text(line, rules.shell) == "/usr/libexec/sojourn/shell")
    for (name, right) in [("alice", true), ("a", true), ("deploy-", true), ("deploy", false), ("bob", false), ("xdeploy-", false)] {
      #expect(rules.admits(try #require(AccountName(name)), bytes: line) == right, "\(name)")
    }
    for (program, right) in [
      ("/usr/sbin/sshd", true), ("/usr/lib/openssh/sshd-session", true), ("/usr/sbin/ssh", false), ("/usr/sbin/sshd ", false), ("", false),
      ("/usr/sbin/sshd,/usr/lib/openssh/sshd-session", false), ("/usr/sbin/sshd (deleted)", false),
    ] {
      #expect(rules.serves(program, bytes: line) == right, "\(program)")
    }
  }

  /// Every byte changed to every value: refused, or still rules whose parts can be used.
  @Test func noByteOfTheRulesCanBeChangedIntoATrap() throws {
    let good = Array(LineTests.rules.utf8)
    var refused = 0, accepted = 0
    for at in good.indices {
      for value in UInt8.min...UInt8.max where value != good[at] {
        var line = good
        line[at] = value
        guard let rules = CandidateRules(bytes: line) else {
          refused += 1
          continue
        }
        accepted += 1
        let separator = good[at] == 58 || good[at] == 10 || at == 0
        #expect(!separator && value != 58 && value >= 32 && value != 127, "byte \(at) as \(value)")
        #expect(rules.group > 0 && line[rules.homeRoot.lowerBound] == 47 && line[rules.shell.lowerBound] == 47)
        for name in ["alice", "deploy-x", "z"] { _ = rules.admits(try #require(AccountName(name)), bytes: line) }
        _ = rules.serves("/usr/sbin/sshd", bytes: line)
      }
    }
    #expect(refused > 5000 && accepted > 10000)
    for length in good.indices { #expect(CandidateRules(bytes: Array(good[..<length])) == nil, "cut at \(length)") }
    #expect(CandidateRules(bytes: good + [10]) == nil && CandidateRules(bytes: good + [97]) == nil && CandidateRules(bytes: good + good) == nil)
  }

  @Test func rulesHaveACap() {
    let head = "1:65536:99999:990:/h:/s:*:/"
    #expect(CandidateRules(bytes: Array((head + String(repeating: "x", count: 4096 - head.utf8.count - 1) + "\n").utf8)) != nil)
    #expect(CandidateRules(bytes: Array((head + String(repeating: "x", count: 4096 - head.utf8.count) + "\n").utf8)) == nil)
  }

  @Test func readsAnAccountsLine() throws {
    let line = Array("alice:*:70001:70001:Alice É:/var/lib/sojourn/home/alice:/usr/libexec/sojourn/shell\n".utf8)
    let account = try #require(PasswdLine(bytes: line))
    #expect(account.name.text == "alice" && account.uid == 70001)
    #expect(text(line, account.gecos) == "Alice É")
    #expect(text(line, account.home) == "/var/lib/sojourn/home/alice")
    #expect(text(line, account.shell) == "/usr/libexec/sojourn/shell")
  }

  @Test(arguments: [
    "", "\n", "alice:*:70001:70001::/h:/s", "alice:*:70001:70001::/h:/s\n\n", "alice:*:70001:70001::/h\n", "alice:*:70001:70001::/h:/s:\n",
    "Alice:*:70001:70001::/h:/s\n", ":*:70001:70001::/h:/s\n", "alice:x:70001:70001::/h:/s\n", "alice::70001:70001::/h:/s\n", "alice:*:0:0::/h:/s\n",
    "alice:*:999:999::/h:/s\n", "alice:*:2147483648:2147483648::/h:/s\n", "alice:*:70001:70002::/h:/s\n", "alice:*:070001:070001::/h:/s\n",
    "alice:*:70001 :70001::/h:/s\n", "alice:*:::::/h:/s\n", "alice:*:70001:70001::h:/s\n", "alice:*:70001:70001::/h:\n", "alice:*:70001:70001::/h:s\n",
    "alice:*:70001:70001:\u{1b}[2J:/h:/s\n", "alice:*:70001:70001:\u{7f}:/h:/s\n", "alice:*:70001:70001:\0:/h:/s\n", "alice:*:70001:70001:\t:/h:/s\n",
  ])
  func refusesWhatIsNoAccountsLine(text: String) { #expect(PasswdLine(bytes: Array(text.utf8)) == nil) }

  @Test(arguments: [("alice:*:70001:\n", true), ("alice:*:70001:bob\n", false), ("alice:*:70001\n", false), ("alice:x:70001:\n", false), ("alice:*:0:\n", false),
    ("alice:*:70001:", false), ("alice:*:70001::\n", false), ("", false)])
  func readsAGroupsLine(text: String, right: Bool) { #expect((GroupLine(bytes: Array(text.utf8)) != nil) == right) }

  private func members(_ text: String) -> [UInt32]? {
    var line = MemberLine(), gids: [UInt32] = []
    for byte in text.utf8 {
      switch line.take(byte) {
      case .goOn: continue
      case .gid(let gid): gids.append(gid)
      case .damaged:
        #expect(!line.isWhole)
        #expect(line.take(10) == .damaged && line.take(49) == .damaged && !line.isWhole, "it goes on after damage")
        return nil
      }
    }
    return line.isWhole ? gids : nil
  }

  @Test(arguments: [("990\n", [990]), ("1,2,4294967294\n", [1, 2, 4294967294]), ("5,5\n", [5, 5])] as [(String, [UInt32])])
  func readsMembers(text: String, right: [UInt32]) { #expect(members(text) == right) }

  @Test(arguments: ["", "\n", "990", "990,", "990,\n", ",990\n", "9,,9\n", "0\n", "1,0\n", "01\n", "4294967295\n", "99999999999\n", "-1\n", "1 \n", "1\n\n", "1\n1", "1\0\n", "a\n"])
  func refusesWhatAreNoMembers(text: String) { #expect(members(text) == nil) }

  @Test func membersHaveACap() {
    let full = String(repeating: "77777,", count: 65535 / 6) + "777"
    #expect(full.utf8.count == 65535)
    #expect(members(full + "\n")?.count == 10923)
    #expect(members(full + "7\n") == nil)
  }

  @Test(arguments: [("0", 0), ("1", 1), ("4294967294", 4294967294)] as [(String, UInt32)])
  func readsDecimals(text: String, right: UInt32) { #expect(Decimal.read(text) == right) }

  @Test(arguments: ["", "00", "01", "4294967295", "4294967296", "9999999999", "10000000000", "+1", "-1", " 1", "1 ", "1a", "٣", "0x1"])
  func refusesWhatIsNoDecimal(text: String) { #expect(Decimal.read(text) == nil) }

  @Test func refusesADecimalOutsideOfTheText() {
    #expect(Decimal.read("123", 0..<4) == nil && Decimal.read("123", 2..<2) == nil && Decimal.read("123", -1..<2) == nil)
    #expect(Decimal.read("123", 1..<3) == 23)
  }
}

@Suite struct PlacesTests {
  @Test func bothFormsOfAPlaceAreOne() {
    for (literal, directory) in [
      (ProjectionPlaces.passwd, "passwd"), (ProjectionPlaces.passwdByUID, "passwd-uid"), (ProjectionPlaces.group, "group"),
      (ProjectionPlaces.groupByGID, "group-gid"), (ProjectionPlaces.member, "member"), (ProjectionPlaces.shell, "shell"),
      (ProjectionPlaces.candidate, "candidate"),
    ] {
      #expect(literal.description == Places.projection + "/" + directory)
    }
    #expect(ProjectionPlaces.uids.description == Places.uids)
  }
}

@Suite struct StackTextTests {
  private func string<let size: Int>(_ text: StackText<size>) -> String { text.withSpan { s in String(decoding: (0..<s.count).map { s[$0] }, as: UTF8.self) } }

  @Test func appendsWhatFits() throws {
    var path = PathBuffer("/a/")
    path.append(try #require(AccountName("alice")))
    path.append("/")
    path.append(decimal: 0)
    path.append(decimal: 4_294_967_295)
    path.append(UInt8(ascii: "x"))
    #expect(string(path) == "/a/alice/04294967295x" && !path.overflowed)
  }

  @Test func anOverflowedPathOpensNothing() throws {
    var path = PathBuffer("/etc/")
    for _ in 0..<250 { path.append(UInt8(ascii: "/")) }
    #expect(path.count == 255 && !path.overflowed)
    #expect(try path.facts().isDirectory)
    path.append(UInt8(ascii: "/"))
    #expect(path.count == 255 && path.overflowed)
    #expect(path.open() == -1)
    #expect(throws: SystemError("stat", code: 36)) { try path.facts() }
    var cut = PathBuffer("/etc")
    cut.append(0)
    #expect(cut.overflowed && cut.open(directory: true) == -1)
  }

  @Test func aNumberThatDoesNotFitIsAnOverflow() {
    var short = StackText<4>()
    short.append(decimal: 1234)
    #expect(short.overflowed && short.count == 3)
    var exact = StackText<5>()
    exact.append(decimal: 1234)
    #expect(!exact.overflowed && exact.count == 4 && exact[3] == 52 && exact[4] == 0 && exact[-1] == 0)
  }
}
