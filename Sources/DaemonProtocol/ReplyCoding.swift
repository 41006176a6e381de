public import Encoding

extension Reply {
  public var packet: [UInt8]? {
    var o = JSONObject()
    o.set("version", .integer(Request.version))
    switch self {
    case .opened(let opened):
      o.set("reply", "opened")
      o.set("session", opened.session)
      o.set("expires", .unsigned(opened.expires))
      o.set("notes", .strings(opened.notes))
    case .held(let reference):
      o.set("reply", "held")
      o.set("reference", reference)
    case .credential(let credential):
      o.set("reply", "credential")
      credential.write(to: &o)
    case .done: o.set("reply", "done")
    case .refused(let refusal, let detail):
      o.set("reply", "refused")
      o.set("token", refusal.token)
      o.set("detail", detail)
    case .sessions(let summaries, let more):
      o.set("reply", "sessions")
      o.set("more", .boolean(more))
      o.set("sessions", .array(summaries.map { $0.json }))
    case .status(let status):
      o.set("reply", "status")
      o.set("status", status.json)
    case .failed(let reason):
      o.set("reply", "failed")
      o.set("reason", reason)
    }
    return o.value.text()
  }

  public init(packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    let kind = try read.string("reply")
    if kind.isExactly("sessions") {
      var summaries: [SessionSummary] = []
      for entry in try read.objects("sessions") { summaries.append(try SessionSummary(entry)) }
      self = .sessions(summaries, more: try read.boolean("more"))
    } else if kind.isExactly("status") {
      self = .status(try DaemonStatus(read.object("status")))
    } else {
      try self.init(ofLogin: read, kind)
    }
  }

  /// What a login is answered. (Lists and status are the command line's, and a module in other people's processes is to stay small:
  /// it does not carry what reads them.)
  public init(ofLogin packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    try self.init(ofLogin: read, try read.string("reply"))
  }

  private init(ofLogin read: MemberReader, _ kind: String) throws(MemberError) {
    if kind.isExactly("opened") {
      self = .opened(Opened(session: try read.string("session"), expires: try read.unsigned("expires"), notes: try read.strings("notes")))
    } else if kind.isExactly("held") {
      self = .held(try read.string("reference"))
    } else if kind.isExactly("credential") {
      self = .credential(try SessionCredential(read))
    } else if kind.isExactly("done") {
      self = .done
    } else if kind.isExactly("refused") {
      guard let refusal = OpenRefusal(token: try read.string("token")) else { throw read.wrong("token", "unknown") }
      self = .refused(refusal, detail: try read.string("detail"))
    } else if kind.isExactly("failed") {
      self = .failed(try read.string("reason"))
    } else {
      throw read.wrong("reply", "unknown")
    }
  }
}

extension SessionSummary {
  /// Also what `sojourn sessions --json` prints.
  public var json: JSONValue {
    .object([
      .init("session", .string(session)), .init("name", .string(name)), .init("uid", .integer(Int64(uid))), .init("local", .boolean(isLocal)),
      .init("state", .string(state)), .init("pid", .integer(Int64(pid))), .init("login", login.json), .init("key_id", .string(keyID)),
      .init("break_glass", .boolean(isBreakGlass)), .init("unconfirmed", .boolean(isUnconfirmed)), .init("endpoint", .string(endpoint)), .init("request_id", .string(requestID)),
      .init("groups", .strings(groups)), .init("opened", .unsigned(opened)), .init("expires", .unsigned(expires)),
    ])
  }
  public init(_ read: MemberReader) throws(MemberError) {
    self.init(session: try read.string("session"), name: try read.string("name"), uid: try read.id("uid"), isLocal: try read.boolean("local"),
      state: try read.string("state"), pid: try read.pid("pid"), login: try LoginFacts(read.object("login")), keyID: try read.string("key_id"),
      isBreakGlass: try read.boolean("break_glass"), endpoint: !read.has("endpoint") ? "" : try read.string("endpoint"),
      requestID: !read.has("request_id") ? "" : try read.string("request_id"), groups: try read.strings("groups"), opened: try read.unsigned("opened"), expires: try read.unsigned("expires"))
    isUnconfirmed = read.value["unconfirmed"]?.boolean ?? false
  }
}

extension DaemonStatus {
  /// Also what `sojourn status --json` prints.
  public var json: JSONValue {
    var o = JSONObject()
    o.set("version", softwareVersion)
    o.set("pid", .integer(Int64(pid)))
    o.set("started", .unsigned(started))
    o.set("candidates_withheld", candidatesWithheld.map { JSONValue.strings($0) })
    o.set("configuration_problem", configurationProblem)
    o.set("relayed", .boolean(isRelayed))
    o.set("relay_problem", relayProblem)
    o.set("revocation_problem", revocationProblem)
    o.set("leases", .unsigned(leases))
    o.set("sessions", .unsigned(sessions))
    o.set("break_glass_sessions", .unsigned(breakGlassSessions))
    o.set("unconfirmed_sessions", .unsigned(unconfirmedSessions))
    o.set("quarantined", .strings(quarantined))
    o.set("leftovers", .strings(leftovers))
    return o.value
  }
  public init(_ read: MemberReader) throws(MemberError) {
    self.init(softwareVersion: try read.string("version"), pid: try read.pid("pid"), started: try read.unsigned("started"),
      candidatesWithheld: read.value["candidates_withheld"]?.strings, configurationProblem: read.value["configuration_problem"]?.string,
      isRelayed: try read.boolean("relayed"), relayProblem: read.value["relay_problem"]?.string,
      revocationProblem: read.value["revocation_problem"]?.string, leases: try read.unsigned("leases"), sessions: try read.unsigned("sessions"),
      breakGlassSessions: try read.unsigned("break_glass_sessions"), quarantined: try read.strings("quarantined"),
      leftovers: read.value["leftovers"]?.strings ?? [])
    unconfirmedSessions = read.has("unconfirmed_sessions") ? try read.unsigned("unconfirmed_sessions") : 0
  }
}
