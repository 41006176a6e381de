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
    discussion: "One line for each thing looked at. Exit status 1 if one of them is a problem; warnings are none.")

  @Flag(help: "One JSON object instead of lines.")
  var json = false

  func run() throws {
    try Terminal.requireRoot("sojourn check")
    let read = ConfigurationFiles.read()
    var findings = configurationFindings(read)
    if let configuration = read.configuration ?? published() {
      findings += CandidateReadiness.findings(configuration) + HostReadiness.findings(configuration) + EndpointFindings.findings(configuration)
        + ReachFindings.findings(configuration)
    } else {
      findings.append(Finding("host", .problem, "host", "was not looked at: there is no configuration to go by", remedy: "repair the configuration"))
    }
    findings += daemonFindings()
    try show(findings)
    guard findings.problems.isEmpty else { throw read.isUnreadable ? Exit.unreadable : Exit.refused }
  }

  private func published() -> PublishedConfiguration? {
    do throws(ConfigurationUnavailable) { return try PublishedConfiguration.current() } catch { return nil }
  }

  private func configurationFindings(_ read: ConfigurationFiles) -> [Finding] {
    var findings = read.problems.map { problem in
      Finding("configuration", problem.severity == .error ? .problem : .warning, "\(problem.place.file):\(problem.place.line)", problem.sentence,
        remedy: problem.severity == .error ? "correct the line, then run 'sojourn apply'" : "")
    }
    guard let configuration = read.configuration else { return findings }
    findings.append(Finding("configuration", .ok, read.files.joined(separator: ", "), "can be read, and every value is right"))
    if Publication.isCurrent(configuration, revocations: read.revocations) {
      findings.append(Finding("published", .ok, Places.publishedConfiguration, "is what the files say"))
    } else {
      findings.append(Finding("published", .warning, Places.publishedConfiguration, "is not what the files say", remedy: "run 'sojourn apply'"))
    }
    return findings
  }

  private func daemonFindings() -> [Finding] {
    let reply: Reply
    do throws(DaemonSilence) { reply = try DaemonClient.ask(.status, milliseconds: 3000) } catch {
      return [Finding("daemon", .problem, "sojournd", Daemon.sentence(error) + ": nobody can log in through Sojourn", remedy: "run 'systemctl enable --now sojournd'")]
    }
    guard case .status(let status) = reply else {
      return [Finding("daemon", .problem, "sojournd", "answered something else", remedy: "install daemon and command line of one version")]
    }
    var findings = [Finding("daemon", .ok, "sojournd", "runs (process \(status.pid), version \(status.softwareVersion))")]
    if let problem = status.configurationProblem {
      findings.append(Finding("daemon-configuration", .problem, "sojournd", "goes by the last good configuration: \(problem)", remedy: "correct the configuration, then run 'sojourn apply'"))
    }
    if let problem = status.revocationProblem {
      findings.append(Finding("revocation-lists", .problem, "sojournd", "lets nobody in, because a revocation list cannot be used: \(problem)",
        remedy: "repair the list; sojournd reads it again within a second"))
    }
    if let reasons = status.candidatesWithheld {
      findings.append(Finding("candidates", .problem, "sojournd", "lets nobody in who has no account yet: \(reasons.joined(separator: "; "))", remedy: "see the problems of this list"))
    } else {
      findings.append(Finding("candidates", .ok, "sojournd", "lets people in who have no account yet, if the policy says so"))
    }
    if let problem = status.relayProblem {
      let lost = status.isRelayed ? "the policy cannot be asked" : "approvals can be neither asked for nor found, and sessions that live are not confirmed"
      findings.append(Finding("relay", .problem, "sojournd relay", "does not run, so \(lost): \(problem)",
        remedy: "read the journal of sojournd, then run 'systemctl reload sojournd'"))
    } else if status.isRelayed {
      findings.append(Finding("relay", .ok, "sojournd relay", "runs: logins ask the policy through it"))
    }
    for text in status.leftovers {
      findings.append(Finding("leftover", .warning, "sojournd", text, remedy: "see the lines 'end-failed' and 'strays' of \(Places.auditLog)"))
    }
    for name in status.quarantined {
      findings.append(Finding("quarantine", .problem, name, "could not be cleaned up after its session, and stays shut out", remedy: "read the journal of sojournd, then restart it"))
    }
    return findings
  }

  private func show(_ findings: [Finding]) throws {
    guard !json else {
      try Terminal.printJSON(.object([
        .init("version", .integer(1)), .init("ready", .boolean(findings.problems.isEmpty)), .init("findings", findings.json),
      ]))
      return
    }
    for finding in findings {
      let (word, colour): (String, Terminal.Colour) = switch finding.severity {
      case .ok: ("ok      ", .green)
      case .warning: ("warning ", .yellow)
      case .problem: ("problem ", .red)
      }
      try Terminal.print(Terminal.coloured(word, colour) + finding.line)
      if !finding.remedy.isEmpty, finding.severity != .ok { try Terminal.print("        -> " + Escape.visible(finding.remedy, limit: 1024)) }
    }
    let problems = findings.problems.count
    let warnings = findings.count { $0.severity == .warning }
    Terminal.say("\(problems) \(problems == 1 ? "problem" : "problems"), \(warnings) \(warnings == 1 ? "warning" : "warnings")")
  }
}
