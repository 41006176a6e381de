import Accounts
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// One login that asks to become a session, while it waits for its turn and for the answer of the host's other sources.
final class Opening {
  enum Stage { case waiting, asking }

  let request: OpenRequest
  let name: AccountName
  let connection: Connection
  var stage = Stage.waiting
  /// It has waited long enough: if it must wait once more, it is refused.
  var isOverdue = false
  var timer: UInt64?
  let begun = Moment.now()

  init(_ request: OpenRequest, _ name: AccountName, _ connection: Connection) {
    self.request = request
    self.name = name
    self.connection = connection
  }

  /// Would the host's sources be asked the very same about both?
  func asksTheSame(as other: Opening) -> Bool {
    name == other.name && request.uid == other.request.uid && request.groups == other.request.groups
  }
}

extension Daemon {
  /// How long an opening waits for the end of the name's last lease, in milliseconds.
  static let patience: Int64 = 12_000
  /// How much longer it waits for its turn to be asked about: the login itself waits sixteen seconds (`OpenedSession`).
  static let morePatience: Int64 = 3_000
  /// How long a login that was refused is spared by ends of the name, in milliseconds.
  static let momentToRead: Int64 = 3_000
  /// How many sessions one name has at most: its lease is one file, rewritten for each.
  static let sessionsOfAName = 200

  func begin(_ request: OpenRequest, _ connection: Connection) {
    guard let configuration else { return refuse(connection, .notReady, configurationProblem ?? "there is no configuration yet") }
    guard request.seconds > 0, request.seconds <= configuration.session.maxDuration, isPath(request.shell) else {
      return refuse(connection, .ceiling, "the session's length or shell is not allowed here")
    }
    if request.decision.isBreakGlass {
      guard let rules = configuration.breakGlass, request.seconds <= rules.maxDuration, rules.names.contains(request.name) else {
        return refuse(connection, .ceiling, "break glass does not allow this session here")
      }
    }
    let allowed = configuration.accounts.groups
    guard request.groups.count <= 64, request.groups.allSatisfy({ allowed.contains($0) }) else {
      return refuse(connection, .ceiling, "a group is granted that this host does not allow")
    }
    if request.isLocal { return beginLocal(request, connection, configuration) }
    // What is being taken off this host, or put on it, has nobody who would see the session to its end.
    guard !Files.exists(Places.setupMark) else { return refuse(connection, .notReady, "'sojourn setup' is changing this host") }
    guard let name = AccountName(request.name), configuration.accounts.admits(name) else {
      return refuse(connection, .ceiling, "names of this form get no account here")
    }
    guard configuration.accounts.range.contains(request.uid) else { return refuse(connection, .ceiling, "uid \(request.uid) is not in the range of this host") }
    guard marker != nil else { return refuse(connection, .notReady, "the system group \(Places.group) is missing") }
    let opening = Opening(request, name, connection)
    connection.abandoned = { [unowned self, unowned opening] in drop(opening) }
    openings.append(opening)
    // Without its mark a teardown might take the login for one of the person's processes: better none than that.
    do throws(SystemError) { try waiting.add(connection.peer) } catch { return refuse(opening, .notWritten, error.sentence) }
    opening.timer = loop.after(Daemon.patience) { [weak self, weak opening] in
      guard let self, let opening else { return }
      opening.isOverdue = true
      if opening.stage == .waiting { waitForItsTurn(opening) }
    }
    advanceOpenings()
  }

  /// Absolute, and fit for a line of a file and of a log.
  private func isPath(_ text: String) -> Bool {
    text.utf8.count <= 255 && text.hasPrefix("/") && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
  }

  private func refuseOverdue(_ opening: Opening) {
    refuse(opening, .draining, "the last session of \(opening.name.text) is still being cleaned up")
  }

  /// One whose last lease is gone, and which waits only because hundreds are asked about before it, is given some seconds more.
  private func waitForItsTurn(_ opening: Opening) {
    if isEnding(opening.name) { return refuseOverdue(opening) }
    opening.timer = loop.after(Daemon.morePatience) { [weak self, weak opening] in
      guard let self, let opening, opening.stage == .waiting else { return }
      refuse(opening, .sourceFailed, "the sources of names did not get to it in time")
    }
  }

  private func forget(_ opening: Opening) {
    if let timer = opening.timer { loop.cancel(timer) }
    opening.timer = nil
    openings.removeAll { $0 === opening }
  }

  /// Nothing is spared for a login that waits no more. What cannot be removed now is removed later.
  private func unmark(_ peer: ProcessReference) {
    guard !openings.contains(where: { $0.connection.peer == peer }) else { return }
    do throws(SystemError) { try waiting.remove(peer) } catch { loop.after(1000) { [weak self] in self?.unmark(peer) } }
  }

  func settle(_ opening: Opening, _ answer: VacancyAnswer) {
    guard openings.contains(where: { $0 === opening }) else { return advanceOpenings() }
    // The name's last session may have ended while its sources were asked: what is being taken down is not opened again.
    if isEnding(opening.name) {
      if opening.isOverdue { return refuseOverdue(opening) }
      opening.stage = .waiting
      return advanceOpenings()
    }
    if answer.numberIsTaken { try? registry.markTaken(opening.request.uid) }
    if let (refusal, detail) = answer.refusal { return refuse(opening, refusal, detail) }
    guard opening.connection.peer.isAlive else { return drop(opening) }
    if let lease = leases[opening.name.text], lease.uid != opening.request.uid {
      return refuse(opening, .numberOfOther, "the name has uid \(lease.uid) now")
    }
    if let lease = leases[opening.name.text], lease.sessions.count >= Daemon.sessionsOfAName {
      return refuse(opening, .ceiling, "the name has \(lease.sessions.count) sessions already")
    }
    do throws(OpeningFailure) {
      let (session, notes) = try open(opening, answer)
      forget(opening)
      unmark(opening.connection.peer)
      if !self.answer(opening.connection, .opened(Opened(session: session.id, expires: session.expires, notes: notes))) {
        sessionEnded(session.id, reason: .loginGone)
      }
      endIfRevoked(session.id)
      advanceOpenings()
    } catch {
      refuse(opening, error.refusal, error.detail)
    }
  }

  struct OpeningFailure: Error {
    let refusal: OpenRefusal
    let detail: String
  }

  /// Claim, lease, home, projection, evidence: in this order, so that whatever comes after a crash can be undone from what
  /// came before it. After a failure what was made is taken down again.
  private func open(_ opening: Opening, _ answer: VacancyAnswer) throws(OpeningFailure) -> (Session, [String]) {
    guard let configuration, let marker else { throw OpeningFailure(refusal: .notReady, detail: "there is no configuration any more") }
    let request = opening.request
    let name = opening.name
    let rules = configuration.accounts
    var notes: [String] = answer.missingGroups.map { "group \($0) does not exist on this host and was left out" }
    let groups = answer.groups.filter { group in
      let isSafe = group.gid != 0 && !rules.range.contains(group.gid)
      if !isSafe { notes.append("group \(group.name) has gid \(group.gid), which is never granted") }
      return isSafe
    }
    guard groups.count == answer.groups.count else { throw OpeningFailure(refusal: .ceiling, detail: notes.joined(separator: "; ")) }
    let isClaimed: Bool
    do throws(SystemError) { isClaimed = try registry.claim(request.uid, for: name) } catch {
      throw OpeningFailure(refusal: .notWritten, detail: "the claim of uid \(request.uid): \(error.sentence)")
    }
    guard isClaimed else { throw OpeningFailure(refusal: .numberOfOther, detail: "uid \(request.uid) went to another name meanwhile") }
    try takeUse(of: request, configuration)
    return try establish(opening, groups, notes, configuration, marker)
  }

  private func establish(_ opening: Opening, _ groups: [GrantedGroup], _ notes: [String], _ configuration: PublishedConfiguration,
    _ marker: UInt32) throws(OpeningFailure) -> (Session, [String]) {
    let request = opening.request
    let name = opening.name
    let isNew = leases[name.text] == nil
    var step = "the session's number"
    var begun: String?
    do throws(SystemError) {
      var session = try newSession(request, opening.connection.peer, groups, configuration)
      session.isOpen = false
      var lease = leases[name.text] ?? Lease(name: name, uid: request.uid, home: configuration.accounts.homeRoot + "/" + name.text)
      lease.sessions.append(session)
      step = "the lease"
      try leaseFiles.write(lease)
      leases[name.text] = lease
      begun = session.id
      step = "watching the session"
      try watch(session, name: name.text)
      if isNew {
        step = "the home"
        let root = try HomeRoot.establish(configuration.accounts.homeRoot)
        try root.make(name, uid: request.uid, skeleton: configuration.accounts.skeleton)
      }
      step = "what NSS shows"
      try projection.show(lease, marker: marker)
      step = "the audit line"
      try record.grant(name.text, uid: request.uid, isLocal: false, session)
      step = "the lease"
      lease.sessions[lease.sessions.count - 1].isOpen = true
      try leaseFiles.write(lease)
      leases[name.text] = lease
      return (session, notes)
    } catch {
      if let begun { sessionEnded(begun, reason: .notOpened) }
      let refusal: OpenRefusal = step == "the home" ? .noHome : step == "watching the session" ? .noProcess : .notWritten
      throw OpeningFailure(refusal: refusal, detail: "\(step): \(error.sentence)")
    }
  }

  func newSession(_ request: OpenRequest, _ process: ProcessReference, _ groups: [GrantedGroup], _ configuration: PublishedConfiguration)
    throws(SystemError) -> Session {
    let now = Moment.now()
    var seconds = min(request.seconds, configuration.session.maxDuration)
    // The grant's own end: an opening may have waited since the module counted its seconds.
    if let until = request.until { seconds = min(seconds, until > now.unixSeconds ? until - now.unixSeconds : 1) }
    if configuration.session.endWithCertificate {
      seconds = min(seconds, request.credential.notAfter > now.unixSeconds ? request.credential.notAfter - now.unixSeconds : 1)
    }
    var session = Session(id: try Session.newID(at: now.unixSeconds), process: process, login: request.login, credential: request.credential,
      decision: request.decision, groups: groups,
      rootEquivalentGroups: request.rootEquivalentGroups.filter { name in groups.contains { $0.name.isExactly(name) } }, shell: request.shell,
      opened: now.unixSeconds, deadline: Deadline(seconds: seconds, after: now), reevaluateSeconds: request.reevaluateSeconds, subject: request.subject)
    session.noteMarks(uid: request.uid)
    return session
  }

  private func drop(_ opening: Opening) {
    forget(opening)
    unmark(opening.connection.peer)
    _ = answer(opening.connection, .refused(.noProcess, detail: "the login is gone"))
    advanceOpenings()
  }

  func refuse(_ opening: Opening, _ refusal: OpenRefusal, _ detail: String) {
    forget(opening)
    // Also an end that is under way lets the person read why; after that `loginRefused` has ended the connection.
    loop.after(Daemon.momentToRead) { [weak self] in self?.unmark(opening.connection.peer) }
    refuse(opening.connection, refusal, detail)
    advanceOpenings()
  }

  func refuse(_ connection: Connection, _ refusal: OpenRefusal, _ detail: String) {
    // The module writes the refusal down with what it knows of the login (`Request.refused`).
    answer(connection, .refused(refusal, detail: detail))
  }
}
