import Admission
import ArgumentParser
import Configuration
import DaemonProtocol
import Encoding
import HostSystem
import Identity

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what would come of a login, without anybody logging in.",
    discussion: """
      Asks the policy for real, as this host is configured to, and judges certificate, answer and ceilings with the code of the \
      login itself. Nothing is opened, ended or written on this host, and a certificate for one use stays unused; the policy's own \
      log has the question as if it were a login. Exit status 0 would be let in, 1 refused, 2 unreadable, 3 daemon or relay does not answer.
      """)

  @Argument(help: "Who would log in.")
  var name: String

  @Option(help: "The certificate, such as id_ed25519-cert.pub.")
  var certificate: String

  @Option(help: "The PAM service.")
  var service = "sshd"

  @Option(help: "The client's address; not known if not given.")
  var from: String?

  @Option(help: "The terminal as PAM is told it.")
  var tty = "ssh"

  @Flag(help: "One JSON object instead of lines.")
  var json = false

  func validate() throws {
    guard !name.isEmpty else { throw ValidationError("expected a login name") }
    if let from, IPAddress(from.utf8) == nil { throw ValidationError("expected an IP address after --from") }
  }

  func run() throws {
    try Terminal.requireRoot("sojourn explain")
    let blob = try KeyFile.certificate(certificate)
    let shown = "publickey \(KeyFile.type(of: blob)) \(Base64.encode(blob))\n"
    let login = Login(user: Array(name.utf8), service: Array(service.utf8), tty: Array(tty.utf8), remoteHost: Array((from ?? "").utf8),
      authenticationInfo: Array(shown.utf8), isSilent: false, options: ModuleOptions([]))
    let rehearsal = Rehearsal(service: service)
    // The configuration comes first: it says which program sshd is here.
    do throws(ConfigurationUnavailable) { _ = try rehearsal.configuration() } catch {
      let refusal = Refusal(error)
      Terminal.say(refusal.sentence(for: Escape.visible(name, limit: 64), request: nil) + " (\(refusal.detail))")
      throw ExitCode(refusal.exitStatus)
    }
    let explanation = Explanation(name: name, rehearsal, code: SessionOpening.run(login, rehearsal, rehearsal).code, withheld: Explain.withheld)
    if json { try Terminal.printJSON(explanation.json) } else { try explanation.print() }
    guard explanation.exitStatus == 0 else { throw ExitCode(explanation.exitStatus) }
  }

  /// Why no new name has an account now; nil if the daemon does not say.
  private static var withheld: [String]? {
    do throws(DaemonSilence) {
      guard case .status(let status) = try DaemonClient.ask(.status, milliseconds: 3000) else { return nil }
      return status.candidatesWithheld ?? []
    } catch { return nil }
  }
}
