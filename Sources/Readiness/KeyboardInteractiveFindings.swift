internal import Configuration
internal import Encoding

/// SSH servers that demand keyboard-interactive of people without an account: it is of use only where PAM asks us.
/// No business of ``CandidateReadiness``: settings under 'Match Group sojourn' are seen only while candidates are published, and a
/// problem that withdraws them would be gone, and back, with every look.
enum KeyboardInteractiveFindings {
  static func findings(_ configuration: PublishedConfiguration, _ view: HostView, _ processes: [RunningProgram]) -> [Finding] {
    SSHServerFindings.listeners(configuration, view, processes).listeners.flatMap { listener -> [Finding] in
      guard case .settings(let settings) = SSHServerSettings.ask(listener, user: SSHServerFindings.probe(configuration), run: view.run), isDemanded(settings) else { return [] }
      let service = SSHServerFindings.service(listener, settings)
      guard settings.isOn("kbdinteractiveauthentication") else {
        return [Finding(.sshdKeyboardInteractive, .problem, listener.subject, "AuthenticationMethods demands keyboard-interactive, and KbdInteractiveAuthentication is off: no transient account can log in",
          remedy: "set 'KbdInteractiveAuthentication yes' in the 'Match Group sojourn' of 00-sojourn.conf: the first value counts")]
      }
      guard asksUs(service, view.files) else {
        return [Finding(.sshdKeyboardInteractive, .problem, listener.subject,
          "AuthenticationMethods demands keyboard-interactive, and the auth lines of PAM service \(service) lack pam_sojourn.so: a password is asked for that nobody has, and no transient account can log in",
          remedy: "put the auth line of /usr/share/doc/sojourn/examples/pam.d/sshd into /etc/pam.d/\(service), before common-auth")]
      }
      return [Finding(.sshdKeyboardInteractive, .ok, listener.subject, "keyboard-interactive passes pam_sojourn.so")]
    }
  }

  /// Has the service an auth line of ours?
  static func asksUs(_ service: String, _ files: HostFiles) -> Bool {
    (try? PAMStack(service: service, phase: .authentication, files))?.lines.contains { $0.isOurs } ?? false
  }

  /// sshd_config(5), AuthenticationMethods: lists between blanks, of which one is enough; what stands in a list must all succeed.
  private static func isDemanded(_ settings: SSHServerSettings) -> Bool {
    let lists = settings.all("authenticationmethods").flatMap { $0.words }
    return !lists.isEmpty && lists.allSatisfy { $0.parts(44).contains { $0.before(58).isExactly("keyboard-interactive") } }
  }
}
