public import Encoding

extension Request {
  /// The packet; nil only if memory runs out or a text is not UTF-8.
  public var packet: [UInt8]? {
    var o = JSONObject()
    o.set("version", .integer(Request.version))
    switch self {
    case .open(let request):
      o.set("request", "open")
      request.write(to: &o)
    case .hold(let request):
      o.set("request", "hold")
      request.write(to: &o)
    case .redeem(let reference, let name):
      o.set("request", "redeem")
      o.set("reference", reference)
      o.set("name", name)
    case .expect(let name, let uid): Request.write("expect", name, uid, to: &o)
    case .standing(let name, let uid): Request.write("standing", name, uid, to: &o)
    case .credential(let name, let uid): Request.write("credential", name, uid, to: &o)
    case .elevated(let elevation):
      o.set("request", "elevated")
      elevation.write(to: &o)
    case .closed(let session):
      o.set("request", "closed")
      o.set("session", session)
    case .refused(let refused):
      o.set("request", "refused")
      o.set("name", refused.name)
      o.set("local", .boolean(refused.isLocal))
      o.set("login", refused.login.json)
      o.set("credential", refused.credential?.json)
      o.set("decision", refused.decision?.json)
      o.set("token", refused.token)
      o.set("detail", refused.detail)
    case .sessions(let after):
      o.set("request", "sessions")
      o.set("after", after)
    case .end(let target, let reason):
      o.set("request", "end")
      o.set("target", target)
      o.set("reason", reason)
    case .endSubject(let subject):
      o.set("request", "end-subject")
      o.set("subject", subject)
    case .status: o.set("request", "status")
    case .reload: o.set("request", "reload")
    }
    return o.value.text()
  }

  @inline(never)
  private static func write(_ request: String, _ name: String, _ uid: UInt32, to o: inout JSONObject) {
    o.set("request", request)
    o.set("name", name)
    o.set("uid", .integer(Int64(uid)))
  }

  public init(packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    let kind = try read.string("request")
    if kind.isExactly("open") {
      self = .open(try OpenRequest(read))
    } else if kind.isExactly("hold") {
      self = .hold(try OpenRequest(read))
    } else if kind.isExactly("redeem") {
      self = .redeem(reference: try read.string("reference"), name: try read.string("name"))
    } else if kind.isExactly("expect") {
      self = .expect(name: try read.string("name"), uid: try read.id("uid"))
    } else if kind.isExactly("standing") {
      self = .standing(name: try read.string("name"), uid: try read.id("uid"))
    } else if kind.isExactly("credential") {
      self = .credential(name: try read.string("name"), uid: try read.id("uid"))
    } else if kind.isExactly("elevated") {
      self = .elevated(try Elevation(read))
    } else if kind.isExactly("closed") {
      self = .closed(session: try read.string("session"))
    } else if kind.isExactly("refused") {
      self = .refused(RefusedLogin(name: try read.string("name"), isLocal: try read.boolean("local"), login: try LoginFacts(read.object("login")),
        credential: !read.has("credential") ? nil : try CredentialFacts(read.object("credential")),
        decision: !read.has("decision") ? nil : try DecisionFacts(read.object("decision")),
        token: try read.string("token"), detail: try read.string("detail")))
    } else if kind.isExactly("sessions") {
      self = .sessions(after: try read.string("after"))
    } else if kind.isExactly("end") {
      self = .end(target: try read.string("target"), reason: try read.string("reason"))
    } else if kind.isExactly("end-subject") {
      self = .endSubject(try read.string("subject"))
    } else if kind.isExactly("status") {
      self = .status
    } else if kind.isExactly("reload") {
      self = .reload
    } else {
      throw read.wrong("request", "unknown")
    }
  }
}

extension OpenRequest {
  func write(to o: inout JSONObject) {
    o.set("name", name)
    o.set("uid", .integer(Int64(uid)))
    o.set("local", .boolean(isLocal))
    o.set("login", login.json)
    o.set("credential", credential.json)
    o.set("decision", decision.json)
    o.set("groups", .strings(groups))
    if !rootEquivalentGroups.isEmpty { o.set("root_equivalent_groups", .strings(rootEquivalentGroups)) }
    o.set("shell", shell)
    o.set("seconds", .unsigned(seconds))
    o.set("reevaluate_seconds", reevaluateSeconds.map { .unsigned($0) })
    o.set("until", until.map { .unsigned($0) })
    o.set("subject", subject?.json)
  }

  init(_ read: MemberReader) throws(MemberError) {
    self.init(name: try read.string("name"), uid: try read.id("uid"), isLocal: try read.boolean("local"),
      login: try LoginFacts(read.object("login")), credential: try CredentialFacts(read.object("credential")),
      decision: try DecisionFacts(read.object("decision")), groups: try read.strings("groups"),
      rootEquivalentGroups: !read.has("root_equivalent_groups") ? [] : try read.strings("root_equivalent_groups"), shell: try read.string("shell"),
      seconds: try read.unsigned("seconds"), reevaluateSeconds: !read.has("reevaluate_seconds") ? nil : try read.unsigned("reevaluate_seconds"),
      until: !read.has("until") ? nil : try read.unsigned("until"), subject: !read.has("subject") ? nil : try SubjectFacts(read.object("subject")))
  }
}

extension LoginFacts {
  public var json: JSONValue {
    .object([.init("service", .string(service)), .init("tty", .string(tty)), .init("remote", .string(remote))])
  }
  public init(_ read: MemberReader) throws(MemberError) {
    self.init(service: try read.string("service"), tty: try read.string("tty"), remote: try read.string("remote"))
  }
}

extension CredentialFacts {
  public var json: JSONValue {
    .object([
      .init("kind", .string(kind)), .init("key_id", .string(keyID)), .init("serial", .string(serial)), .init("key_fp", .string(keyFingerprint)),
      .init("ca_fp", .string(caFingerprint)), .init("principals", .strings(principals)), .init("not_before", .unsigned(notBefore)),
      .init("not_after", .unsigned(notAfter)),
    ])
  }
  public init(_ read: MemberReader) throws(MemberError) {
    self.init(kind: try read.string("kind"), keyID: try read.string("key_id"), serial: try read.string("serial"),
      keyFingerprint: try read.string("key_fp"), caFingerprint: try read.string("ca_fp"), principals: try read.strings("principals"),
      notBefore: try read.unsigned("not_before"), notAfter: try read.unsigned("not_after"))
  }
}

extension DecisionFacts {
  public var json: JSONValue {
    .object([
      .init("request_id", .string(requestID)), .init("endpoint", .string(endpoint)), .init("reason", .string(reason)),
      .init("milliseconds", .unsigned(milliseconds)), .init("microseconds", .unsigned(microseconds)), .init("subject", .string(subject)),
    ])
  }
  public init(_ read: MemberReader) throws(MemberError) {
    self.init(requestID: try read.string("request_id"), endpoint: try read.string("endpoint"), reason: try read.string("reason"),
      milliseconds: try read.unsigned("milliseconds"), microseconds: !read.has("microseconds") ? 0 : try read.unsigned("microseconds"),
      subject: !read.has("subject") ? "" : try read.string("subject"))
  }
}
