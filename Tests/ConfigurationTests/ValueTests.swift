import Configuration
@testable import ConfigurationFile
import Encoding
import Foundation
import Testing

@Suite("Values are checked against this host")
struct ValueTests {
  func sentences(_ more: String, _ prepare: (WrittenHost) throws -> Void = { _ in }) throws -> [String] {
    let host = try WrittenHost()
    try prepare(host)
    return try host.readLeast(and: more).errors.map { $0.sentence }
  }

  @Test func takesTheLeastConfigurationAndFillsInTheDefaults() throws {
    let host = try WrittenHost()
    let read = try host.readLeast(and: "")
    let c = try #require(read.configuration, "\(read.problems.map { $0.line })")
    #expect(read.problems.isEmpty)
    #expect(c.certificate.maxLifetime == 43200 && c.certificate.clockSkew == 30 && c.certificate.trusted.count == 1)
    #expect(c.policy.deadline == 5000 && c.policy.endpoints.count == 1 && c.policy.caFile == nil)
    #expect(c.host.id == "db1" && c.host.candidatePrograms == ["/usr/sbin/sshd", "/usr/lib/openssh/sshd-session"])
    #expect(c.accounts.names == ["*"] && c.accounts.shell == "/bin/bash" && c.accounts.homeRoot == "/var/lib/sojourn/home")
    #expect(c.session.maxDuration == 43200 && !c.session.endWithCertificate)
  }

  @Test func whatIsPublishedIsReadBackAsTheSame() throws {
    let host = try WrittenHost()
    let read = try host.readLeast(and: "groups = ['dbops']\n[host]\nlabels = { role = 'database', \"a.b\" = 'ü' }\n")
    let text = try #require(read.configuration?.json.text())
    let again = try PublishedConfiguration.parse(text)
    #expect(again.json.text() == text)
  }

  @Test func laterFilesWinKeyByKeyAndReplaceListsAndLabelsWhole() throws {
    let host = try WrittenHost()
    let read = try host.read(WrittenHost.least + "[accounts]\nuid_range = [80000, 90000]\ngroups = ['dbops', 'deploy']\n[host]\nlabels = { a = '1', b = '2' }\n",
      dropIns: [("20-b.toml", "[accounts]\ngroups = ['deploy']\n[host.labels]\nc = '3'\n"), ("10-a.toml", "[accounts]\ngroups = []\n[session]\nmax_duration = '1h'\n"),
        ("99-not.conf", "nonsense"), (".hidden.toml", "nonsense")])
    let c = try #require(read.configuration, "\(read.problems.map { $0.line })")
    #expect(c.accounts.groups == ["deploy"] && c.accounts.range.first == 80000 && c.session.maxDuration == 3600)
    #expect(c.host.labels.map { $0.name } == ["c"])
    #expect(read.files == ["/etc/sojourn/sojourn.toml", "/etc/sojourn/sojourn.toml.d/10-a.toml", "/etc/sojourn/sojourn.toml.d/20-b.toml"])
  }

  @Test func takesOPAInEitherForm() throws {
    for (path, isWrapped) in [("/v0/data/sojourn/login/answer", false), ("/v1/data/sojourn/login/answer?metrics=true", true)] {
      let host = try WrittenHost()
      let text = WrittenHost.least.replacingOccurrences(of: "/access/v1/evaluation\"]", with: "\(path)\"]\ndialect = \"opa\"") + WrittenHost.range
      let read = try host.read(text)
      let policy = try #require(read.configuration, "\(read.problems.map { $0.line })").policy
      guard case .opa = policy.dialect, let route = OPARoute(url: policy.endpoints[0].url) else { throw MissingRoute() }
      if case .wrapped = route { #expect(isWrapped) } else { #expect(!isWrapped) }
      let again = try PublishedConfiguration.parse(try #require(read.configuration?.json.text()))
      guard case .opa = again.policy.dialect else { throw MissingRoute() }
    }
  }
  struct MissingRoute: Error {}

  @Test func takesWhatTellsWorkloads() throws {
    let host = try WrittenHost()
    let text = WrittenHost.least.replacingOccurrences(of: "[policy]", with: "workload_principals = ['deploy-*', 'ci?']\nworkload_extension = 'workload@example.com'\n[policy]")
    let read = try host.read(text + WrittenHost.range)
    let rules = try #require(read.configuration, "\(read.problems.map { $0.line })").certificate
    #expect(rules.workloadPrincipals == ["deploy-*", "ci?"] && rules.workloadExtension == "workload@example.com")
    let again = try PublishedConfiguration.parse(try #require(read.configuration?.json.text())).certificate
    #expect(again.workloadPrincipals == rules.workloadPrincipals && again.workloadExtension == rules.workloadExtension)
  }

  // MARK: authorities

  /// A public key of CredentialsTests, as `type base64 name`.
  static func authority(_ name: String) -> String {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../CredentialsTests/Vectors/authorities.txt")
    let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    return lines.first { $0.hasSuffix(" " + name) } ?? ""
  }

  @Test("a file of authorities", arguments: [
    ("", "holds no key"),
    ("# only words\n\n", "holds no key"),
    ("ssh-rsa AAAAB3NzaC1yc2E= x\n", "damaged"),
    ("ecdsa-sha2-nistp256 AAAA x\n", "damaged"),
    ("ecdsa-sha2-nistp256 \(WrittenHost.key(1)) x\n", "it is of the type ssh-ed25519"),
    ("ssh-dss AAAA x\n", "no public key of a type that may sign certificates"),
    ("\(authority("small_rsa_ca"))\n", "is an RSA key of 2048 bits, and 3072 are the least"),
    ("ssh-ed25519-cert-v01@openssh.com AAAA x\n", "a certificate; expected the public key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\n", "a private key"),
    ("cert-authority \(WrittenHost.authority)\n", "without options before it"),
    ("ssh-ed25519\n", "damaged"),
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== x\n", "damaged"),
    ("ssh-ed25519 \(WrittenHost.key(1).dropLast(4))\n", "damaged"),
    ("\(WrittenHost.authority)\n\n\(WrittenHost.authority)\n", "line 3: the same key again"),
  ])
  func isRefused(_ file: (text: String, says: String)) throws {
    let told = try sentences("") { try $0.write("/etc/sojourn/user_ca.pub", file.text) }
    #expect(told.count == 1 && told[0].contains(file.says), "\(told)")
  }

  @Test func takesSeveralAuthoritiesWithComments() throws {
    let host = try WrittenHost()
    try host.write("/etc/sojourn/user_ca.pub", "# ours\nssh-ed25519 \(WrittenHost.key(1))\r\n\n  ssh-ed25519\t\(WrittenHost.key(2)) a comment\n")
    #expect(try host.readLeast(and: "").configuration?.certificate.trusted.map { $0.file } == ["/etc/sojourn/user_ca.pub", "/etc/sojourn/user_ca.pub"])
  }

  @Test func refusesAnAuthorityFileThatOthersCanWriteOrThatIsMissing() throws {
    #expect(try sentences("") { try $0.mode("/etc/sojourn/user_ca.pub", 0o664) }.contains { $0.contains("can be changed by others") })
    let host = try WrittenHost()
    let text = WrittenHost.least.replacingOccurrences(of: "user_ca.pub", with: "nowhere.pub") + WrittenHost.range
    #expect(try host.read(text).errors.map { $0.sentence } == ["certificate.trusted_ca: /etc/sojourn/nowhere.pub is missing; expected a file with public keys"])
  }

  @Test func followsLinksAndWantsTheDirectoriesAboveTheirTargetsToBeRoots() throws {
    let host = try WrittenHost()
    try host.directory("/srv/keys/deep")
    try host.write("/srv/keys/deep/ca.pub", WrittenHost.authority + "\n")
    let text = WrittenHost.least.replacingOccurrences(of: "/etc/sojourn/user_ca.pub", with: "/etc/sojourn/keys/ca.pub") + WrittenHost.range
    // A relative link: the kernel would follow an absolute one out of the directory that stands for the host.
    try host.link("/etc/sojourn/keys", to: "../../srv/keys/deep")
    #expect(try host.read(text).errors.isEmpty)
    try host.mode("/srv/keys", 0o777)
    #expect(try host.read(text).errors.contains { $0.sentence.contains("can be changed by others") })
  }

  // MARK: numbers

  @Test("ranges that are not free", arguments: [
    ("[0, 10]", "no range of uids"), ("[1000]", "no range of uids"), ("[5000, 4000]", "no range of uids"), ("[-5, 4000]", "no range of uids"),
    ("[65536, 4294967295]", "no range of uids"), ("[2000, 3000]", "what useradd gives out"), ("[65000, 66000]", "DynamicUser"), ("[60100, 60200]", "homed"),
    ("[65534, 65600]", "nobody"), ("[65590, 65610]", "the group inside in /etc/group"), ("[69999, 70000]", "the user big in /etc/passwd"),
    ("[70001, 70002]", "the primary group of big"), ("[2000000000, 2000000001]", "subordinate ids of kim"), ("[99999, 100000]", "SUB_UID_MIN"),
    ("[600200000, 600200001]", "containers of systemd-nspawn"),
  ])
  func isNotFree(_ range: String, _ says: String) throws {
    let told = try sentences("uid_range = \(range)\n".replacingOccurrences(of: "uid_range", with: "[accounts]\nuid_range"))
    #expect(told.contains { $0.contains(says) }, "\(told)")
  }

  @Test func takesTheLargePool() throws {
    #expect(try sentences("[accounts]\nuid_range = [2013265920, 2080374783]\n").isEmpty)
  }

  // MARK: home root

  @Test("directories that are no home root", arguments: [
    "/", "/home", "/root", "/root/x", "/etc", "/etc/homes", "/usr/homes", "/var", "/var/lib", "/tmp/x", "/var/tmp/x", "/run/x", "/proc/x", "/dev/shm/x", "/srv",
    "/var/lib/sojourn", "/var/lib/sojourn/uids", "/var/lib/sojourn/uids/x", "home", "", "/srv/", "/srv//x", "/srv/../home", "/srv/./x", "/srv/a b", "/srv/a:b", "/srv/a,b",
    "/srv/big", "/srv/big/x", "/home/kim", "/home/kim/x", "/srv/link/x", "/srv/file/x", "/srv/open/x", "/srv/strange",
  ])
  func isNoHomeRoot(_ path: String) throws {
    let told = try sentences("home_root = '\(path)'\n") { host in
      try host.link("/srv/link", to: "/var/lib")
      try host.write("/srv/file", "")
      try host.directory("/srv/open")
      try host.mode("/srv/open", 0o777)
      try host.directory("/srv/strange")
    }
    #expect(told.count == 1 && told[0].hasPrefix("accounts.home_root"), "\(told)")
  }

  @Test func takesAHomeRootThatIsMissingOrMarked() throws {
    #expect(try sentences("home_root = '/srv/sojourn'\n").isEmpty)
    let told = try sentences("home_root = '/srv/sojourn'\n") { host in
      try host.directory("/srv/sojourn")
      try host.write("/srv/sojourn/.sojourn-home-root", "")
    }
    #expect(told.isEmpty, "\(told)")
  }

  @Test func refusesALongHomeRoot() throws {
    #expect(try sentences("home_root = '/srv/\(String(repeating: "a", count: 145))'\n").count == 1)
  }

  // MARK: shell, skeleton, groups, files

  @Test("shells that are none", arguments: [
    ("bash", "no plain absolute path"), ("/usr/libexec/sojourn/shell", "the gate"), ("/bin/nothing", "missing"), ("/bin/zsh", "not listed in /etc/shells"),
    ("/etc/skel", "missing or cannot be run"), ("/etc/passwd", "cannot be run"),
  ])
  func isNoShell(_ path: String, _ says: String) throws {
    let told = try sentences("shell = '\(path)'\n")
    #expect(told.count == 1 && told[0].contains(says), "\(told)")
  }

  @Test func refusesASkeletonThatIsMissingOrOpen() throws {
    #expect(try sentences("skeleton = '/etc/none'\n").count == 1)
    #expect(try sentences("skeleton = '/etc/passwd'\n").count == 1)
    #expect(try sentences("") { try $0.mode("/etc/skel", 0o777) }.count == 1)
  }

  @Test func keepsRootEquivalentGroupsOutUntilTheyAreNamedTwice() throws {
    let host = try WrittenHost()
    let once = try host.readLeast(and: "groups = ['dbops', 'sudo']\n")
    #expect(once.configuration?.accounts.groups == ["dbops"])
    #expect(once.problems.contains { $0.severity == .warning && $0.sentence.contains("'sudo' can become root") })
    let twice = try host.readLeast(and: "groups = ['dbops', 'sudo']\nroot_equivalent_groups = ['sudo']\n")
    #expect(twice.configuration?.accounts.groups == ["dbops", "sudo"] && twice.configuration?.accounts.rootEquivalentGroups == ["sudo"])
    #expect(twice.problems.isEmpty)
  }

  @Test("groups that may not be granted", arguments: [
    ("groups = ['root']\nroot_equivalent_groups = ['root']\n", "the number 0"), ("groups = ['inside']\nuid_range = [65536, 65700]\n", "out of uid_range"),
    ("groups = ['a:b']\n", "no name of a group"), ("groups = ['']\n", "no name of a group"), ("groups = ['dbops', 'dbops']\n", "twice"),
    ("groups = ['dbops']\nroot_equivalent_groups = ['dbop']\n", "did you mean 'dbops'?"),
  ])
  func mayNotBeGranted(_ text: String, _ says: String) throws {
    let told = try sentences(text.contains("uid_range") ? "[accounts]\n" + text : text)
    #expect(told.contains { $0.contains(says) }, "\(told)")
  }

  @Test func warnsOfAGroupThatDoesNotExist() throws {
    let read = try WrittenHost().readLeast(and: "groups = ['ghosts']\n")
    #expect(read.configuration != nil && read.problems.contains { $0.severity == .warning && $0.sentence.contains("'ghosts' does not exist") })
  }

  @Test func checksTheFilesOfThePolicyConnection() throws {
    let certificate = "-----BEGIN CERTIFICATE-----\n", key = "-----BEGIN PRIVATE KEY-----\n"
    func told(_ more: String) throws -> [String] {
      let host = try WrittenHost()
      try host.write("/etc/sojourn/c.pem", certificate)
      try host.write("/etc/sojourn/k.pem", key, mode: 0o600)
      try host.write("/etc/sojourn/open.pem", key, mode: 0o640)
      try host.write("/etc/sojourn/token", "abc\n", mode: 0o600)
      try host.write("/etc/sojourn/bad-token", "a b\n", mode: 0o600)
      try host.write("/etc/sojourn/empty", "", mode: 0o600)
      try host.write("/etc/sojourn/two-tokens", "abc\ndef\n", mode: 0o600)
      try host.write("/etc/sojourn/colon-token", "user:abc\n", mode: 0o600)
      try host.write("/etc/sojourn/locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", mode: 0o600)
      let text = WrittenHost.least + more + WrittenHost.range
      return try host.read(text).errors.map { $0.sentence }
    }
    #expect(try told("ca_file = '/etc/sojourn/c.pem'\nclient_certificate = '/etc/sojourn/c.pem'\nclient_key = '/etc/sojourn/k.pem'\ntoken_file = '/etc/sojourn/token'\n").isEmpty)
    for (more, says) in [
      ("ca_file = '/etc/sojourn/none.pem'\n", "is missing"), ("ca_file = '/etc/sojourn/token'\n", "no PEM file with a certificate"),
      ("client_certificate = '/etc/sojourn/c.pem'\n", "needs client_key too"), ("client_key = '/etc/sojourn/k.pem'\n", "needs client_certificate too"),
      ("client_certificate = '/etc/sojourn/c.pem'\nclient_key = '/etc/sojourn/open.pem'\n", "chmod 600"),
      ("token_file = '/etc/sojourn/bad-token'\n", "does not hold one line"), ("token_file = '/etc/sojourn/empty'\n", "does not hold one line"), ("token_file = '/etc/sojourn'\n", "no regular file"),
      ("token_file = 'token'\n", "no plain absolute path"), ("token_file = '/etc/sojourn/two-tokens'\n", "does not hold one line"),
      ("token_file = '/etc/sojourn/colon-token'\n", "does not hold one line"),
      ("client_certificate = '/etc/sojourn/c.pem'\nclient_key = '/etc/sojourn/locked.pem'\n", "is encrypted"),
    ] {
      #expect(try told(more).contains { $0.contains(says) }, "\(more)")
    }
  }

  @Test("durations", arguments: [("90s", 90), ("5m", 300), ("12h", 43200), ("1d", 86400), ("0s", 0)] as [(String, UInt64)])
  func readsDurations(_ text: String, _ seconds: UInt64) { #expect(WrittenDuration.seconds(text) == seconds) }

  @Test("texts that are no durations", arguments: ["", "s", "5", "5 m", "5M", "-5s", "+5s", "1.5h", "5mm", "99999999999s", "1w"])
  func refusesAsADuration(_ text: String) { #expect(WrittenDuration.seconds(text) == nil) }
}
