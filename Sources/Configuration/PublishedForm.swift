public import Encoding
internal import Identity

/// The published file: JSON with a version, every member present, nothing assumed.
extension PublishedConfiguration {
  public static var version: Int64 { 3 }
  /// The largest file that is believed, in bytes.
  public static var cap: Int { 1 << 20 }

  public var json: JSONValue {
    var root = JSONObject()
    root.set("version", .integer(PublishedConfiguration.version))
    var c = JSONObject()
    c.set("trusted", .array(certificate.trusted.map { $0.json }))
    c.set("max_lifetime", .unsigned(certificate.maxLifetime))
    c.set("clock_skew", .unsigned(certificate.clockSkew))
    c.set("subject", certificate.subject.text)
    c.set("revoked", .strings(certificate.revoked))
    c.set("single_use", .boolean(certificate.singleUse))
    c.set("workload_principals", .strings(certificate.workloadPrincipals))
    c.set("workload_extension", certificate.workloadExtension)
    root.set("certificate", c.value)
    var p = JSONObject()
    p.set("endpoints", .array(policy.endpoints.map {
      .object([.init("url", .string($0.url)), .init("host", .string($0.host)), .init("port", .integer(Int64($0.port))),
        .init("literal", .boolean($0.isLiteral)), .init("socket", .string($0.socket))])
    }))
    p.set("ca_file", policy.caFile ?? "")
    p.set("client_certificate", policy.clientCertificate ?? "")
    p.set("client_key", policy.clientKey ?? "")
    p.set("token_file", policy.tokenFile ?? "")
    switch policy.attributesIn {
    case .subject: p.set("attributes_in", "subject")
    case .context: p.set("attributes_in", "context")
    }
    p.set("deadline_ms", .unsigned(policy.deadline))
    p.set("dialect", policy.dialect.text)
    p.set("via", policy.via.text)
    p.set("approval_wait", .unsigned(policy.approvalWait))
    root.set("policy", p.value)
    var h = JSONObject()
    h.set("id", host.id)
    h.set("labels", .object(host.labels.map { .init($0.name, .string($0.value)) }))
    h.set("candidate_programs", .strings(host.candidatePrograms))
    root.set("host", h.value)
    var a = JSONObject()
    a.set("names", .strings(accounts.names))
    a.set("uid_first", .integer(Int64(accounts.range.first)))
    a.set("uid_last", .integer(Int64(accounts.range.last)))
    a.set("home_root", accounts.homeRoot)
    a.set("shell", accounts.shell)
    a.set("skeleton", accounts.skeleton)
    a.set("groups", .strings(accounts.groups))
    a.set("root_equivalent_groups", .strings(accounts.rootEquivalentGroups))
    root.set("accounts", a.value)
    var s = JSONObject()
    s.set("max_duration", .unsigned(session.maxDuration))
    s.set("end_with_certificate", .boolean(session.endWithCertificate))
    s.set("reevaluate", .unsigned(session.reevaluate))
    switch session.whenUnreachable {
    case .keep: s.set("when_unreachable", "keep")
    case .end(let seconds): s.set("when_unreachable", .unsigned(seconds))
    }
    s.set("warn_before", .unsigned(session.warnBefore))
    root.set("session", s.value)
    root.set("sudo", .object([.init("arguments", .boolean(sudo.sendsArguments))]))
    var b = JSONObject()
    b.set("ca", breakGlass.map { Base64.encode($0.authority) } ?? "")
    b.set("file", breakGlass?.file ?? "")
    b.set("names", .strings(breakGlass?.names ?? []))
    b.set("groups", .strings(breakGlass?.groups ?? []))
    b.set("max_duration", .unsigned(breakGlass?.maxDuration ?? 0))
    root.set("break_glass", b.value)
    return root.value
  }

  public init(json root: JSONValue) throws(MemberError) {
    let read = MemberReader(root)
    guard try read.integer("version") == PublishedConfiguration.version else {
      throw MemberError(member: "version", reason: "another version of Sojourn published it; run sojourn apply")
    }
    // A section each, in a place of its own: what one of them had read when another is found wrong is put away once.
    certificate = try CertificateRules(read.object("certificate"))
    policy = try PolicyRules(read.object("policy"))
    host = try HostFacts(read.object("host"))
    accounts = try AccountRules(read.object("accounts"))
    session = try SessionRules(read.object("session"))
    // What an older version published has none.
    if read.has("sudo") { sudo = SudoRules(sendsArguments: try read.object("sudo").boolean("arguments")) }
    breakGlass = try BreakGlassRules.read(read.object("break_glass"))
  }
}

extension CertificateRules {
  @inline(never)
  init(_ read: MemberReader) throws(MemberError) {
    var trusted: [TrustedAuthority] = []
    for member in try read.objects("trusted") {
      trusted.append(try TrustedAuthority(member))
    }
    guard let subject = SubjectSource(text: try read.string("subject")) else {
      throw MemberError(member: "certificate.subject", reason: "unknown source")
    }
    self.init(trusted: trusted, maxLifetime: try read.unsigned("max_lifetime"), clockSkew: try read.unsigned("clock_skew"), subject: subject,
      revoked: try read.strings("revoked"), singleUse: try read.boolean("single_use"),
      workloadPrincipals: try read.strings("workload_principals"), workloadExtension: try read.string("workload_extension"))
  }
}

extension PolicyRules {
  @inline(never)
  init(_ read: MemberReader) throws(MemberError) {
    var endpoints: [PolicyEndpoint] = []
    for member in try read.objects("endpoints") {
      guard let port = UInt16(exactly: try member.unsigned("port")) else { throw MemberError(member: "policy.endpoints.port", reason: "out of range") }
      endpoints.append(PolicyEndpoint(url: try member.string("url"), host: try member.string("host"), port: port, isLiteral: try member.boolean("literal"),
        socket: try member.string("socket")))
    }
    let place = try read.string("attributes_in")
    guard place.isExactly("subject") || place.isExactly("context") else { throw MemberError(member: "policy.attributes_in", reason: "unknown place") }
    let dialectText = try read.string("dialect")
    guard let dialect = PolicyDialect.allCases.first(where: { $0.text.isExactly(dialectText) }) else { throw MemberError(member: "policy.dialect", reason: "unknown dialect") }
    let viaText = try read.string("via")
    guard let via = PolicyRoute.allCases.first(where: { $0.text.isExactly(viaText) }) else { throw MemberError(member: "policy.via", reason: "unknown way") }
    self.init(endpoints: endpoints, caFile: try read.optionalString("ca_file"), clientCertificate: try read.optionalString("client_certificate"),
      clientKey: try read.optionalString("client_key"), tokenFile: try read.optionalString("token_file"),
      attributesIn: place.isExactly("subject") ? .subject : .context, deadline: try read.unsigned("deadline_ms"), dialect: dialect,
      via: via, approvalWait: try read.unsigned("approval_wait"))
  }
}

extension HostFacts {
  @inline(never)
  init(_ read: MemberReader) throws(MemberError) {
    var labels: [HostFacts.Label] = []
    for member in try read.object("labels").members() {
      guard let value = member.value.string else { throw MemberError(member: "host.labels", reason: "a value is no string") }
      labels.append(.init(name: member.name, value: value))
    }
    self.init(id: try read.string("id"), labels: labels, candidatePrograms: try read.strings("candidate_programs"))
  }
}

extension AccountRules {
  @inline(never)
  init(_ read: MemberReader) throws(MemberError) {
    guard let first = UInt32(exactly: try read.unsigned("uid_first")), let last = UInt32(exactly: try read.unsigned("uid_last")),
      let range = UIDRange(first: first, last: last)
    else { throw MemberError(member: "accounts.uid_first", reason: "no usable range") }
    self.init(names: try read.strings("names"), range: range, homeRoot: try read.string("home_root"), shell: try read.string("shell"),
      skeleton: try read.string("skeleton"), groups: try read.strings("groups"), rootEquivalentGroups: try read.strings("root_equivalent_groups"))
  }
}

extension SessionRules {
  @inline(never)
  init(_ read: MemberReader) throws(MemberError) {
    var whenUnreachable = WhenUnreachable.keep
    if read.value["when_unreachable"]?.string?.isExactly("keep") != true { whenUnreachable = .end(after: try read.unsigned("when_unreachable")) }
    self.init(maxDuration: try read.unsigned("max_duration"), endWithCertificate: try read.boolean("end_with_certificate"),
      reevaluate: try read.unsigned("reevaluate"), whenUnreachable: whenUnreachable, warnBefore: try read.unsigned("warn_before"))
  }
}

extension BreakGlassRules {
  @inline(never)
  static func read(_ read: MemberReader) throws(MemberError) -> BreakGlassRules? {
    let emergencyKey = Array(try read.string("ca").utf8)
    guard let authority = Base64.decode(emergencyKey.span, 0..<emergencyKey.count) else { throw MemberError(member: "break_glass.ca", reason: "not base64") }
    let rules = BreakGlassRules(authority: authority, file: try read.string("file"), names: try read.strings("names"), groups: try read.strings("groups"),
      maxDuration: try read.unsigned("max_duration"))
    return authority.isEmpty ? nil : rules
  }
}

extension SubjectSource {
  public var text: String {
    switch self {
    case .keyID: "key-id"
    case .principal: "principal"
    case .certificateExtension(let name): "extension:" + name
    }
  }

  /// `key-id`, `principal`, or `extension:NAME`.
  public init?(text: String) {
    let prefix = "extension:"
    if text.isExactly("key-id") {
      self = .keyID
    } else if text.isExactly("principal") {
      self = .principal
    } else if text.begins(with: prefix), text.utf8.count > prefix.utf8.count {
      self = .certificateExtension(String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
    } else {
      return nil
    }
  }
}
