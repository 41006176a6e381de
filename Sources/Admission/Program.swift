internal import Configuration
internal import Encoding
internal import HostSystem

/// Which program holds the PAM handle, as far as it matters here.
enum Program {
  /// One of `candidate_programs`, as root: what stands in SSH_AUTH_INFO_0 is sshd's word. The service name says nothing
  /// (PAMServiceName), and the variable alone says nothing either (pam_env lets users write it).
  case sshd
  /// login, at a console: looks the name up after it was let in.
  case console
  /// su: looks it up before.
  case su
  /// sudo: its caller's name in the first phases, its target's in the session phase.
  case sudo
  /// A service that starts something for people who are in already, and asks for no certificate: jobs, the user manager.
  case joining
  case other

  @inline(never)
  static func of(_ login: Login, _ configuration: ConfigurationState, _ world: some Surroundings) -> Program {
    if case .published(let published) = configuration, let program = world.rootProgram(),
      published.rules.host.candidatePrograms.contains(where: { $0.utf8.elementsEqual(program) }) {
      return .sshd
    }
    if isOne(login.service, of: ["login", "remote"]) { return .console }
    if isOne(login.service, of: ["su", "su-l"]) { return .su }
    if isOne(login.service, of: ["sudo", "sudo-i"]) { return .sudo }
    return isOne(login.service, of: ["runuser", "runuser-l", "cron", "crond", "atd", "systemd-user", "polkit-1"]) ? .joining : .other
  }

  private static func isOne(_ service: [UInt8], of names: [StaticString]) -> Bool {
    names.contains { service.span.holds($0, at: 0..<service.count) }
  }
}
