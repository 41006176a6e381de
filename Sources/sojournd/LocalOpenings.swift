import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// A login of another source's account that waits for what the host's sources say of its groups.
final class LocalOpening {
  let request: OpenRequest
  let connection: Connection
  var isAsked = false

  init(_ request: OpenRequest, _ connection: Connection) {
    self.request = request
    self.connection = connection
  }
}

/// An account of another source: no claim, no home; decided, written down, watched, and with the groups that the session was granted.
extension Daemon {
  func beginLocal(_ request: OpenRequest, _ connection: Connection, _ configuration: PublishedConfiguration) {
    guard !configuration.accounts.range.contains(request.uid), leases[request.name] == nil else {
      return refuse(connection, .ceiling, "a local account with a uid or name of Sojourn's")
    }
    let opening = LocalOpening(request, connection)
    guard LocalGrant.isToBeAsked(request) else { return settle(opening, nil) }
    connection.abandoned = { [unowned self, unowned opening] in drop(opening) }
    localOpenings.append(opening)
    advanceLocalOpenings()
  }

  /// Each is asked about by itself.
  private func advanceLocalOpenings() {
    for opening in localOpenings where !opening.isAsked {
      guard localOpenings.count(where: { $0.isAsked }) < Daemon.questionsAtOnce else { return }
      opening.isAsked = true
      let request = opening.request
      vacancy.ask(["member", request.name, String(request.uid)] + request.groups) { [weak self] outcome in
        guard let self else { return }
        // Who went away meanwhile is no opening any more.
        if localOpenings.contains(where: { $0 === opening }) { settle(opening, outcome.status == 0 ? outcome.output : nil) }
        advanceLocalOpenings()
      }
    }
  }

  private func drop(_ opening: LocalOpening) {
    refuse(opening, .noProcess, "the login is gone")
    advanceLocalOpenings()
  }

  func refuse(_ opening: LocalOpening, _ refusal: OpenRefusal, _ detail: String) {
    localOpenings.removeAll { $0 === opening }
    refuse(opening.connection, refusal, detail)
  }

  private func settle(_ opening: LocalOpening, _ output: [UInt8]?) {
    let request = opening.request
    guard let configuration else { return refuse(opening, .notReady, "there is no configuration any more") }
    let held: Set<UInt32>
    do throws(SystemError) { held = request.groups.isEmpty || request.uid == 0 ? [] : try groupsOfOthers(request.uid) } catch {
      return refuse(opening, .sourceFailed, "the processes of the account cannot be looked at: \(error.sentence)")
    }
    let grant = LocalGrant(request, output, range: configuration.accounts.range, marker: marker, held: held)
    if let (refusal, detail) = grant.refusal { return refuse(opening, refusal, detail) }
    do throws(OpeningFailure) {
      let session = try establish(opening, grant.groups, configuration)
      localOpenings.removeAll { $0 === opening }
      if !answer(opening.connection, .opened(Opened(session: session.id, expires: session.expires, notes: grant.notes))) {
        sessionEnded(session.id, reason: .loginGone)
      }
      endIfRevoked(session.id)
    } catch {
      refuse(opening, error.refusal, error.detail)
    }
  }

  /// Gids that processes of the uid act by without a session of ours that was granted them.
  private func groupsOfOthers(_ uid: UInt32) throws(SystemError) -> Set<UInt32> {
    let ours = (localSessions.values + localEnds.values.map(\.local)).filter { $0.uid == uid }.flatMap { $0.session.groups.map(\.gid) }
    return try LocalEnd.gidsHeld(by: uid).subtracting(ours)
  }

  /// Written down, watched, shown, in the audit log: in this order, so that whatever comes after a crash can be undone.
  private func establish(_ opening: LocalOpening, _ groups: [GrantedGroup], _ configuration: PublishedConfiguration) throws(OpeningFailure) -> Session {
    let request = opening.request
    guard opening.connection.peer.isAlive else { throw OpeningFailure(refusal: .noProcess, detail: "the login is gone") }
    try takeUse(of: request, configuration)
    do throws(SystemError) {
      var session = try newSession(request, opening.connection.peer, groups, configuration)
      session.isOpen = false
      var local = LocalSession(name: request.name, uid: request.uid, session: session)
      try localFiles.write(local)
      localSessions[session.id] = local
      do throws(SystemError) {
        try watch(session, name: request.name)
        try showGroups(ofLocal: request.name)
        try record.grant(Escape.visible(request.name), uid: request.uid, isLocal: true, session)
        local.session.isOpen = true
        try localFiles.write(local)
        localSessions[session.id] = local
        return local.session
      } catch {
        sessionEnded(session.id, reason: .notOpened)
        throw error
      }
    } catch {
      throw OpeningFailure(refusal: .notWritten, detail: error.sentence)
    }
  }

  /// What NSS says of the account's groups beside its own source: the union over its live sessions, without the group `sojourn`,
  /// because the account is none of Sojourn's. A lease of the name, if one came to be meanwhile, shows its own.
  func showGroups(ofLocal name: String) throws(SystemError) {
    guard leases[name] == nil, let account = AccountName(name) else { return }
    try projection.showGroups(Set(localSessions.values.filter { $0.name == name }.flatMap { $0.session.groups.map(\.gid) }), of: account)
  }

  /// What cannot be withdrawn now is withdrawn later.
  func withdrawGroups(ofLocal name: String, again: Bool = false) {
    do throws(SystemError) { try showGroups(ofLocal: name) } catch {
      if !again { record.note(.endFailed, .error, "what NSS shows of the groups of \(Escape.visible(name)) is out of date: \(error.sentence)") }
      loop.after(1000) { [weak self] in self?.withdrawGroups(ofLocal: name, again: true) }
    }
  }
}
