import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// What an earlier daemon left: leases and sessions that go on, and accounts without either that are taken down.
extension Daemon {
  private static func unseenEnd(of session: Session) -> EndReason { session.ending ?? (session.isOpen ? .daemonWasAway : .notOpened) }

  /// At start: leases of an earlier daemon whose sessions live go on; all that has no live session is taken down; what is
  /// shown or built without a lease goes (invariant 10).
  /// - Throws: if nobody can say now which leases there are, or one of their live processes cannot be watched: people are in, and a
  ///   start that is tried again is better than throwing them out.
  func reconcile() throws(SystemError) {
    for found in try leaseFiles.all() {
      switch found {
      case .lease(var lease):
        var alive: [Session] = []
        for session in lease.sessions where try watchAgain(session, name: lease.name.text) { alive.append(session) }
        for session in lease.sessions where !alive.contains(where: { $0.id == session.id }) {
          lease.retire(session)
          lease.history.add(session, until: Moment.now().unixSeconds, reason: Daemon.unseenEnd(of: session))
          record.sessionEnd(lease.name.text, uid: lease.uid, isLocal: false, session, reason: Daemon.unseenEnd(of: session))
        }
        if alive.isEmpty { lease.state = .draining }
        leases[lease.name.text] = lease
        keep(lease)
        if lease.state == .active, let marker { try? projection.show(lease, marker: marker) }
        for session in alive { if let why = session.ending { goOnEnding(session.id, why) } }
        // A worker of the daemon before may have been stopped in the middle.
        if lease.leaving.isEmpty { LoginGroup.thaw(uid: lease.uid) } else { setGoing(lease.uid) }
        if !lease.leaving.isEmpty { beginTrim(of: lease.name) }
      case .damaged(let name, let reason):
        record.note(.endFailed, .error, "the lease of \(name.text) is damaged (\(reason)); its account is taken down", [.init("name", .string(name.text))])
        takeDown(name)
      }
    }
    var over: [LocalSession] = []
    for found in try localFiles.all() {
      switch found {
      case .session(let local):
        if local.session.isOpen, try watchAgain(local.session, name: local.name) {
          localSessions[local.session.id] = local
          if let why = local.session.ending { goOnEnding(local.session.id, why) }
        } else {
          record.sessionEnd(Escape.visible(local.name), uid: local.uid, isLocal: true, local.session, reason: Daemon.unseenEnd(of: local.session))
          over.append(local)
        }
      case .damaged(let file, let reason):
        record.note(.endFailed, .error, "the file of a local account's session, local/\(Escape.visible(file)), is damaged (\(reason)); if the session lives, nobody ends it any more when its time is over, nor what holds its groups")
        removeDamagedLocalFile(file)
      }
    }
    for found in try localEndFiles.all() {
      switch found {
      case .session(let local): if !over.contains(where: { $0.session.id == local.session.id }) { over.append(local) }
      case .damaged(let file, let reason):
        record.note(.endFailed, .error, "the file of a local account's session that is over, local-ends/\(Escape.visible(file)), is damaged (\(reason)); what is left of it is not ended")
        try? localEndFiles.remove(file: file)
      }
    }
    for name in (try? projection.names()) ?? [] where leases[name.text] == nil { takeDown(name) }
    clearProjection()
    // Not before: what is withdrawn goes before what held it.
    for local in over {
      // A worker of the daemon before may have been stopped in the middle.
      if !local.session.groups.isEmpty { LoginGroup.thaw(uid: local.uid) }
      beginEnd(of: local)
    }
    for lease in leases.values where lease.state == .draining { beginEnd(of: lease) }
  }

  /// What cannot be cleared now is cleared later: it may show groups that nobody has any more.
  private func clearProjection(again: Bool = false) {
    let members = Set(localSessions.values.filter { !$0.session.groups.isEmpty }.map(\.name))
    do throws(SystemError) {
      try projection.keepOnly(leases.values.map { ($0.name, $0.uid) }, members: members)
      for name in members { try showGroups(ofLocal: name) }
    } catch {
      if !again { record.note(.endFailed, .error, "what NSS shows cannot be cleared of what has no lease: \(error.sentence)") }
      loop.after(1000) { [weak self] in self?.clearProjection(again: true) }
    }
  }

  /// - Returns: false if the session's process is gone, or nobody was told that it is open.
  private func watchAgain(_ session: Session, name: String) throws(SystemError) -> Bool {
    guard session.isOpen else { return false }
    do throws(SystemError) {
      try watch(session, name: name, isRestart: true)
      return true
    } catch {
      if error.isExhausted { throw error }
      return false
    }
  }

  /// An account without a lease that can be read: whatever is known of it is put into a draining one. The registry must say
  /// that the number is this name's, or it is not ours to take down: then only our own files about it go.
  /// - Parameters:
  ///   - uid: whose the home is that was found.
  ///   - homeRoot: where it was found; else what NSS shows, or the configuration says.
  func takeDown(_ name: AccountName, uid: UInt32? = nil, homeRoot: String? = nil) {
    guard leases[name.text] == nil else { return }
    let shown = projection.account(of: name)
    let known = [uid, shown?.uid].compactMap { $0 }.first { (try? registry.holder(of: $0)) == .name(name) }
    guard let number = known ?? registeredUID(of: name) else {
      try? leaseFiles.remove(name)
      return record.note(.endFailed, .warning, "\(name.text) was shown or had files here, but no uid was ever given to that name: only the lease's file was removed")
    }
    let root = homeRoot ?? shown.map { Files.parent(of: $0.home) } ?? configuration?.accounts.homeRoot ?? Places.state + "/home"
    var lease = Lease(name: name, uid: number, home: root + "/" + name.text)
    lease.state = .draining
    lease.history.isLost = true
    leases[name.text] = lease
    keep(lease)
  }

  private func registeredUID(of name: AccountName) -> UInt32? {
    for entry in (try? Files.names(in: Places.uids)) ?? [] {
      if let uid = UInt32(entry), (try? registry.holder(of: uid)) == .name(name) { return uid }
    }
    return nil
  }
}
