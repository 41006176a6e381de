import Admission
import Configuration
import DaemonProtocol
import Encoding
import Policy

/// What came of a rehearsed login, for people and programs.
struct Explanation {
  let name: String
  private let rehearsal: Rehearsal
  private let code: Int32
  /// Why no new name has an account; nil: the daemon does not say.
  private let withheld: [String]?

  init(name: String, _ rehearsal: Rehearsal, code: Int32, withheld: @autoclosure () -> [String]?) {
    self.name = name
    self.rehearsal = rehearsal
    self.code = code
    self.withheld = code == 10 ? withheld() : []
  }

  /// What nobody can tell without a real login.
  static let notJudged = [
    "whether the caller has the certificate's private key",
    "what sshd itself checks before and beside: TrustedUserCAKeys, RevokedKeys, AllowGroups and the like, force-command",
    "what other PAM modules say",
    "whether somebody approved it: approvals are neither looked up nor asked for, so a no that can be asked about is shown as a no",
    "whether a certificate for one use was used before; no use is spent by this",
    "whether home, lease and log can be written at that moment",
  ]

  var outcome: String {
    switch code {
    case 0: "allowed"
    case 25: "ignored"
    case 10: "unknown"
    default: "refused"
    }
  }

  var exitStatus: Int32 {
    if code == 0 { return 0 }
    if code == 10, withheld == nil { return 3 }
    return rehearsal.refusal?.exitStatus ?? 1
  }

  /// The name of what `pam_sm_open_session` would return.
  var pamName: String {
    switch code {
    case 0: "PAM_SUCCESS"
    case 6: "PAM_PERM_DENIED"
    case 7: "PAM_AUTH_ERR"
    case 10: "PAM_USER_UNKNOWN"
    case 25: "PAM_IGNORE"
    default: "PAM code \(code)"
    }
  }

  private var sentence: String {
    switch code {
    case 0: "would be let in"
    case 10:
      withheld == nil ? "is no account of this host now, and sojournd does not answer"
        : "is no account of this host, and could not become one" + (withheld.map { $0.isEmpty ? ": the name fits no pattern of accounts.names" : ": " + $0.joined(separator: "; ") } ?? "")
    case 25: "is none of Sojourn's business with this certificate: sshd and the rest of PAM decide"
    default: "would be refused" + (rehearsal.refusal.map { ": " + $0.token + ($0.detail.isEmpty ? "" : ": " + $0.detail) } ?? "")
    }
  }

  private var isBreakGlass: Bool { (rehearsal.opening?.decision ?? rehearsal.trail?.decision)?.isBreakGlass ?? false }
  private var isRequestable: Bool {
    guard case .requestable(let terms, _, _) = rehearsal.answer?.verdict else { return false }
    return terms["access_request"]?.members != nil
  }
  private var credential: CredentialFacts? { rehearsal.opening?.credential ?? rehearsal.question?.credential ?? rehearsal.trail?.credential }

  func print() throws {
    func row(_ title: String, _ text: String) throws {
      let padded = title + String(repeating: " ", count: max(1, 13 - title.count))
      try Terminal.print(padded + Escape.visible(text, limit: 8000))
    }
    try Terminal.print(Escape.visible(name, limit: 64) + ": " + (code == 25 ? Escape.visible(sentence, limit: 1024) : Terminal.coloured(Escape.visible(sentence, limit: 1024), code == 0 ? .green : .red)))
    if let credential {
      try row("certificate", "key id \(credential.keyID), serial \(credential.serial), of \(credential.caFingerprint), until \(Timestamp.text(credential.notAfter))")
    }
    if isBreakGlass { try row("break glass", "the certificate is of the emergency authority: this host decides, and no endpoint is asked") }
    if let question = question?.text() { try row("question", String(decoding: question, as: UTF8.self)) }
    if let answer = rehearsal.answer, let text = Explanation.json(answer).text() { try row("answer", String(decoding: text, as: UTF8.self)) }
    if isRequestable { try row("approval", "this no can be asked about: a real login would ask, or find the approval") }
    if let open = rehearsal.opening {
      try row("grant", "\(open.isLocal ? "local account" : "transient account"), uid \(open.uid), groups \(open.groups.isEmpty ? "none" : open.groups.joined(separator: ", ")), shell \(open.shell), \(open.seconds) s")
    }
    if let vacancy = rehearsal.vacancy { try row("vacancy", vacancy) }
    for subject in rehearsal.wouldEnd { try row("would end", "all sessions of \(subject), because the policy demands it; none was ended") }
    try row("PAM", "\(pamName) (\(code))")
    for text in rehearsal.shown { try row("person reads", text) }
    for text in rehearsal.logged { try row("log says", text) }
    Terminal.say("Nothing was opened, ended or written. Not known here:")
    for text in Explanation.notJudged { Terminal.say("- " + text) }
  }

  private var question: JSONValue? {
    guard let question = rehearsal.question, let rules = rehearsal.rules else { return nil }
    return question.evaluation(of: rules.host, attributesIn: rules.policy.attributesIn)
  }

  var json: JSONValue {
    var o = JSONObject()
    o.set("version", .integer(1))
    o.set("name", name)
    o.set("outcome", outcome)
    o.set("sentence", sentence)
    o.set("break_glass", .boolean(isBreakGlass))
    o.set("certificate", credential?.json)
    o.set("request", question)
    o.set("answer", rehearsal.answer.map { Explanation.json($0) })
    o.set("grant", rehearsal.opening.map { open in
      .object([.init("local", .boolean(open.isLocal)), .init("uid", .integer(Int64(open.uid))), .init("groups", .strings(open.groups)),
        .init("shell", .string(open.shell)), .init("seconds", .unsigned(open.seconds))])
    })
    o.set("requestable", .boolean(isRequestable))
    o.set("vacancy", rehearsal.vacancy)
    o.set("would_end", .strings(rehearsal.wouldEnd))
    o.set("pam", .object([.init("code", .integer(Int64(code))), .init("name", .string(pamName))]))
    o.set("refusal", rehearsal.refusal.map { .object([.init("token", .string($0.token)), .init("detail", .string($0.detail))]) })
    o.set("person_reads", .strings(rehearsal.shown))
    o.set("log", .strings(rehearsal.logged))
    o.set("exit_status", .integer(Int64(exitStatus)))
    o.set("not_judged", .strings(Explanation.notJudged))
    return o.value
  }

  /// The answer as it was understood.
  private static func json(_ answer: Answer) -> JSONValue {
    var o = JSONObject()
    func reasons(_ user: String?, _ admin: String?) {
      o.set("reason_user", user)
      o.set("reason_admin", admin)
    }
    switch answer.verdict {
    case .allowed(let grant):
      o.set("decision", "yes")
      o.set("host_grant", .object([
        .init("groups", .strings(grant.groups)), .init("uid", grant.uid.map { .integer(Int64($0)) } ?? .null), .init("shell", grant.shell.map { .string($0) } ?? .null),
        .init("max_session_seconds", grant.maxSessionSeconds.map { .unsigned($0) } ?? .null),
      ]))
    case .denied(let user, let admin), .requestable(_, let user, let admin):
      o.set("decision", "no")
      reasons(user, admin)
    case .undefined(let user, let admin):
      o.set("decision", "no")
      reasons(user, admin)
    case .stepUp(let stepUp, let user, let admin):
      o.set("decision", "step-up")
      o.set("level", stepUp.level)
      o.set("methods", .strings(stepUp.methods))
      reasons(user, admin)
    case .unavailable(let failure):
      o.set("decision", "none")
      o.set("failure", failure.token)
      o.set("detail", failure.detail)
    }
    o.set("obligations", .unsigned(UInt64(answer.obligations.list.count)))
    o.set("request_id", answer.facts.requestID)
    o.set("endpoint", answer.facts.endpoint)
    o.set("milliseconds", .unsigned(answer.facts.milliseconds))
    return o.value
  }
}
