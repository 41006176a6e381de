public import Identity

/// The configuration as `sojourn apply` validated and published it: all that modules and daemon ever read.
/// It holds contents (keys, not key files) wherever a login would otherwise open one more file.
public struct PublishedConfiguration: Sendable {
  public var certificate: CertificateRules
  public var policy: PolicyRules
  public var host: HostFacts
  public var accounts: AccountRules
  public var session: SessionRules
  public var sudo = SudoRules()
  /// nil: there is none.
  public var breakGlass: BreakGlassRules?

  public init(certificate: CertificateRules, policy: PolicyRules, host: HostFacts, accounts: AccountRules, session: SessionRules,
    breakGlass: BreakGlassRules? = nil) {
    self.certificate = certificate
    self.policy = policy
    self.host = host
    self.accounts = accounts
    self.session = session
    self.breakGlass = breakGlass
  }
}

/// What a certificate must be (DESIGN 8, `[certificate]`).
public struct CertificateRules: Sendable {
  /// Public key blobs (RFC 4253 section 6.6) of the authorities that may sign users.
  public var trusted: [TrustedAuthority]
  /// Seconds. A certificate that is valid for longer is not ephemeral.
  public var maxLifetime: UInt64
  /// Seconds that clocks may differ.
  public var clockSkew: UInt64
  public var subject: SubjectSource
  /// Paths of the revocation lists; if there are any, nobody is let in without what was published of them (`Places.revocations`).
  public var revoked: [String]
  /// A certificate opens one session.
  public var singleUse: Bool
  /// A certificate that opens a login under a name of these patterns is a workload's, whatever its authority certifies.
  public var workloadPrincipals: [String]
  /// So is one that has this extension; empty: no extension says so.
  public var workloadExtension: String

  public init(trusted: [TrustedAuthority], maxLifetime: UInt64, clockSkew: UInt64, subject: SubjectSource, revoked: [String] = [],
    singleUse: Bool = false, workloadPrincipals: [String] = [], workloadExtension: String = "") {
    self.workloadPrincipals = workloadPrincipals
    self.workloadExtension = workloadExtension
    self.revoked = revoked
    self.singleUse = singleUse
    self.trusted = trusted
    self.maxLifetime = maxLifetime
    self.clockSkew = clockSkew
    self.subject = subject
  }
}

/// An authority, and how far it may go (`[[ca]]`). Those of `trusted_ca` have no limits of their own.
public struct TrustedAuthority: Sendable {
  public var blob: [UInt8]
  /// The file that it came from, for messages.
  public var file: String
  public var kind: SubjectKind
  /// Patterns of the login names that it may sign for; empty: all.
  public var principals: [String]
  /// Patterns of the subjects that it may speak for; empty: all.
  public var subjects: [String]
  /// Seconds; nil: only the limit of all certificates.
  public var maxLifetime: UInt64?
  /// Address ranges (`10.0.0.0/8`) that its certificates may be used from; empty: all.
  public var networks: [String]
  public var attributes: [Attribute]

  /// What its certificates may say of the subject besides who it is.
  public struct Attribute: Sendable {
    /// As the policy is told it.
    public var name: String
    /// Where it stands and how it is read: `extension:NAME:PARSER`.
    public var source: String

    public init(name: String, source: String) {
      self.name = name
      self.source = source
    }
  }

  public init(blob: [UInt8], file: String, kind: SubjectKind = .user, principals: [String] = [], subjects: [String] = [],
    maxLifetime: UInt64? = nil, networks: [String] = [], attributes: [Attribute] = []) {
    self.blob = blob
    self.file = file
    self.kind = kind
    self.principals = principals
    self.subjects = subjects
    self.maxLifetime = maxLifetime
    self.networks = networks
    self.attributes = attributes
  }
}

/// What an authority certifies; the policy is told as the subject's type.
public enum SubjectKind: Sendable, CaseIterable {
  case user, workload

  public var text: String {
    switch self {
    case .user: "user"
    case .workload: "workload"
    }
  }
}

/// What the policy is told as the subject's id.
public enum SubjectSource: Sendable {
  case keyID
  case principal
  /// The value of the certificate extension of that name.
  case certificateExtension(String)
}

/// How the policy endpoint is asked (`[policy]`).
public struct PolicyRules: Sendable {
  /// Tried in order.
  public var endpoints: [PolicyEndpoint]
  public var caFile: String?
  public var clientCertificate: String?
  public var clientKey: String?
  /// A root-only file that is read anew for every question, so that its token may be rotated.
  public var tokenFile: String?
  public var attributesIn: AttributePlace
  /// Milliseconds for everything that one decision takes.
  public var deadline: UInt64
  public var dialect: PolicyDialect
  public var via: PolicyRoute
  /// Seconds that a login may wait for somebody's approval; 0: it never waits.
  public var approvalWait: UInt64

  public init(endpoints: [PolicyEndpoint], caFile: String?, clientCertificate: String?, clientKey: String?, tokenFile: String?,
    attributesIn: AttributePlace, deadline: UInt64, dialect: PolicyDialect = .authzen, via: PolicyRoute = .direct, approvalWait: UInt64 = 0) {
    self.dialect = dialect
    self.via = via
    self.approvalWait = approvalWait
    self.endpoints = endpoints
    self.caFile = caFile
    self.clientCertificate = clientCertificate
    self.clientKey = clientKey
    self.tokenFile = tokenFile
    self.attributesIn = attributesIn
    self.deadline = deadline
  }
}

/// How question and answer are wrapped.
public enum PolicyDialect: Sendable, CaseIterable {
  /// OpenID AuthZEN Authorization API 1.0.
  case authzen
  /// OPA's data API: `/v1/data/…` wraps both, `/v0/data/…` neither.
  case opa

  public var text: String {
    switch self {
    case .authzen: "authzen"
    case .opa: "opa"
    }
  }
}

/// Who speaks to the endpoints.
public enum PolicyRoute: Sendable, CaseIterable {
  /// The daemon's relay, over connections that it keeps open: only it needs the host's key.
  case relay
  /// The login itself.
  case direct

  public var text: String {
    switch self {
    case .relay: "relay"
    case .direct: "direct"
    }
  }
}

/// One endpoint, taken apart when it was published, so that the module parses no URL.
public struct PolicyEndpoint: Sendable {
  public var url: String
  public var host: String
  public var port: UInt16
  /// `host` is an address or a loopback name: nothing has to be resolved.
  public var isLiteral: Bool
  /// A unix socket that is spoken to instead of host and port, by its absolute path; empty: none.
  public var socket: String

  public init(url: String, host: String, port: UInt16, isLiteral: Bool, socket: String = "") {
    self.socket = socket
    self.url = url
    self.host = host
    self.port = port
    self.isLiteral = isLiteral
  }
}

public enum AttributePlace: Sendable { case subject, context }

/// Who this host is to the policy (`[host]`).
public struct HostFacts: Sendable {
  public var id: String
  public var labels: [Label]
  /// Programs that see candidates: absolute paths.
  public var candidatePrograms: [String]

  public struct Label: Sendable {
    public var name: String
    public var value: String
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(id: String, labels: [Label], candidatePrograms: [String]) {
    self.id = id
    self.labels = labels
    self.candidatePrograms = candidatePrograms
  }
}

/// The host's ceilings on accounts (`[accounts]`).
public struct AccountRules: Sendable {
  public var names: [String]
  public var range: UIDRange
  public var homeRoot: String
  public var shell: String
  public var skeleton: String
  /// All that a policy may grant here.
  public var groups: [String]
  /// Those of `groups` whose members can become root; granted only because they stand here too.
  public var rootEquivalentGroups: [String]

  public init(names: [String], range: UIDRange, homeRoot: String, shell: String, skeleton: String, groups: [String],
    rootEquivalentGroups: [String]) {
    self.names = names
    self.range = range
    self.homeRoot = homeRoot
    self.shell = shell
    self.skeleton = skeleton
    self.groups = groups
    self.rootEquivalentGroups = rootEquivalentGroups
  }

  public func admits(_ name: AccountName) -> Bool { names.contains { NamePattern.matches($0, name) } }
}

/// Who may get in when endpoint and network are gone (`[break_glass]`): decided on this host alone.
public struct BreakGlassRules: Sendable {
  /// Public key blob of the emergency authority; it is none of the trusted ones.
  public var authority: [UInt8]
  /// The file that it came from, for messages.
  public var file: String
  /// Login names, exact.
  public var names: [String]
  /// What a transient account is put into; each is one of `accounts.groups` too.
  public var groups: [String]
  /// Seconds: of a session, and of a certificate's whole lifetime.
  public var maxDuration: UInt64

  public init(authority: [UInt8], file: String, names: [String], groups: [String] = [], maxDuration: UInt64) {
    self.authority = authority
    self.file = file
    self.names = names
    self.groups = groups
    self.maxDuration = maxDuration
  }
}

extension PublishedConfiguration {
  /// What a certificate must be that says it is of this authority. The emergency authority's are judged by the same rules as
  /// all, with that one authority and its own lifetime: neither may ever be taken for the other.
  public func certificateRules(for authority: [UInt8]?) -> (rules: CertificateRules, breakGlass: BreakGlassRules?) {
    guard let breakGlass, let authority, breakGlass.authority.elementsEqual(authority) else { return (certificate, nil) }
    var rules = certificate
    rules.trusted = [TrustedAuthority(blob: breakGlass.authority, file: breakGlass.file)]
    rules.maxLifetime = breakGlass.maxDuration
    rules.subject = .keyID
    return (rules, breakGlass)
  }
}
