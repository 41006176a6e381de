import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// One connection: one request, one reply. Who asks is what the kernel says.
final class Connection {
  let socket: SeqpacketSocket
  let peer: ProcessReference
  var isAnswered = false
  /// When it has said nothing for too long; nil once it has said something.
  var timer: UInt64?
  /// Called if the peer goes away before it has its answer.
  var abandoned: (() -> Void)?

  init(_ socket: consuming SeqpacketSocket, _ peer: ProcessReference) {
    self.socket = socket
    self.peer = peer
  }
}

extension Daemon {
  func acceptConnections() {
    for _ in 0..<128 {
      let socket: SeqpacketSocket
      do throws(SystemError) { socket = SeqpacketSocket(try listener.accept()) } catch {
        // The connection that cannot be taken stays in the queue, and its readiness would keep this loop spinning.
        if error.isExhausted { pauseAccepting(error) }
        return
      }
      // Mode 0600 keeps others out; this is the second lock on that door.
      guard let peer = try? socket.peer(), peer.uid == 0, let reference = ProcessReference.of(pid: peer.pid) else {
        record.note(.daemon, .warning, "a connection by somebody who is not root, or is gone, was dropped")
        continue
      }
      if socket.isHungUp {
        takeHint(socket, reference)
        continue
      }
      let connection = Connection(socket, reference)
      let number = connection.socket.descriptor.raw
      guard (try? loop.watch(number, { [unowned self] in take(connection) })) != nil else { continue }
      connections[number] = connection
      // Who connects and says nothing is not waited for.
      connection.timer = loop.after(5000) { [weak self, weak connection] in
        if let self, let connection { close(connection) }
      }
    }
  }

  /// Who says what has no answer need not stay until it is heard. Whose its process's number is by now is not certain, and no
  /// matter: the hint is of use to an opening by that process alone, and what it leads to is asked now.
  private func takeHint(_ socket: borrowing SeqpacketSocket, _ peer: ProcessReference) {
    guard let packet = try? socket.receive(cap: Request.cap), case .expect(let name, let uid)? = try? Request(packet: packet) else {
      return record.note(.daemon, .warning, "a connection by somebody who is gone was dropped")
    }
    expect(name, uid, peer)
  }

  private func pauseAccepting(_ error: SystemError) {
    record.note(.daemon, .error, "no further connection can be taken now: \(error.sentence)")
    loop.unwatch(listener.descriptor.raw)
    let paused = listener.descriptor.raw
    loop.after(500) { [weak self] in
      guard let self, listener.descriptor.raw == paused else { return }
      try? loop.watch(paused) { [unowned self] in acceptConnections() }
    }
  }

  private func take(_ connection: Connection) {
    let packet: [UInt8]
    do throws(SystemError) {
      packet = try connection.socket.receive(cap: Request.cap)
    } catch {
      if error.isWouldBlock { return }
      connection.abandoned?()
      close(connection)
      return
    }
    guard connection.abandoned == nil, !connection.isAnswered else {
      connection.abandoned?()
      return close(connection)
    }
    stopTimer(of: connection)
    let request: Request
    do throws(MemberError) { request = try Request(packet: packet) } catch {
      answer(connection, .failed(error.sentence))
      return
    }
    switch request {
    case .open(let open): begin(open, connection)
    case .hold(let open): hold(open, connection)
    case .redeem(let reference, let name): redeem(reference, name, connection)
    case .expect(let name, let uid):
      close(connection)
      expect(name, uid, connection.peer)
    case .standing(let name, let uid): answer(connection, isStanding(name, uid) ? .done : .refused(.whichSession, detail: "nobody is in under that name"))
    case .credential(let name, let uid): answer(connection, credential(of: name, uid: uid, for: connection.peer))
    case .elevated(let elevation): answer(connection, elevated(elevation, by: connection.peer))
    case .closed(let session):
      // Who closes need not wait until a worker is started; but after the answer there may be nobody left to be looked at.
      let isOver = noteClosing(session, by: connection.peer)
      answer(connection, .done)
      if isOver { sessionEnded(session, reason: .closed) }
    case .refused(let refused):
      answer(connection, .done)
      loginRefused(refused, peer: connection.peer)
    case .sessions(let after): answer(connection, page(after: after))
    case .end(let target, let reason): answer(connection, endOnRequest(target, reason: reason))
    case .endSubject(let subject): answer(connection, endOnObligation(subject))
    case .status: answer(connection, .status(status))
    case .reload:
      connection.abandoned = {}
      readConfiguration { [unowned self] in
        verifyHost()
        answer(connection, configurationProblem.map { .failed($0) } ?? .done)
      }
    }
  }

  /// - Returns: false if the peer is gone.
  @discardableResult
  func answer(_ connection: Connection, _ reply: Reply) -> Bool {
    guard !connection.isAnswered else { return false }
    connection.isAnswered = true
    connection.abandoned = nil
    defer { close(connection) }
    guard let packet = reply.packet else { return false }
    do throws(SystemError) { try connection.socket.send(packet) } catch { return false }
    return true
  }

  private func close(_ connection: Connection) {
    let number = connection.socket.descriptor.raw
    guard connections[number] === connection else { return }
    stopTimer(of: connection)
    loop.unwatch(number)
    connections.removeValue(forKey: number)
  }

  private func stopTimer(of connection: Connection) {
    if let timer = connection.timer { loop.cancel(timer) }
    connection.timer = nil
  }

  var status: DaemonStatus {
    var status = DaemonStatus(softwareVersion: Release.version, pid: ProcessTable.ownPid, started: started,
      candidatesWithheld: candidates.published == nil ? candidates.reasons : nil, configurationProblem: configurationProblem,
      isRelayed: configuration?.policy.via == .relay, relayProblem: relay.map(\.problem) ?? (configuration == nil ? nil : "its socket cannot be made"), revocationProblem: revocations.problem, leases: UInt64(leases.count), sessions: UInt64(watches.count), breakGlassSessions: breakGlassSessions,
      quarantined: ends.filter { $0.value.isQuarantined }.keys.sorted(), leftovers: Array(leftovers.prefix(50)))
    status.unconfirmedSessions = UInt64(watches.values.count { $0.unconfirmed != nil })
    return status
  }

  /// What ends could not end, remove or look at.
  private var leftovers: [String] {
    let ended = ends.sorted { $0.key < $1.key }.flatMap { name, end in end.remaining.prefix(8).map { "\(name), whose account is being taken down: \($0)" } }
    let trimmed = trims.sorted { $0.key < $1.key }.flatMap { name, trim in trim.remaining.prefix(8).map { "\(name), of sessions that are over: \($0)" } }
    let local = localEnds.values.sorted { $0.local.session.id < $1.local.session.id }.flatMap { end in end.remaining.prefix(8).map { "\(Escape.visible(end.local.name)), of a session that is over: \($0)" } }
    return ended + trimmed + local + strays.remaining
  }

  private var breakGlassSessions: UInt64 {
    let all = leases.values.flatMap(\.sessions) + localSessions.values.map(\.session)
    return UInt64(all.count { $0.decision.isBreakGlass })
  }

  /// As many sessions after that id as surely fit one packet.
  private func page(after: String) -> Reply {
    var all: [SessionSummary] = []
    for lease in leases.values {
      for session in lease.sessions { all.append(summary(session, name: lease.name.text, uid: lease.uid, isLocal: false, state: "active")) }
      if lease.state == .draining, lease.sessions.isEmpty, let last = lease.leaving.last {
        all.append(summary(last, name: lease.name.text, uid: lease.uid, isLocal: false, state: "draining"))
      }
    }
    for local in localSessions.values { all.append(summary(local.session, name: local.name, uid: local.uid, isLocal: true, state: "active")) }
    let rest = all.filter { $0.session > after }.sorted { $0.session < $1.session }
    var fitting: [SessionSummary] = []
    var bytes = 0
    for summary in rest {
      bytes += summary.json.text()?.count ?? Request.cap
      if bytes > Request.cap - 1024 { break }
      fitting.append(summary)
    }
    return .sessions(fitting, more: fitting.count < rest.count)
  }

  private func summary(_ s: Session, name: String, uid: UInt32, isLocal: Bool, state: String) -> SessionSummary {
    // Texts from outside are cut, so that one summary always fits a message: else the list would end there.
    let login = LoginFacts(service: String(s.login.service.prefix(64)), tty: String(s.login.tty.prefix(64)), remote: String(s.login.remote.prefix(256)))
    var summary = SessionSummary(session: s.id, name: String(name.prefix(256)), uid: uid, isLocal: isLocal, state: state, pid: s.process.pid, login: login,
      keyID: String(s.credential.keyID.prefix(512)), isBreakGlass: s.decision.isBreakGlass, endpoint: String(s.decision.endpoint.prefix(256)),
      requestID: String(s.decision.requestID.prefix(128)), groups: s.groups.map(\.name), opened: s.opened, expires: s.expires)
    if let watch = watches[s.id], watch.unconfirmed != nil {
      summary.isUnconfirmed = true
      if let end = unconfirmedEnd(watch) { summary.expires = min(summary.expires, Moment(wall: end.wall, boot: 0).unixSeconds) }
    }
    return summary
  }
}
