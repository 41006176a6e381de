import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// A live session's process, held by its pidfd: when sshd's monitor is killed, no `close_session` ever comes.
final class SessionWatch {
  let name: String
  let handle: ProcessHandle
  /// Since when it is watched, by this daemon.
  let begun = Moment.now()
  private(set) var deadline: Deadline
  var again = AskingAgain()
  /// Since when nobody has confirmed it (`Session.unconfirmed`).
  private(set) var unconfirmed: Deadline?
  /// Seconds before the end of which its person was warned last; `.max`: not yet.
  var warned = UInt64.max
  /// Why it is being ended by us, once it is.
  private(set) var endReason: EndReason?

  init(name: String, handle: consuming ProcessHandle, session: Session) {
    self.name = name
    self.handle = handle
    deadline = session.deadline
    follow(session)
  }

  /// What is looked at each second stands here too, so that no lease is searched for it; only this ever copies it.
  func follow(_ session: Session) {
    deadline = session.deadline
    unconfirmed = session.unconfirmed
    endReason = session.ending
  }
}

extension Daemon {
  /// - Parameter isRestart: an earlier daemon opened it.
  func watch(_ session: Session, name: String, isRestart: Bool = false) throws(SystemError) {
    let watch = SessionWatch(name: name, handle: try ProcessHandle(session.process), session: session)
    try loop.watch(watch.handle.pidfd.raw) { [unowned self] in sessionEnded(session.id, reason: .processGone) }
    watches[session.id] = watch
    if !session.marks.isWhole { noteMarksLater(of: session.id) }
    scheduleAsking(session, isRestart: isRestart)
  }

  /// Whose a session is.
  struct Holder {
    let name: String
    let uid: UInt32
    /// An account of another source.
    let isLocal: Bool
  }

  /// A live session by its id.
  func session(_ id: String) -> (Holder, Session)? {
    if let local = localSessions[id] { return (Holder(name: local.name, uid: local.uid, isLocal: true), local.session) }
    guard let watch = watches[id], let lease = leases[watch.name], let session = lease.sessions.first(where: { $0.id == id }) else { return nil }
    return (Holder(name: lease.name.text, uid: lease.uid, isLocal: false), session)
  }

  /// Changes what is written down of a live session.
  func change(_ id: String, _ edit: (inout Session) -> Void) {
    if var local = localSessions[id] {
      edit(&local.session)
      localSessions[id] = local
      watches[id]?.follow(local.session)
      do throws(SystemError) { try localFiles.write(local) } catch {
        record.note(.endFailed, .error, "session \(id) of \(Escape.visible(local.name)) cannot be written: \(error.sentence)")
      }
    } else if let watch = watches[id], var lease = leases[watch.name], let at = lease.sessions.firstIndex(where: { $0.id == id }) {
      edit(&lease.sessions[at])
      leases[watch.name] = lease
      watch.follow(lease.sessions[at])
      keep(lease)
    }
  }

  /// `close_session` ran in the process that opened it. Anybody else's word does not end a session.
  /// - Returns: whether it is that process's.
  func noteClosing(_ id: String, by peer: ProcessReference) -> Bool {
    guard let watch = watches[id], watch.handle.reference == peer else { return false }
    // The last time that the process can be asked.
    noteMarks(of: [id])
    return true
  }

  /// The session is over; with the last one of a name, the account goes.
  func sessionEnded(_ id: String, reason: EndReason) {
    let watch = watches.removeValue(forKey: id)
    if let watch { loop.unwatch(watch.handle.pidfd.raw) }
    let why = watch?.endReason ?? reason
    // The evidence first: killed in between, the next daemon finds the session once more and says its end twice, not never.
    if let local = localSessions.removeValue(forKey: id) {
      record.sessionEnd(Escape.visible(local.name), uid: local.uid, isLocal: true, local.session, reason: why)
      withdrawGroups(ofLocal: local.name)
      return beginEnd(of: local)
    }
    // A session that could not be opened has no watch yet.
    guard var lease = watch.flatMap({ leases[$0.name] }) ?? leases.values.first(where: { $0.sessions.contains { $0.id == id } }) else { return }
    guard let session = lease.sessions.first(where: { $0.id == id }) else { return }
    lease.retire(session)
    lease.history.add(session, until: Moment.now().unixSeconds, reason: why)
    if lease.sessions.isEmpty { lease.state = .draining }
    leases[lease.name.text] = lease
    record.sessionEnd(lease.name.text, uid: lease.uid, isLocal: false, session, reason: why)
    keep(lease)
    guard lease.state == .active else { return beginEnd(of: lease) }
    hasty.remove(lease.name.text)
    if let marker {
      do throws(SystemError) { try projection.show(lease, marker: marker) } catch {
        record.note(.endFailed, .error, "what NSS shows of \(lease.name.text) is out of date: \(error.sentence)")
      }
    }
    if !lease.withdrawnGroups.isEmpty { looks.latest?.withdrawn[lease.uid] = lease.name }
    beginTrim(of: lease.name)
  }

  /// What cannot be removed now is removed later: it stands for nothing any more.
  func removeDamagedLocalFile(_ file: String) {
    do throws(SystemError) { try localFiles.remove(file: file) } catch { loop.after(1000) { [weak self] in self?.removeDamagedLocalFile(file) } }
  }

  /// Writes the lease as it is. A disk (or memory) that takes nothing does not stop an end: the lease is in this process,
  /// and what a restarted daemon would find is an earlier state of it, whose sessions it sees to be gone.
  func keep(_ lease: Lease) {
    do throws(SystemError) { try leaseFiles.write(lease) } catch {
      record.note(.endFailed, .error, "the lease of \(lease.name.text) cannot be written: \(error.sentence)")
    }
  }

  /// `sojourn end`: one session by its id, or all of a name.
  func endOnRequest(_ target: String, reason: String) -> Reply {
    let ids = watches.filter { $0.key == target || $0.value.name == target }.map(\.key)
    guard !ids.isEmpty else { return .failed("there is no live session or name \(Escape.visible(target))") }
    for id in ids { end(id, why: .endedByAdministrator(Escape.visible(reason))) }
    return .done
  }

  /// An obligation of the policy: all live sessions of that subject, of transient and of local accounts, and its logins that
  /// are being opened. Not those of break glass: who came in because the policy fails is not thrown out by it.
  /// - Parameter spared: the session that was being decided; it is none of them.
  func endOnObligation(_ subject: String, sparing spared: String? = nil) -> Reply {
    let live = (leases.values.flatMap(\.sessions) + localSessions.values.map(\.session)).filter { watches[$0.id] != nil && !$0.decision.isBreakGlass }
    for opening in openings where opening.request.decision.subject.isExactly(subject) && !opening.request.decision.isBreakGlass {
      refuse(opening, .notReady, "the policy has just ended all sessions of \(Escape.visible(subject))")
    }
    for opening in localOpenings where opening.request.decision.subject.isExactly(subject) && !opening.request.decision.isBreakGlass {
      refuse(opening, .notReady, "the policy has just ended all sessions of \(Escape.visible(subject))")
    }
    forgetHeld(of: subject)
    for session in live where session.decision.subject.isExactly(subject) && session.id != spared { end(session.id, why: .policyObligation) }
    // Of a session that an older daemon opened nobody knows any more whose it is.
    guard let unknown = live.first(where: { $0.decision.subject.isEmpty && $0.id != spared }) else { return .done }
    return .failed("nobody knows whether session \(unknown.id) is one of them: it is older than this version")
  }

  /// Deadlines, on whichever clock they come first.
  func endWhatIsOver() {
    let now = Moment.now()
    for (id, watch) in watches where watch.endReason == nil && watch.deadline.isOver(at: now) { end(id, why: .deadline) }
  }

  /// Asks the session's process to end, which closes it in order; after three seconds it is killed.
  func end(_ id: String, why: EndReason) {
    guard let watch = watches[id], watch.endReason == nil else { return }
    noteMarks(of: [id])
    change(id) { $0.ending = why }
    goOnEnding(id, why)
  }

  /// Also after a restart: what had begun goes on.
  func goOnEnding(_ id: String, _ why: EndReason) {
    guard let watch = watches[id] else { return }
    let isTold = tell(id, "this session ends now: \(why.sentence).")
    if why.isAtOnce {
      hasty.insert(watch.name)
      watch.handle.signal(.kill)
      return
    }
    // What was written there must still get through the connection that is about to be closed.
    if isTold {
      loop.after(200) { [weak self] in self?.watches[id]?.handle.signal(.terminate) }
    } else {
      watch.handle.signal(.terminate)
    }
    loop.after(3200) { [weak self] in self?.watches[id]?.handle.signal(.kill) }
  }

  /// A login that the module refused: evidence, and the end of a connection that `ssh -N` would leave idle. The person gets
  /// a moment to read why.
  func loginRefused(_ refused: RefusedLogin, peer: ProcessReference) {
    record.refusal(refused, pid: peer.pid)
    endUnheard(refused, peer)
    guard let program = ProcessTable.program(of: peer.pid), sshdPrograms.contains(program) else { return }
    dismissed.append(peer)
    for (milliseconds, signal) in [(3000, Signal.terminate), (6000, Signal.kill)] as [(Int64, Signal)] {
      loop.after(milliseconds) { if let handle = try? ProcessHandle(peer) { handle.signal(signal) } }
    }
    loop.after(6000) { [weak self] in
      self?.dismissed.removeAll { $0 == peer }
      // Nobody is left of it by now who might still have to say why.
      self?.lookSoon()
    }
  }

  /// A login that is refused because it never heard that its session was open (a daemon that was killed between writing it down
  /// and answering) has that session still: it is over. The request's number tells it from others of the same process.
  private func endUnheard(_ refused: RefusedLogin, _ peer: ProcessReference) {
    guard let request = refused.decision?.requestID else { return }
    let sessions = leases.values.flatMap(\.sessions) + localSessions.values.map(\.session)
    for session in sessions where session.process == peer && session.decision.requestID.isExactly(request) {
      sessionEnded(session.id, reason: .loginGone)
    }
  }
}
