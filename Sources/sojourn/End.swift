import ArgumentParser
import DaemonProtocol
import Encoding
import HostSystem

struct End: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a session, or all sessions of a name, now.",
    discussion: """
      Its processes are killed and, with the last session, the account and its home are removed. Before somebody else's \
      session it asks; your own (by the uid you logged in with) it ends at once. It waits until the account is gone, and says \
      what the evidence says: exit status 1 if something is still there.
      """)

  @Argument(help: "A session as 'sojourn sessions' shows it, or a name.")
  var target: String

  @Option(help: "Shown to the person, and written into the audit log.")
  var reason = ""

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @Option(help: ArgumentHelp("Wait at most so long.", valueName: "seconds"))
  var wait = 60

  @Flag(help: "Do not wait until it is gone.")
  var noWait = false

  func validate() throws {
    guard !target.isEmpty, target.utf8.count <= 128, target.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw ValidationError("expected a session or a name: printable letters without blanks")
    }
    guard reason.utf8.count <= 500, !reason.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
      throw ValidationError("expected a reason of one line, at most 500 bytes")
    }
    guard (0...86_400).contains(wait) else { throw ValidationError("expected a number of seconds, at most 86400") }
  }

  func run() throws {
    try Terminal.requireRoot("sojourn end")
    let all = try SessionList.all()
    let meant = all.filter { ($0.session.isExactly(target) || $0.name.isExactly(target)) && $0.state.isExactly("active") }
    guard !meant.isEmpty else {
      Terminal.say("sojourn: there is no live session or name \(Escape.visible(target))")
      throw Exit.refused
    }
    if !yes, !Asker.owns(meant) { try ask(meant, among: all) }
    let begin = Moment.now()
    guard case .done = try Daemon.ask(.end(target: target, reason: reason)) else { throw Daemon.unexpected() }
    guard !noWait, wait > 0 else { return Terminal.say("\(Escape.visible(target)) is being ended.") }
    try EndWatch(meant, among: all, since: begin.unixSeconds).wait(until: Deadline(seconds: UInt64(wait), after: begin), seconds: wait)
  }

  private func ask(_ meant: [SessionSummary], among all: [SessionSummary]) throws {
    guard Terminal.hasPerson else {
      Terminal.say("sojourn: nobody can be asked here; say --yes to end \(Escape.visible(target))")
      throw Exit.refused
    }
    let now = Moment.now().unixSeconds
    for session in meant.prefix(20) {
      Terminal.say("session \(SessionSummary.show(session.session)) of \(SessionSummary.show(session.name)): \(SessionSummary.show(session.keyID)), since \(Sessions.clock(session.opened, now)), "
        + "from \(SessionSummary.show(session.login.remote)) through \(SessionSummary.show(session.login.service))" + (session.isBreakGlass ? ", BREAK-GLASS" : ""))
    }
    if meant.count > 20 { Terminal.say("... and \(meant.count - 20) more") }
    Terminal.ask("End \(meant.count == 1 ? "it" : "these \(meant.count) sessions") now? \(consequence(meant, among: all)) [y/N] ")
    guard let answer = readLine()?.lowercased(), answer == "y" || answer == "yes" else {
      Terminal.say("Nothing was ended.")
      throw Exit.refused
    }
  }

  /// What it costs whom.
  private func consequence(_ meant: [SessionSummary], among all: [SessionSummary]) -> String {
    guard let first = meant.first, !first.isLocal else { return "The account stays." }
    let others = all.count { $0.uid == first.uid && $0.state.isExactly("active") } - meant.count
    let processes = (try? ProcessTable.all().count { $0.belongs(to: first.uid) && !$0.isGone }) ?? 0
    let name = SessionSummary.show(first.name)
    return others > 0
      ? "\(name) has \(processes) processes and keeps \(others) other \(others == 1 ? "session" : "sessions")."
      : "\(processes) \(processes == 1 ? "process is" : "processes are") killed, and the account \(name) and its home are removed."
  }
}

/// Who runs this command as root: by the login uid, which the kernel keeps through sudo, else by what sudo says.
enum Asker {
  static func owns(_ sessions: [SessionSummary]) -> Bool {
    guard let uid = ProcessTable.loginUser(of: ProcessTable.ownPid) ?? OwnProcess.takeVariable("SUDO_UID").flatMap({ UInt32($0) }), uid != 0 else { return false }
    return sessions.allSatisfy { $0.uid == uid }
  }
}
