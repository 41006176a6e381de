internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

/// A session that the daemon opened and watches: only its own answer makes one.
struct OpenedSession {
  let account: String
  let id: String
  /// Seconds since 1970.
  let expires: UInt64
  /// From the opening until then.
  let seconds: UInt64
  let notes: [String]

  private init(account: String, id: String, expires: UInt64, seconds: UInt64, notes: [String]) {
    self.account = account
    self.id = id
    self.expires = expires
    self.seconds = seconds
    self.notes = notes
  }

  /// Milliseconds for the answer: an opening may have to wait until the name's last lease has drained.
  private static var limit: Int32 { 16_000 }
  /// Milliseconds for a daemon that restarts (DESIGN 2, invariant 2).
  private static var patience: Int64 { 2000 }
  /// Bytes; what fits into the PAM handle with its end.
  private static var longestID: Int { 47 }

  static func open(_ request: OpenRequest, _ world: some Surroundings) throws(Refusal) -> OpenedSession {
    let reply: Reply
    do throws(DaemonSilence) {
      reply = try world.daemon(.open(request), milliseconds: limit, patience: patience)
    } catch { throw Refusal(error) }
    return try judge(reply, account: request.name, atMost: request.seconds, world)
  }

  /// What was decided in an earlier phase and is kept under this reference.
  /// - Parameter seconds: the longest that anything lasts here.
  static func redeem(_ reference: String, _ account: String, atMost seconds: UInt64, _ world: some Surroundings) throws(Refusal) -> OpenedSession {
    let reply: Reply
    do throws(DaemonSilence) {
      reply = try world.daemon(.redeem(reference: reference, name: account), milliseconds: limit, patience: patience)
    } catch { throw Refusal(error) }
    return try judge(reply, account: account, atMost: seconds, world)
  }

  private static func judge(_ reply: Reply, account: String, atMost seconds: UInt64, _ world: some Surroundings) throws(Refusal) -> OpenedSession {
    switch reply {
    case .opened(let opened):
      let now = world.moment().unixSeconds
      // Session ids begin with a digit, names never do: `sojourn end` tells them apart by that.
      guard let first = opened.session.utf8.first, first >= 48, first <= 57, opened.session.utf8.count <= longestID,
        opened.session.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
      else { throw .daemonAnswer("a session without a proper id") }
      // Two seconds for the rounding of two clock readings.
      guard opened.expires > now, opened.expires - now <= 2 || opened.expires - now - 2 <= seconds else { throw .daemonAnswer("a session with an end that nobody granted") }
      return OpenedSession(account: account, id: opened.session, expires: opened.expires, seconds: opened.expires - now, notes: opened.notes)
    case .refused(let refusal, let detail): throw .notOpened(refusal, detail)
    case .failed(let why): throw .daemonAnswer(why)
    case .done, .sessions, .status, .held, .credential: throw .daemonAnswer("an answer to another question")
    }
  }

  /// Closes what was opened and cannot be used. The daemon also sees the refusal that follows, and this process end.
  func giveUp(_ world: some Surroundings) {
    do throws(DaemonSilence) { _ = try world.daemon(.closed(session: id), milliseconds: 2000, patience: 0) } catch { return }
  }
}

extension OpenRequest {
  /// What is asked to be opened: the grant within this host's ceilings. A local
  /// account's shell is its own: a grant that says otherwise cannot be met, and so is refused.
  init(_ decision: Decision, _ credential: Credential, _ entry: PasswordEntry, _ login: Login, _ rules: PublishedConfiguration, isLocal: Bool,
    now: UInt64, note: (String) -> Void) throws(Refusal) {
    var grant = decision.grant
    if isLocal {
      if let shell = grant.shell, !shell.isExactly(entry.shell) { throw .ceiling(.shell(shell)) }
      grant.shell = nil
    }
    let held: HeldGrant
    do throws(CeilingBreach) {
      held = try Ceilings.hold(grant, uid: entry.uid, accounts: rules.accounts, session: rules.session)
    } catch { throw .ceiling(error) }
    for text in held.notes { note(text) }
    var seconds = held.seconds
    if rules.session.endWithCertificate {
      let end = credential.facts.notAfter
      guard end > now else { throw .noTimeLeft }
      seconds = min(seconds, end - now)
    }
    if let end = decision.grant.approvedUntil {
      guard end > now else { throw .approvalOver }
      seconds = min(seconds, end - now)
    }
    self.init(name: decision.account, uid: entry.uid, isLocal: isLocal, login: login.facts, credential: credential.facts, decision: decision.facts,
      groups: held.groups, rootEquivalentGroups: held.rootEquivalentGroups, shell: isLocal ? entry.shell : held.shell, seconds: seconds, reevaluateSeconds: held.reevaluateSeconds,
      until: now.addingReportingOverflow(seconds).overflow ? nil : now &+ seconds, subject: credential.subject(approval: decision.approval))
  }
}
