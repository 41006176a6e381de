import ArgumentParser
import Configuration
import ConfigurationFile
import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Readiness

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether configuration and host are right, and what to do.",
    discussion: """
      One line for each thing looked at: ok, a hint (nothing is wrong, but it helps to know), a warning (it works, but not as it \
      should) or a problem (somebody could get past Sojourn, or nobody can log in), with the remedy below it. The ids of --json are \
      described in /usr/share/doc/sojourn/check.md.

      Exit status: 0 no problem (there may be warnings and hints), 1 a problem, 2 the configuration cannot be read, 64 wrong usage.
      """)

  @Flag(help: "One JSON object instead of lines.")
  var json = false

  @Flag(name: .shortAndLong, help: "Only warnings and problems.")
  var quiet = false

  func run() throws {
    try Terminal.requireRoot("sojourn check")
    let read = ConfigurationFiles.read()
    var findings = configurationFindings(read)
    let isSetUp = (try? Files.facts(Places.configurationFile)) != nil
    if isSetUp, isTakenBack {
      findings.append(Finding(.configuration, .warning, Places.configurationFile, "is there, but neither sshd nor PAM leads to Sojourn: this host was not set up, or that was taken back", remedy: "run 'sojourn setup'"))
    }
    if !isSetUp {
      findings = [Finding(.configuration, .problem, Places.configurationFile, "is not there: this host is not set up, and nobody can log in through Sojourn", remedy: "run 'sojourn setup'")]
    }
    let status = daemonStatus()
    let configuration = read.configuration ?? published()
    if let configuration {
      findings += CandidateReadiness.findings(configuration)
        + HostReadiness.findings(configuration, version: Release.version, daemonAnswers: status.daemon != nil)
        + EndpointFindings.findings(configuration) + ReachFindings.findings(configuration)
    } else if isSetUp {
      findings.append(Finding(.host, .problem, "host", "was not looked at: there is no configuration to go by", remedy: "repair the configuration"))
    }
    if isSetUp || status.daemon != nil { findings += status.findings }
    if let daemon = status.daemon { findings += daemonFindings(daemon) }
    try show(findings, host: configuration?.host.id ?? "")
    guard findings.problems.isEmpty else { throw read.isUnreadable ? Exit.unreadable : Exit.refused }
  }

  /// Neither of the two places that `sojourn setup` changes last has us: what follows in the list has one remedy.
  private var isTakenBack: Bool {
    PAMFindings.findings(service: "sshd", HostFiles()).contains { $0.severity == .problem } && (try? Files.facts("/etc/ssh/sshd_config.d/00-sojourn.conf")) == nil
  }

  private func published() -> PublishedConfiguration? {
    do throws(ConfigurationUnavailable) { return try PublishedConfiguration.current() } catch { return nil }
  }

  private func configurationFindings(_ read: ConfigurationFiles) -> [Finding] {
    var findings = read.problems.map { problem in
      Finding(.configuration, problem.severity == .error ? .problem : .warning, "\(problem.place.file):\(problem.place.line)", problem.sentence,
        remedy: problem.severity == .error ? "correct the line, then run 'sojourn apply'" : "change the line as it says and run 'sojourn apply', unless it is meant so")
    }
    guard let configuration = read.configuration else { return findings }
    findings.append(Finding(.configuration, .ok, read.files.joined(separator: ", "), "can be read, and every value is right"))
    if Publication.isCurrent(configuration, revocations: read.revocations) {
      findings.append(Finding(.published, .ok, Places.publishedConfiguration, "is what the files say"))
    } else {
      findings.append(Finding(.published, .warning, Places.publishedConfiguration, "is not what the files say", remedy: "run 'sojourn apply'"))
    }
    return findings
  }

  /// The daemon's own words, or why there are none.
  private func daemonStatus() -> (daemon: DaemonStatus?, findings: [Finding]) {
    let reply: Reply
    do throws(DaemonSilence) { reply = try DaemonClient.ask(.status, milliseconds: 3000) } catch {
      return (nil, [Finding(.daemon, .problem, "sojournd", Daemon.sentence(error) + ": nobody can log in through Sojourn", remedy: "run 'systemctl enable --now sojournd'")])
    }
    guard case .status(let status) = reply else {
      return (nil, [Finding(.daemon, .problem, "sojournd", "answered something else", remedy: "install daemon and command line of one version")])
    }
    return (status, [Finding(.daemon, .ok, "sojournd", "runs (process \(status.pid), version \(status.softwareVersion))")])
  }

  private func daemonFindings(_ status: DaemonStatus) -> [Finding] {
    var findings = VersionFindings.running(version: status.softwareVersion, pid: status.pid)
    if let problem = status.configurationProblem {
      findings.append(Finding(.daemonConfiguration, .problem, "sojournd", "goes by the last good configuration: \(problem)", remedy: "correct the configuration, then run 'sojourn apply'"))
    }
    if let problem = status.revocationProblem {
      findings.append(Finding(.revocationLists, .problem, "sojournd", "lets nobody in, because a revocation list cannot be used: \(problem)",
        remedy: "repair the list; sojournd reads it again within a second"))
    }
    if let reasons = status.candidatesWithheld {
      findings.append(Finding(.candidates, .problem, "sojournd", "lets nobody in who has no account yet: \(reasons.joined(separator: "; "))", remedy: "see the problems of this list"))
    } else {
      findings.append(Finding(.candidates, .ok, "sojournd", "lets people in who have no account yet, if the policy says so"))
    }
    if let problem = status.relayProblem {
      let lost = status.isRelayed ? "the policy cannot be asked" : "approvals can be neither asked for nor found, and sessions that live are not confirmed"
      findings.append(Finding(.relay, .problem, "sojournd relay", "does not run, so \(lost): \(problem)",
        remedy: "read the journal of sojournd, then run 'systemctl reload sojournd'"))
    } else if status.isRelayed {
      findings.append(Finding(.relay, .ok, "sojournd relay", "runs: logins ask the policy through it"))
    }
    for text in status.leftovers {
      findings.append(Finding(.leftover, .warning, "sojournd", text, remedy: "see the lines 'end-failed' and 'strays' of \(Places.auditLog)"))
    }
    for name in status.quarantined {
      findings.append(Finding(.quarantine, .problem, name, "could not be cleaned up after its session, and stays shut out", remedy: "read the journal of sojournd, then restart it"))
    }
    return findings
  }

  private func show(_ findings: [Finding], host: String) throws {
    let shown = quiet ? findings.filter { $0.severity == .warning || $0.severity == .problem } : findings
    guard !json else {
      try Terminal.printJSON(.object([
        .init("version", .integer(1)), .init("host", .string(host)), .init("ready", .boolean(findings.problems.isEmpty)), .init("findings", shown.json),
      ]))
      return
    }
    for area in Finding.Area.allCases {
      let ofArea = shown.filter { $0.area == area }
      if !ofArea.isEmpty { try Terminal.print(area.heading) }
      // The worst stands last, where it is seen.
      for severity in Finding.Severity.allCases {
        for finding in ofArea where finding.severity == severity { try show(finding) }
      }
    }
    func count(_ severity: Finding.Severity) -> String {
      let number = findings.count { $0.severity == severity }
      return "\(number) \(severity.word)\(number == 1 ? "" : "s")"
    }
    Terminal.say("\(count(.problem)), \(count(.warning)), \(count(.hint))")
  }

  private func show(_ finding: Finding) throws {
    let (word, colour): (String, Terminal.Colour?) = switch finding.severity {
    case .ok: ("ok      ", .green)
    case .hint: ("hint    ", nil)
    case .warning: ("warning ", .yellow)
    case .problem: ("problem ", .red)
    }
    try Terminal.print("  " + (colour.map { Terminal.coloured(word, $0) } ?? word) + finding.line)
    if !finding.remedy.isEmpty, finding.severity != .ok { try Terminal.print("          -> " + Escape.visible(finding.remedy, limit: 1024)) }
  }
}
