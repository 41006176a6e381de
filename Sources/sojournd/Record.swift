import Accounts
import Audit
import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Logging

/// Everything that the daemon tells: the audit log, syslog, and its own log for a terminal.
struct Record {
  let audit: AuditLog
  let log: Logger
  /// Standard error is the journal, which has syslog's lines already: one line is enough (systemd.exec(5), JOURNAL_STREAM).
  private let isInJournal: Bool

  init(audit: AuditLog, log: Logger) {
    self.audit = audit
    self.log = log
    isInJournal = Record.standardErrorIsJournal()
  }

  /// `JOURNAL_STREAM` is `device:inode` of what systemd gave; a daemon started from a service's shell has inherited a stale one.
  private static func standardErrorIsJournal() -> Bool {
    guard let stream = OwnProcess.takeVariable("JOURNAL_STREAM") else { return false }
    let standardError = FileDescriptor(owning: 2)
    let facts = try? standardError.facts()
    _ = standardError.release()
    return facts.map { "\($0.device):\($0.inode)" } == stream
  }

  private func now() -> UInt64 { Moment.now().unixSeconds }

  /// The grant, on the disk before PAM succeeds (invariant 11).
  func grant(_ name: String, uid: UInt32, isLocal: Bool, _ session: Session) throws(SystemError) {
    let groups = session.groups.map(\.name)
    let message = "\(Escape.visible(session.credential.keyID)) opened a session as \(name) until \(Timestamp.text(session.expires))"
      + (groups.isEmpty ? "" : ", with " + groups.joined(separator: ", "))
    try audit.record(AuditEvent(.grant, time: now(), message: message, facts: [
      .init("session", .string(session.id)), .init("name", .string(name)), .init("uid", .integer(Int64(uid))), .init("local", .boolean(isLocal)),
      .init("pid", .integer(Int64(session.process.pid))), .init("login", session.login.escaped), .init("credential", session.credential.escaped),
      .init("decision", session.decision.escaped), .init("groups", .strings(groups)),
      .init("root_equivalent_groups", .strings(session.rootEquivalentGroups)), .init("shell", .string(session.shell)),
      .init("since", .string(Timestamp.text(session.opened))), .init("expires", .string(Timestamp.text(session.expires))),
    ]))
    guard session.decision.isBreakGlass else { return SystemLog.write(.info, as: "sojournd", "session \(session.id): \(message)") }
    let loud = "BREAK GLASS: session \(session.id): \(message), without the policy; certificate serial \(Escape.visible(session.credential.serial))"
      + " of \(Escape.visible(session.credential.caFingerprint)), from \(Escape.visible(session.login.remote))"
    try audit.record(AuditEvent(.breakGlass, time: now(), message: loud, facts: [
      .init("session", .string(session.id)), .init("name", .string(name)), .init("outcome", .string("granted")), .init("login", session.login.escaped),
      .init("credential", session.credential.escaped), .init("expires", .string(Timestamp.text(session.expires))),
    ]))
    say(.alert, loud)
  }

  /// sudo's yes, on the disk before sudo goes on.
  func elevation(_ elevation: Elevation, pid: Int32) throws(SystemError) {
    let name = Escape.visible(elevation.name)
    let command = elevation.command
    let what = command.program.isEmpty ? command.kind : "\(command.kind) \(Escape.visible(command.program))"
    let message = "\(Escape.visible(elevation.credential.keyID)) became \(Escape.visible(elevation.target)) from \(name) by sudo: \(what)"
    var facts: [JSONValue.Member] = [
      .init("name", .string(name)), .init("uid", .integer(Int64(elevation.uid))), .init("local", .boolean(elevation.isLocal)), .init("pid", .integer(Int64(pid))),
      .init("target", .string(Escape.visible(elevation.target))), .init("command", command.json), .init("presented", .boolean(elevation.isPresented)),
      .init("login", elevation.login.escaped), .init("credential", elevation.credential.escaped), .init("decision", elevation.decision.escaped),
    ]
    if !elevation.session.isEmpty { facts.insert(.init("session", .string(elevation.session)), at: 0) }
    let isEmergency = elevation.decision.isBreakGlass
    try audit.record(AuditEvent(.elevation, time: now(), message: message, facts: facts))
    say(isEmergency ? .alert : .info, (isEmergency ? "BREAK GLASS: " : "") + message)
  }

  func refusal(_ refused: RefusedLogin, pid: Int32) {
    let message = "refused \(Escape.visible(refused.name)): \(Escape.visible(refused.detail))"
    var facts: [JSONValue.Member] = [
      .init("name", .string(Escape.visible(refused.name))), .init("local", .boolean(refused.isLocal)), .init("pid", .integer(Int64(pid))),
      .init("reason", .string(Escape.visible(refused.token))), .init("login", refused.login.escaped),
    ]
    if let credential = refused.credential { facts.append(.init("credential", credential.escaped)) }
    if let decision = refused.decision { facts.append(.init("decision", decision.escaped)) }
    note(.refusal, .notice, message, facts)
    guard let decision = refused.decision, decision.isBreakGlass else { return }
    var emergency: [JSONValue.Member] = [
      .init("name", .string(Escape.visible(refused.name))), .init("outcome", .string("refused")), .init("reason", .string(Escape.visible(refused.token))),
      .init("login", refused.login.escaped),
    ]
    if let credential = refused.credential { emergency.append(.init("credential", credential.escaped)) }
    note(.breakGlass, .alert, "BREAK GLASS: \(message) (\(Escape.visible(refused.token)), from \(Escape.visible(refused.login.remote)))", emergency)
  }

  /// It tells who had it and until when by itself: the line of the grant may be in a file that is not kept any more.
  func sessionEnd(_ name: String, uid: UInt32, isLocal: Bool, _ session: Session, reason: EndReason) {
    note(.sessionEnd, .info, "session \(session.id) of \(name) is over: \(reason.sentence)", [
      .init("session", .string(session.id)), .init("name", .string(name)), .init("uid", .integer(Int64(uid))), .init("local", .boolean(isLocal)),
      .init("reason", .string(reason.token)), .init("detail", .string(reason.sentence)), .init("since", .string(Timestamp.text(session.opened))),
      .init("until", .string(Timestamp.text(now()))), .init("expires", .string(Timestamp.text(session.expires))), .init("login", session.login.escaped),
      .init("credential", session.credential.escaped), .init("decision", session.decision.escaped), .init("groups", .strings(session.groups.map(\.name))),
    ])
  }

  /// What came of asking the policy again, where it changes something.
  func reevaluation(_ name: String, _ session: Session, _ outcome: String, _ message: String, _ decision: DecisionFacts?, _ level: SystemLog.Level) {
    var facts: [JSONValue.Member] = [.init("session", .string(session.id)), .init("name", .string(Escape.visible(name))), .init("outcome", .string(outcome))]
    if let decision { facts.append(.init("decision", decision.escaped)) }
    note(.reevaluation, level, message, facts)
  }

  /// Sessions are over and others of the account go on: what was ended of them.
  func trim(_ lease: Lease, _ over: Set<String>, _ report: ClearingReport) {
    let withdrawn = lease.withdrawnGroups.sorted().map { JSONValue.integer(Int64($0)) }
    let what = over.isEmpty ? "held groups that no session of it grants any more" : "were left of \(over.count == 1 ? "a session that is" : "\(over.count) sessions that are") over"
    let left = report.left.isEmpty ? "" : "; " + report.left.prefix(4).map { Escape.visible($0) }.joined(separator: "; ")
    note(.sessionCleared, left.isEmpty ? .info : .warning, "\(lease.name.text) (uid \(lease.uid)) goes on; \(report.killed.count) processes \(what), and were ended" + left,
      [.init("sessions", .strings(over.sorted())), .init("name", .string(lease.name.text)), .init("uid", .integer(Int64(lease.uid))),
        .init("withdrawn_gids", .array(withdrawn)), .init("report", report.json)])
  }

  /// A session of a local account is over: what was ended of it.
  func localEnd(_ local: LocalSession, _ report: ClearingReport?, why: String = "") {
    let name = Escape.visible(local.name), session = local.session
    let left = (report?.left.map { Escape.visible($0) } ?? []) + (report?.remaining.prefix(8).map { "still there: " + Escape.visible($0) } ?? [why])
    let isClean = report?.isClean == true
    var facts: [JSONValue.Member] = [.init("sessions", .strings([session.id])), .init("name", .string(name)), .init("uid", .integer(Int64(local.uid))), .init("local", .boolean(true))]
    let doubts = Record.doubts(session)
    if !session.groups.isEmpty {
      facts.append(.init("withdrawn_gids", .array(session.groups.map { .integer(Int64($0.gid)) })))
      facts.append(.init("provable", .boolean(false)))
      facts.append(.init("not_provable_because", .strings(doubts)))
    }
    if let report { facts.append(.init("report", report.json)) }
    note(isClean ? .sessionCleared : .endFailed, isClean && left.isEmpty ? .info : .warning,
      (isClean ? "\(report?.killed.count ?? 0) processes of session \(session.id) of the local account \(name) were ended" : "processes of session \(session.id) of the local account \(name) could not be ended")
        + (left.isEmpty ? "" : "; " + left.prefix(4).joined(separator: "; ")) + (doubts.isEmpty ? "" : "; cleanliness not provable: " + doubts.joined(separator: "; ")),
      facts)
  }

  /// The account stays, and its files with it.
  private static func doubts(_ session: Session) -> [String] {
    guard !session.groups.isEmpty else { return [] }
    let rootly = session.rootEquivalentGroups.map { Escape.visible($0, limit: 64) }
    return (rootly.isEmpty ? [] : ["root-equivalent groups were granted: " + rootly.joined(separator: ", ")])
      + ["files of the account stay, and a setgid one may give a group again: " + session.groups.map { Escape.visible($0.name, limit: 64) }.joined(separator: ", ")]
  }

  /// Anything else: as much of it as can be written is written, in the file, the spool, syslog and the daemon's log.
  func note(_ kind: AuditEvent.Kind, _ level: SystemLog.Level, _ message: String, _ facts: [JSONValue.Member] = []) {
    if !audit.recordSomehow(AuditEvent(kind, time: now(), message: message, facts: facts)) {
      log.error("the audit log and its spool cannot be written")
    }
    say(level, message)
  }

  /// In syslog, and once: the journal has syslog's lines.
  private func say(_ level: SystemLog.Level, _ message: String) {
    SystemLog.write(level, as: "sojournd", message)
    guard !isInJournal else { return }
    switch level {
    case .alert, .error: log.error("\(message)")
    case .warning: log.warning("\(message)")
    case .notice, .info: log.info("\(message)")
    }
  }
}

extension LoginFacts {
  var escaped: JSONValue { LoginFacts(service: Escape.visible(service), tty: Escape.visible(tty), remote: Escape.visible(remote)).json }
}

extension CredentialFacts {
  var escaped: JSONValue {
    var copy = self
    copy.keyID = Escape.visible(keyID)
    copy.principals = principals.prefix(16).map { Escape.visible($0) }
    return copy.json
  }
}

extension DecisionFacts {
  var escaped: JSONValue {
    var copy = self
    copy.reason = Escape.visible(reason)
    copy.subject = Escape.visible(subject)
    return copy.json
  }
}
