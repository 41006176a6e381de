import ArgumentParser
import DaemonProtocol
import Encoding
import HostSystem

struct End: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a session, or all sessions of a name, now.",
    discussion: "Its processes are killed and, with the last session, the account and its home are removed.")

  @Argument(help: "A session as 'sojourn sessions' shows it, or a name.")
  var target: String

  @Option(help: "Shown to the person, and written into the audit log.")
  var reason = "ended by an administrator"

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  func validate() throws {
    guard !target.isEmpty, target.utf8.count <= 128, target.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw ValidationError("expected a session or a name: printable letters without blanks")
    }
    guard reason.utf8.count <= 500, !reason.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
      throw ValidationError("expected a reason of one line, at most 500 bytes")
    }
  }

  func run() throws {
    try Terminal.requireRoot("sojourn end")
    if !yes {
      guard Terminal.hasPerson else {
        Terminal.say("sojourn: nobody can be asked here; say --yes to end \(Escape.visible(target))")
        throw Exit.refused
      }
      Terminal.ask("End \(Escape.visible(target)) now? Processes are killed. [y/N] ")
      guard let answer = readLine(), answer == "y" || answer == "yes" else {
        Terminal.say("Nothing was ended.")
        throw Exit.refused
      }
    }
    guard case .done = try Daemon.ask(.end(target: target, reason: reason)) else { throw Daemon.unexpected() }
    Terminal.say("\(Escape.visible(target)) is being ended.")
  }
}
