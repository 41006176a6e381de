import Configuration
@testable import ConfigurationFile
import Encoding
import Testing

/// `[[ca]]`: authorities with limits of their own.
@Suite struct AuthorityTests {
  static let rest = "[policy]\nendpoints = [\"https://policy.example.com/access/v1/evaluation\"]\n" + WrittenHost.range

  static func host() throws -> WrittenHost {
    let host = try WrittenHost()
    try host.write("/etc/sojourn/ci_ca.pub", "ssh-ed25519 \(WrittenHost.key(9)) ci\n")
    return host
  }

  static let whole = """
    [[ca]]
    key = "/etc/sojourn/user_ca.pub"

    [[ca]]
    key = "/etc/sojourn/ci_ca.pub"
    kind = "workload"
    principals = ["deploy-*"]
    subjects = ["spiffe://example.com/ci/*", "deploy bot"]
    max_lifetime = "15m"
    networks = ["10.0.0.0/8", "2001:db8::/32"]
    attributes = { roles = "extension:teleport-roles:json:.roles", mail = "key-id" }

    """

  @Test func readsWhatIsWritten() throws {
    let read = try Self.host().read(Self.whole + Self.rest)
    let trusted = try #require(read.configuration?.certificate.trusted, "\(read.problems.map { $0.line })")
    #expect(trusted.map { $0.file } == ["/etc/sojourn/user_ca.pub", "/etc/sojourn/ci_ca.pub"])
    #expect(trusted.map { $0.kind } == [.user, .workload])
    #expect(trusted[0].principals.isEmpty && trusted[0].maxLifetime == nil && trusted[0].networks.isEmpty && trusted[0].attributes.isEmpty)
    #expect(trusted[0].subjects.isEmpty && trusted[1].subjects == ["spiffe://example.com/ci/*", "deploy bot"])
    #expect(trusted[1].principals == ["deploy-*"] && trusted[1].maxLifetime == 900 && trusted[1].networks == ["10.0.0.0/8", "2001:db8::/32"])
    #expect(Set(trusted[1].attributes.map { $0.name + "=" + $0.source }) == ["roles=extension:teleport-roles:json:.roles", "mail=key-id:string"])
  }

  @Test func publishesAllOfIt() throws {
    let written = try #require(try Self.host().read(Self.whole + Self.rest).configuration)
    let text = try #require(written.json.text())
    let read = try PublishedConfiguration(json: JSONValue.parse(text))
    #expect(read.json.text() == text)
    #expect(read.certificate.trusted[1].subjects.count == 2 && read.certificate.trusted[1].networks.count == 2 && read.certificate.trusted[0].maxLifetime == nil)
  }

  @Test(arguments: [
    ("[[ca]]\nkind = 'user'\n", "2: ca.key is missing"),
    ("[[ca]]\nkey = 7\n", "2: ca.key is a whole number"),
    ("[[ca]]\nkey = 'user_ca.pub'\n", "2: ca.key: 'user_ca.pub' is no plain absolute path"),
    ("[[ca]]\nkey = '/etc/sojourn/none.pub'\n", "2: ca.key: /etc/sojourn/none.pub is missing"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\n[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\n", "4: ca.key: /etc/sojourn/user_ca.pub holds a key that"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nkind = 'machine'\n", "3: ca.kind: 'machine' is not known"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nprincipals = []\n", "3: ca.principals is empty"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nprincipals = ['a,b']\n", "3: ca.principals: 'a,b'"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nprincipals = 'a'\n", "3: ca.principals is a string"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nprincipals = ['a']\n", "2: ca.subjects is missing"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nsubjects = []\n", "3: ca.subjects is empty"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nsubjects = [\"a\\u001bb\"]\n", "3: ca.subjects: '"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nsubjects = ['']\n", "3: ca.subjects: ''"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nsubjects = 'a'\n", "3: ca.subjects is a string"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nmax_lifetime = '15'\n", "3: ca.max_lifetime: '15' is no duration"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nmax_lifetime = '31d'\n", "3: ca.max_lifetime: 31d is out of bounds"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nnetworks = ['10.0.0.1/8']\n", "3: ca.networks: '10.0.0.1/8' is no range"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nnetworks = [1]\n", "3: ca.networks holds a whole number"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nattributes = 'x'\n", "3: ca.attributes is a string"),
    ("[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nattributes = { x = 'extension:y:xml' }\n", "3: ca.attributes.x cannot be read"),
    ("[certificate]\ntrusted_ca = ['/etc/sojourn/user_ca.pub']\n[[ca]]\nkey = '/etc/sojourn/ci_ca.pub'\n", "2: certificate.trusted_ca: there are [[ca]] tables too"),
  ]) func saysWhatIsWrongAndWhere(_ text: String, _ says: String) throws {
    let read = try Self.host().read(text + Self.rest)
    #expect(read.configuration == nil)
    #expect(read.problems.map { $0.line }.contains { $0.hasPrefix("/etc/sojourn/sojourn.toml:" + says) }, "\(read.problems.map { $0.line })")
  }

  /// Where the subject is the login name, ca.principals limits it already.
  @Test func asksForNoSubjectsWhereTheSubjectIsTheLoginName() throws {
    let tables = "[[ca]]\nkey = '/etc/sojourn/user_ca.pub'\nprincipals = ['a']\n"
    #expect(try Self.host().read("[certificate]\nsubject = 'principal'\n" + tables + Self.rest).configuration?.certificate.trusted.count == 1)
    #expect(try Self.host().read("[certificate]\nsubject = 'extension:login@example.com'\n" + tables + Self.rest).configuration == nil)
  }

  @Test func aLaterFilesTablesReplaceTheEarlierOnesWhole() throws {
    let read = try Self.host().read(Self.whole + Self.rest, dropIns: [("50-ca.toml", "[[ca]]\nkey = '/etc/sojourn/ci_ca.pub'\n")])
    #expect(read.configuration?.certificate.trusted.map { $0.file } == ["/etc/sojourn/ci_ca.pub"])
    #expect(read.configuration?.certificate.trusted[0].kind == .user)
  }

  @Test func takesEveryTypeOfAuthority() throws {
    for type in ["ecdsa_ca", "p384_ca", "p521_ca", "rsa_ca", "sk_ca", "sk_ecdsa_ca"] {
      let host = try WrittenHost()
      try host.write("/etc/sojourn/user_ca.pub", ValueTests.authority(type) + "\n")
      #expect(try host.readLeast(and: "").configuration?.certificate.trusted.count == 1, "\(type)")
    }
  }
}
