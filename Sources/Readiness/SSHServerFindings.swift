internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// T1, T28: every SSH server of the host whose logins see candidates, as it is configured and as it runs.
enum SSHServerFindings {
  static func findings(_ configuration: PublishedConfiguration, _ view: HostView, _ processes: [RunningProgram]) -> [Finding] {
    let (listeners, unaskable) = listeners(configuration, view, processes)
    var findings = unaskable
    guard !listeners.isEmpty || !findings.isEmpty else {
      return [Finding(.sshd, .problem, standard, "no SSH server of candidate_programs is installed or runs",
        remedy: "install openssh-server, or name the server's program in [host] candidate_programs")]
    }
    var services: [String] = []
    for listener in listeners {
      let (found, service) = server(listener, configuration, view)
      findings += found
      if let service, !services.contains(where: { $0.isExactly(service) }) { services.append(service) }
    }
    for service in services { findings += PAMFindings.findings(service: service, view.files) }
    return findings
  }

  /// The servers whose logins see candidates, each configuration once, and what is to be said of those that cannot be asked.
  static func listeners(_ configuration: PublishedConfiguration, _ view: HostView, _ processes: [RunningProgram]) -> (listeners: [SSHListener], findings: [Finding]) {
    var findings: [Finding] = []
    var listeners: [SSHListener] = []
    let programs = configuration.host.candidatePrograms
    if programs.contains(where: { $0.isExactly(standard) }), view.files.resolve(standard) != nil {
      listeners.append(SSHListener(program: standard, options: [], pid: nil))
    }
    for process in processes where programs.contains(where: { $0.isExactly(process.program) }) {
      guard process.isRoot, process.view != .apart else { continue }
      switch SSHListener.read(process) {
      case .notAListener: continue
      case .unreadable:
        findings.append(Finding(.sshdOptions, .problem, "\(process.program) (process \(process.pid))",
          "runs with options that cannot be told from outside, so its configuration cannot be checked",
          remedy: "restart it through systemd, or with a longer environment, so that its title is not cut"))
      case .listener(let listener):
        guard process.view == .same else {
          findings.append(Finding(.sshdApart, .problem, listener.subject,
            "sees Sojourn's accounts, but has other files under /etc than this host, so its configuration cannot be checked",
            remedy: "run it without a private /etc, or without access to /run/sojourn"))
          continue
        }
        if let same = listeners.firstIndex(where: { $0.program.isExactly(listener.program) && $0.options == listener.options }) {
          if listeners[same].pid == nil { listeners[same] = listener }
        } else {
          listeners.append(listener)
        }
      }
    }
    return (listeners, findings)
  }

  private static let standard = "/usr/sbin/sshd"

  /// A name that could be a transient account, to ask sshd about: the first pattern, its wildcards filled in.
  static func probe(_ configuration: PublishedConfiguration) -> String {
    for pattern in configuration.accounts.names {
      for fill in ["sojourn-check", "x", ""] {
        let name = pattern.parts(42).joined(separator: fill)
        if let account = AccountName(name), configuration.accounts.admits(account) { return name }
      }
    }
    return "sojourn-check"
  }

  private static func server(_ listener: SSHListener, _ configuration: PublishedConfiguration, _ view: HostView) -> ([Finding], service: String?) {
    let subject = listener.subject
    let settings: SSHServerSettings
    switch SSHServerSettings.ask(listener, user: probe(configuration), run: view.run) {
    case .refused(let words):
      return ([Finding(.sshdConfiguration, .problem, subject, "does not accept its own configuration: \(words)", remedy: "run 'sshd -t' and repair what it says")], nil)
    case .settings(let answer): settings = answer
    }
    var findings: [Finding] = []
    if settings.isOn("usepam") {
      findings.append(Finding(.sshdUsepam, .ok, subject, "logins go through PAM"))
    } else {
      findings.append(Finding(.sshdUsepam, .problem, subject, "UsePAM is off: logins would not pass pam_sojourn.so",
        remedy: "set 'UsePAM yes' in its configuration and reload it"))
    }
    findings += authorities(settings, subject, configuration, view.files)
    findings += keys(settings, subject, view.files)
    findings += access(settings, subject)
    if settings.isOn("usedns") {
      findings.append(Finding(.sshdUsedns, .warning, subject,
        "UseDNS is on, so PAM is told the client's name instead of its address: certificates with source-address and authorities with networks are refused, and policy and log learn the name",
        remedy: "set 'UseDNS no', which is sshd's default"))
    }
    let service = service(listener, settings)
    findings += strangers(settings, subject, service, view.files)
    findings += obstacles(settings, subject, probe(configuration), view.files)
    return (findings, service)
  }

  /// The PAM service that it asks for: PAMServiceName where the version knows it, else its program's name.
  static func service(_ listener: SSHListener, _ settings: SSHServerSettings) -> String {
    settings.one("pamservicename") ?? listener.program.parts(47).last ?? listener.program
  }

  private static func authorities(_ settings: SSHServerSettings, _ subject: String, _ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    let remedy = "set TrustedUserCAKeys to a file with the keys of [certificate] trusted_ca, as in the example 00-sojourn.conf"
    guard let path = settings.one("trustedusercakeys"), path.begins(with: "/") else {
      return [Finding(.sshdAuthorities, .warning, subject, "TrustedUserCAKeys is not set: no certificate is accepted, nobody can log in through Sojourn there", remedy: remedy)]
    }
    let keys: [[UInt8]]
    do throws(SystemError) { keys = try SSHAuthorities.keys(in: path, files) } catch {
      return [Finding(.sshdAuthorities, .warning, subject, "TrustedUserCAKeys \(path) cannot be read (\(error.sentence))", remedy: remedy)]
    }
    let open = Guard.findings(.sshdAuthorities, path, files, severity: .warning)
    guard open.isEmpty else { return open }
    let missing = configuration.certificate.trusted.filter { ours in !keys.contains { $0.elementsEqual(ours.blob) } }
    guard missing.isEmpty else {
      let names = missing.map { $0.file }.joined(separator: ", ")
      return [Finding(.sshdAuthorities, .warning, subject, "TrustedUserCAKeys \(path) lacks a key of \(names): its certificates are refused by sshd", remedy: remedy)]
    }
    var findings: [Finding] = []
    if let breakGlass = configuration.breakGlass {
      findings.append(keys.contains { $0.elementsEqual(breakGlass.authority) }
        ? Finding(.sshdBreakGlass, .ok, subject, "accepts certificates of the emergency authority")
        : Finding(.sshdBreakGlass, .warning, subject,
          "TrustedUserCAKeys \(path) lacks the key of \(breakGlass.file): nobody could log in by break glass", remedy: "add the key to a file of sshd's own, never to one of trusted_ca; see break-glass.md"))
    }
    let known = configuration.certificate.trusted.map { $0.blob } + (configuration.breakGlass.map { [$0.authority] } ?? [])
    let others = keys.filter { key in !known.contains { $0.elementsEqual(key) } }.count
    guard others == 0 else {
      return findings + [Finding(.sshdAuthorities, .warning, subject,
        "TrustedUserCAKeys \(path) also holds \(others) key(s) that Sojourn does not trust: their certificates open local accounts without a decision",
        remedy: "name them in [certificate] trusted_ca too, or remove them")]
    }
    return findings + [Finding(.sshdAuthorities, .ok, subject, "accepts certificates of the same authorities")]
  }

  /// Visible only once candidates are published: before that, sshd knows no user who is in the group sojourn.
  private static func keys(_ settings: SSHServerSettings, _ subject: String, _ files: HostFiles) -> [Finding] {
    guard files.facts(Places.projection + "/candidate") != nil else { return [] }
    let file = settings.all("authorizedkeysfile").joined(separator: " ")
    guard file.isExactly("none") else {
      return [Finding(.sshdAuthorizedKeys, .warning, subject,
        "transient accounts may use keys of their own (AuthorizedKeysFile \(file)); Sojourn refuses such logins only after sshd accepted them",
        remedy: "install the example 00-sojourn.conf: 'Match Group sojourn' with 'AuthorizedKeysFile none'")]
    }
    return [Finding(.sshdAuthorizedKeys, .ok, subject, "transient accounts log in with certificates only")]
  }

  private static func access(_ settings: SSHServerSettings, _ subject: String) -> [Finding] {
    var findings: [Finding] = []
    func names(_ keyword: String) -> [String] { settings.all(keyword).flatMap { $0.words } }
    let allowed = names("allowgroups")
    if !allowed.isEmpty, !allowed.contains(where: { matches($0, Places.group) }) {
      findings.append(Finding(.sshdAllowgroups, .warning, subject, "AllowGroups does not name sojourn: no transient account may log in",
        remedy: "add the group sojourn to AllowGroups"))
    }
    if names("denygroups").contains(where: { matches($0, Places.group) }) {
      findings.append(Finding(.sshdDenygroups, .warning, subject, "DenyGroups names sojourn: no transient account may log in", remedy: "take the group sojourn out of DenyGroups"))
    }
    let users = names("allowusers")
    if !users.isEmpty, !users.contains(where: { $0.isExactly("*") }) {
      findings.append(Finding(.sshdAllowusers, .warning, subject, "AllowUsers is set: only the names that it lists may log in, transient ones too",
        remedy: "use AllowGroups with the group sojourn instead, or list the names"))
    }
    return findings
  }

  /// What keeps transient accounts out, or their shell from them, whatever is decided.
  private static func obstacles(_ settings: SSHServerSettings, _ subject: String, _ probe: String, _ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    func set(_ keyword: String) -> String? { settings.one(keyword).flatMap { $0.utf8.isEmpty || $0.isExactly("none") ? nil : $0 } }
    if let answer = settings.one("pubkeyauthentication"), answer.isExactly("no") {
      findings.append(Finding(.sshdPublickey, .warning, subject, "PubkeyAuthentication is off: no certificate is taken, nobody can log in through Sojourn there", remedy: "set 'PubkeyAuthentication yes'"))
    }
    let denied = settings.all("denyusers").flatMap { $0.words }.filter { matches($0.before(64), probe) && !$0.utf8.contains(64) }
    if !denied.isEmpty {
      findings.append(Finding(.sshdDenyusers, .warning, subject, "DenyUsers \(denied.joined(separator: " ")) holds for names that transient accounts could have", remedy: "narrow the pattern, or [accounts] names"))
    }
    if let path = set("revokedkeys"), !(files.resolve(path)?.facts.isRegular ?? false) {
      findings.append(Finding(.sshdRevokedKeys, .warning, subject, "RevokedKeys \(path) is not there: sshd then refuses every key and certificate", remedy: "put the list there, or take RevokedKeys out"))
    }
    // As with keys: before candidates are published sshd knows no member of the group to be asked about.
    guard files.facts(Places.projection + "/candidate") != nil else { return findings }
    for keyword in ["authorizedprincipalsfile", "authorizedprincipalscommand"] {
      guard let value = set(keyword) else { continue }
      findings.append(Finding(.sshdPrincipals, .warning, subject, "\(keyword == "authorizedprincipalsfile" ? "AuthorizedPrincipalsFile" : "AuthorizedPrincipalsCommand") \(value) is asked which principals a transient account may have: whom it does not list is refused",
        remedy: "set it to none under 'Match Group sojourn': then the certificate must name the login name"))
    }
    if let directory = set("chrootdirectory") {
      findings.append(Finding(.sshdChroot, .warning, subject, "ChrootDirectory \(directory) holds for transient accounts: their shell \(Places.gateShell) and their home are not there",
        remedy: "set 'ChrootDirectory none' under 'Match Group sojourn'"))
    }
    return findings
  }

  /// With candidates every name that fits the patterns is a user to sshd, for strangers too (T28).
  private static func strangers(_ settings: SSHServerSettings, _ subject: String, _ service: String, _ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    let isPublished = files.facts(Places.projection + "/candidate") != nil
    // With our auth line keyboard-interactive asks for an answer to a challenge.
    let asked = ["passwordauthentication", "kbdinteractiveauthentication"].filter { settings.isOn($0) && !($0.isExactly("kbdinteractiveauthentication") && KeyboardInteractiveFindings.asksUs(service, files)) }
    // As with keys: before that, 'Match Group sojourn' matches nobody whom sshd could be asked about.
    if isPublished, !asked.isEmpty {
      findings.append(Finding(.sshdPasswords, .warning, subject,
        "passwords are asked for (\(asked.joined(separator: ", "))): strangers who guess names run through PAM for every name that fits [accounts] names",
        remedy: "turn both off under 'Match Group sojourn', as in the example 00-sojourn.conf"))
    }
    if let penalties = settings.one("persourcepenalties"), !penalties.isExactly("no") {
      findings.append(Finding(.sshdPenalties, .hint, subject,
        "PerSourcePenalties is on: many refused logins from one address shut that address out for a while, a jump host with everybody behind it too",
        remedy: "name jump hosts in PerSourcePenaltyExemptList"))
    }
    if let startups = settings.one("maxstartups"), let first = ProcessTable.decimal(Array(startups.before(58).utf8)) {
      let isLow = first < 10
      findings.append(Finding(.sshdStartups, isLow ? .hint : .ok, subject,
        "MaxStartups \(startups): from \(first) connections on that have not authenticated, new ones are dropped; a login that waits for the policy or for approval has authenticated",
        remedy: isLow ? "raise it to sshd's default, 10:30:100, if people are turned away while strangers guess" : ""))
    }
    return findings
  }

  /// sshd's group patterns: `*` and `?` (ssh_config(5), PATTERNS).
  static func matches(_ pattern: String, _ name: String) -> Bool {
    func match(_ p: ArraySlice<UInt8>, _ n: ArraySlice<UInt8>) -> Bool {
      guard let first = p.first else { return n.isEmpty }
      if first == 42 { return match(p.dropFirst(), n) || (!n.isEmpty && match(p, n.dropFirst())) }
      guard let letter = n.first, first == 63 || first == letter else { return false }
      return match(p.dropFirst(), n.dropFirst())
    }
    return match(Array(pattern.utf8)[...], Array(name.utf8)[...])
  }
}
