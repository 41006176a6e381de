internal import Encoding

/// T1: does every login of this PAM service pass our lines, and is our no a no?
public enum PAMFindings {
  static let example = "see /usr/share/doc/sojourn/examples/pam.d/sshd, or run 'pam-auth-update --enable sojourn'"

  public static func findings(service: String, _ files: HostFiles) -> [Finding] {
    phase(.account, service, files) + phase(.session, service, files)
  }

  private static func phase(_ phase: PAMPhase, _ service: String, _ files: HostFiles) -> [Finding] {
    let id: Finding.Kind = phase == .account ? .pamAccount : .pamSession
    let subject = "PAM service \(service), \(phase.word) lines"
    let stack: PAMStack
    do throws(PAMStack.Unreadable) { stack = try PAMStack(service: service, phase: phase, files) } catch {
      return [Finding(id, .problem, subject, "cannot be read: \(error.reason)", remedy: example)]
    }
    guard let ours = stack.lines.firstIndex(where: { $0.isOurs }) else {
      return [Finding(id, .problem, subject, "the line of pam_sojourn.so is missing, so nobody would be decided about", remedy: example)]
    }
    var findings: [Finding] = []
    switch PAMPaths.gap(stack) {
    case nil: break
    case .passedBy(let place):
      findings.append(Finding(id, .problem, subject,
        "the line of pam_sojourn.so can be passed by" + (place.utf8.isEmpty ? "" : ": \(place) can end or jump the stack before it"),
        remedy: "put the line of pam_sojourn.so before lines with sufficient, done or a jump over it; " + example))
    case .overruled(let place):
      findings.append(Finding(id, .problem, subject,
        "a refusal of pam_sojourn.so does not end in a refusal" + (place.utf8.isEmpty ? "" : " (\(place))"),
        remedy: "give its line the control [success=ok ignore=ignore module_unknown=ignore default=die], without a '-' before the type, and let no later line use reset"))
    case .tooComplex:
      findings.append(Finding(id, .problem, subject, "have too many branches to be followed, so nothing can be said of them",
        remedy: "simplify the service; " + example))
    }
    if phase == .session, let systemd = stack.lines.firstIndex(where: { $0.module.isExactly("pam_systemd.so") }), systemd < ours {
      findings.append(Finding(.pamSessionOrder, .problem, subject,
        "pam_systemd.so (\(stack.lines[systemd].place)) comes before pam_sojourn.so: other processes would look the account up before it exists",
        remedy: "move the line of pam_sojourn.so before that of pam_systemd.so; " + example))
    }
    for line in stack.lines[..<ours] where phase == .session && line.readsUsersEnvironment {
      findings.append(Finding(.pamEnvOrder, .problem, subject,
        "pam_env.so (\(line.place)) reads users' own files before pam_sojourn.so: a local user could take out what sshd says of the certificate",
        remedy: "move the line of pam_sojourn.so before it, or take user_readenv=1 out; " + example))
    }
    for line in stack.lines where line.module.isExactly("pam_faillock.so") || line.module.isExactly("pam_tally2.so") {
      findings.append(Finding(.pamFaillock, .warning, subject,
        "\(line.module) (\(line.place)) counts failures by name, and with Sojourn every name that fits the patterns is a user: strangers can lock names and fill its records",
        remedy: "leave members of the group sojourn out of it, for example with pam_succeed_if.so user ingroup sojourn before it"))
    }
    if !findings.contains(where: { $0.severity == .problem }) {
      findings.append(Finding(id, .ok, subject, "every way to success passes pam_sojourn.so (\(stack.lines[ours].place))"))
    }
    return findings
  }
}

extension PAMStack.Line {
  /// pam_env(8): `user_readenv=1` takes variables from ~/.pam_environment, which replace those that are set.
  fileprivate var readsUsersEnvironment: Bool {
    module.isExactly("pam_env.so") && arguments.contains { $0.begins(with: "user_readenv=") && !$0.isExactly("user_readenv=0") }
  }
}
