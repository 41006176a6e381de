internal import Admission
internal import Encoding
internal import HostSystem

/// The rest of PAM: every service that passes our lines, what stands around them, and whether pam-auth-update still has its say.
/// What could let somebody past us is in ``PAMFindings``.
enum PAMHostFindings {
  static func findings(_ files: HostFiles) -> [Finding] {
    services(files).flatMap { service($0, files) } + profile(files)
  }

  /// Names in /etc/pam.d that a program may ask for; copies that editors and dpkg leave are none.
  static func services(_ files: HostFiles) -> [String] {
    files.names(in: "/etc/pam.d").filter { !$0.utf8.contains(46) && !$0.ends(with: "~") && !$0.begins(with: "common-") && !$0.isExactly("other") }.sorted()
  }

  private static func service(_ service: String, _ files: HostFiles) -> [Finding] {
    // A service that cannot be read refuses everybody, whether Sojourn is here or not.
    let auth = (try? PAMStack(service: service, phase: .authentication, files))?.lines ?? []
    let account = (try? PAMStack(service: service, phase: .account, files))?.lines ?? []
    let session = (try? PAMStack(service: service, phase: .session, files))?.lines ?? []
    let isSSHD = service.isExactly("sshd")
    var findings: [Finding] = []
    for line in auth + account + session where line.isOurs {
      let unknown = ModuleOptions(line.arguments.map { Array($0.utf8) }).unknown
      guard !unknown.isEmpty else { continue }
      let effect = unknown.contains { $0.begins(with: "local") } ? "what begins with 'local' counts as local=require, the rest has no effect" : "it has no effect"
      findings.append(Finding(.pamOption, .warning, line.place, "pam_sojourn.so is given what it does not know: \(unknown.joined(separator: ", ")); \(effect)",
        remedy: "correct the option, or take it out; see pam_sojourn(8)"))
    }
    guard let ours = session.firstIndex(where: { $0.isOurs }) else { return findings }
    let subject = "PAM service \(service), session lines"
    // Of sshd that is a problem, and told there.
    if !isSSHD, let systemd = session.firstIndex(where: { $0.module.isExactly("pam_systemd.so") }), systemd < ours {
      findings.append(Finding(.pamSessionOrder, .warning, subject, "pam_systemd.so (\(session[systemd].place)) comes before pam_sojourn.so (\(session[ours].place))",
        remedy: "move the line of pam_sojourn.so before that of pam_systemd.so; " + PAMFindings.example))
    }
    if isSSHD, let again = session.last(where: { $0.isOurs }), !again.place.isExactly(session[ours].place) {
      findings.append(Finding(.pamTwice, .hint, subject, "pam_sojourn.so stands there twice (\(session[ours].place) and \(again.place)): the second has nothing to do, except by its own options (local=require)",
        remedy: "use the profile or the lines in /etc/pam.d/\(service); nothing is to be done where the options differ on purpose"))
    }
    if isSSHD { findings += around(ours, account: account, session: session, subject) }
    return findings
  }

  /// What stands around our line where people log in.
  private static func around(_ ours: Int, account: [PAMStack.Line], session: [PAMStack.Line], _ subject: String) -> [Finding] {
    var findings: [Finding] = []
    switch session.firstIndex(where: { $0.module.isExactly("pam_loginuid.so") }) {
    case nil:
      findings.append(Finding(.pamLoginuid, .warning, subject, "pam_loginuid.so is missing: what a person runs as root outlives the end, because nothing says whose it is",
        remedy: "put 'session required pam_loginuid.so' before the line of pam_sojourn.so, as Debian's /etc/pam.d/sshd has it"))
    case .some(let place) where place > ours:
      findings.append(Finding(.pamLoginuid, .warning, subject, "pam_loginuid.so (\(session[place].place)) comes after pam_sojourn.so, which then cannot note the number of the login",
        remedy: "move the line of pam_loginuid.so before that of pam_sojourn.so"))
    case .some: findings.append(Finding(.pamLoginuid, .ok, subject, "the login has its number before pam_sojourn.so runs"))
    }
    for line in session[..<ours] where line.module.isExactly("pam_mkhomedir.so") || line.module.isExactly("pam_oddjob_mkhomedir.so") {
      findings.append(Finding(.pamMkhomedir, .warning, subject, "\(line.module) (\(line.place)) comes before pam_sojourn.so: it makes homes also for people who are then refused, and nobody removes them",
        remedy: "move the line of pam_sojourn.so before it: it makes the home itself"))
    }
    let gates = ["pam_access.so", "pam_time.so", "pam_listfile.so", "pam_wheel.so"]
    for line in account + session where gates.contains(where: { $0.isExactly(line.module) }) {
      findings.append(Finding(.pamAccess, .hint, "\(line.module) (\(line.place))", "decides by names too: transient accounts that its file does not let in are refused",
        remedy: line.module.isExactly("pam_access.so") ? "put '+ : (sojourn) : ALL' into /etc/security/access.conf, before the line that refuses the rest" : "see that its file lets members of the group sojourn in"))
    }
    return findings
  }

  // MARK: pam-auth-update

  /// pam-auth-update(8) keeps what it wrote last in /var/lib/pam, compares, and refuses in silence where somebody edited between its marks.
  private static func profile(_ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    for type in ["account", "session"] {
      guard let saved = try? files.lines("/var/lib/pam/" + type), saved.contains(where: { $0.words.elementsEqual(["Module:", "sojourn"]) }) else { continue }
      let file = "/etc/pam.d/common-" + type
      let lines = PAMStack.logical((try? files.lines(file)) ?? [])
      if lines.contains(where: { PAMStack.tokens($0.line).contains { $0.ends(with: "pam_sojourn.so") } }) {
        findings.append(Finding(.pamProfile, .ok, file, "has the line of the profile that pam-auth-update knows as enabled"))
      } else {
        findings.append(Finding(.pamProfile, .warning, file, "lacks the line of pam_sojourn.so, although pam-auth-update has the profile sojourn enabled: somebody edited the file by hand",
          remedy: "save your own changes of \(file), then run 'pam-auth-update --force'"))
      }
    }
    for type in ["auth", "account", "session", "session-noninteractive"] { findings += block(type, files) }
    return findings
  }

  /// Are the modules between the marks those that were written there? Options may differ: pam-auth-update keeps them.
  private static func block(_ type: String, _ files: HostFiles) -> [Finding] {
    let file = "/etc/pam.d/common-" + type
    guard let saved = try? files.lines("/var/lib/pam/" + type), let text = try? files.lines(file),
      let begin = text.firstIndex(where: { $0.begins(with: "# here are the per-package modules") }), let end = text.firstIndex(where: { $0.begins(with: "# end of pam-auth-update config") }),
      begin < end
    else { return [] }
    func modules(_ lines: [String], at index: Int) -> [String] {
      PAMStack.logical(lines).compactMap { line in
        let words = PAMStack.tokens(line.line)
        guard words.count > index, !words[0].isExactly("Module:") else { return nil }
        let module = words[index].parts(47).last ?? words[index]
        // What frames every block.
        return module.isExactly("pam_deny.so") || module.isExactly("pam_permit.so") ? nil : module
      }.sorted()
    }
    let written = modules(saved, at: 1)
    let found = modules(Array(text[begin..<end]), at: 2)
    guard written != found else { return [] }
    let added = found.filter { !written.contains($0) }
    let gone = written.filter { !found.contains($0) }
    let what = (added.isEmpty ? [] : ["added: " + added.joined(separator: ", ")]) + (gone.isEmpty ? [] : ["gone: " + gone.joined(separator: ", ")])
    return [Finding(.pamBlock, .hint, file, "was edited by hand between the marks of pam-auth-update (\(what.joined(separator: "; "))): packages that bring or remove a profile change nothing there any more, and say nothing",
      remedy: "move lines of your own above or below the marks, then run 'pam-auth-update --force'")]
  }
}
