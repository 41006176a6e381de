internal import Configuration
internal import Encoding

/// Which program holds the PAM handle, as far as it matters here.
enum Program {
  /// One of `candidate_programs`, as root: what stands in SSH_AUTH_INFO_0 is sshd's word. The service name says nothing
  /// (PAMServiceName), and the variable alone says nothing either (pam_env lets users write it).
  case sshd
  /// A service that starts something for people who are in already, and asks for no certificate.
  case joining
  case other

  static func of(_ login: Login, _ configuration: Published, _ world: some Surroundings) -> Program {
    if let program = world.rootProgram(), configuration.rules.host.candidatePrograms.contains(where: { $0.utf8.elementsEqual(program) }) {
      return .sshd
    }
    return joins(login.service) ? .joining : .other
  }

  /// su, sudo and the like for a person with a lease; jobs and the user manager of one.
  private static func joins(_ service: [UInt8]) -> Bool {
    let services: [StaticString] = [
      "su", "su-l", "runuser", "runuser-l", "sudo", "sudo-i", "cron", "crond", "atd", "systemd-user", "polkit-1",
    ]
    return services.contains { service.span.holds($0, at: 0..<service.count) }
  }
}
