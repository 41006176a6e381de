import Accounts
import DaemonProtocol
import Encoding
import Events
import HostSystem

/// A yes that waits for the phase which opens it. It lives in this process alone: a daemon that restarts has forgotten it, and the
/// person logs in again.
final class HeldDecision {
  let request: OpenRequest
  /// Who may have it opened: the process that asked, and, if that is sshd's child, the monitor.
  let holders: [ProcessReference]
  var timer: UInt64?

  init(_ request: OpenRequest, holders: [ProcessReference]) {
    self.request = request
    self.holders = holders
  }
}

extension Daemon {
  /// Milliseconds: sshd gives a login two minutes in all (LoginGraceTime), and login one.
  static let heldFor: Int64 = 120_000
  static let mostHeldOfAName = 16
  /// Each is a person whom the policy has just let in.
  static let mostHeld = 1000

  func hold(_ request: OpenRequest, _ connection: Connection) {
    // One person who asks and asks and opens nothing is to be in nobody's way.
    for (reference, other) in held where other.request.name == request.name && !other.holders.contains(where: { $0.isAlive }) { forget(reference) }
    guard held.values.count(where: { $0.request.name == request.name }) < Daemon.mostHeldOfAName, held.count < Daemon.mostHeld || request.decision.isBreakGlass else {
      return refuse(connection, .notReady, "\(held.count) decisions wait to be opened")
    }
    // Of three names tried at one `login` the last one counts.
    for (reference, other) in held where other.holders.first == connection.peer { forget(reference) }
    let reference: String
    do throws(SystemError) { reference = try Random.hex(16) } catch { return refuse(connection, .notReady, error.sentence) }
    let decision = HeldDecision(request, holders: [connection.peer] + monitor(of: connection.peer))
    decision.timer = loop.after(Daemon.heldFor) { [weak self] in self?.forget(reference) }
    held[reference] = decision
    if !answer(connection, .held(reference)) { forget(reference) }
  }

  /// sshd runs keyboard-interactive in a child of the process that opens the session; the kernel says whose child it is.
  private func monitor(of process: ProcessReference) -> [ProcessReference] {
    guard let program = ProcessTable.program(of: process.pid), sshdPrograms.contains(program), let stat = ProcessTable.stat(of: process.pid),
      let parent = ProcessReference.of(pid: stat.parent), ProcessTable.program(of: parent.pid).map({ sshdPrograms.contains($0) }) == true, process.isAlive
    else { return [] }
    return [parent]
  }

  /// Once: whoever asks with the right reference and is not the one that it is for has spoilt it.
  func redeem(_ reference: String, _ name: String, _ connection: Connection) {
    guard let decision = held[reference] else { return refuse(connection, .noReference, "nothing is kept under that reference") }
    forget(reference)
    guard decision.holders.contains(connection.peer) else { return refuse(connection, .noReference, "the decision was made for another process") }
    guard decision.request.name.isExactly(name) else { return refuse(connection, .noReference, "the decision was made for another name") }
    begin(decision.request, connection)
  }

  private func forget(_ reference: String) {
    if let timer = held.removeValue(forKey: reference)?.timer { loop.cancel(timer) }
  }

  /// The policy has just ended all that this subject has.
  func forgetHeld(of subject: String) {
    for (reference, decision) in held where decision.request.decision.subject.isExactly(subject) && !decision.request.decision.isBreakGlass { forget(reference) }
  }
}
