public import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// The rest of what `sojourn check` looks at: not whether somebody gets past us, but whether all of it works.
public enum HostReadiness {
  /// Blocking: it reads files, walks /proc, starts programs, and asks the resolver, for at most five seconds each.
  /// - Parameters:
  ///   - version: of who asks: all installed parts must be of it.
  ///   - daemonAnswers: it watches the leases.
  public static func findings(_ configuration: PublishedConfiguration, version: String, daemonAnswers: Bool, _ view: HostView = .host) -> [Finding] {
    let files = view.files
    let processes = view.processes()
    let now = Moment.now()
    return AuthorityFindings.findings(configuration, files, now: now.unixSeconds)
      + VersionFindings.findings(view, version: version)
      + StateFindings.findings(configuration, files, space: { try? FileSystemSpace.of(files.prefix + $0) })
      + homeRoot(configuration, files)
      + NumberFindings.findings(configuration, files)
      + LeftoverFindings.findings(configuration, daemonAnswers: daemonAnswers, files)
      + PAMHostFindings.findings(files) + LocalRequirementFindings.findings(files) + ConsoleFindings.findings(files) + SudoFindings.findings(files)
      + KeyboardInteractiveFindings.findings(configuration, view, processes)
      + UnitFindings.findings(view)
      + ClockFindings.findings(files, processes, now, isSynchronised: KernelClock.isSynchronised)
      + ConfinementFindings.findings(view, processes)
      + endpoints(configuration, view)
  }

  static func homeRoot(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    let root = configuration.accounts.homeRoot
    guard let facts = files.facts(root) else {
      return [Finding(.homeRoot, .ok, root, "does not exist yet; sojournd makes it")]
    }
    guard facts.isDirectory, files.isTrusted(facts), let mark = files.facts(root + "/" + Places.homeRootMark), files.isTrusted(mark) else {
      return [Finding(.homeRoot, .problem, root, "is no directory that Sojourn made and marked", remedy: "name another home_root, or remove the directory if it is empty")]
    }
    guard facts.permissions & 0o001 != 0 else {
      return [Finding(.homeRoot, .problem, root, "cannot be passed by its users (mode \(String(facts.permissions, radix: 8)))", remedy: "chmod 711 \(root)")]
    }
    return [Finding(.homeRoot, .ok, root, "is Sojourn's own")]
  }

  static func endpoints(_ configuration: PublishedConfiguration, _ view: HostView) -> [Finding] {
    configuration.policy.endpoints.map { endpoint in
      if endpoint.isLiteral { return Finding(.endpoint, .ok, endpoint.url, "needs no name to be resolved") }
      do throws(SystemError) {
        let outcome = try view.run("/usr/bin/getent", ["ahosts", endpoint.host])
        if outcome.status == 0, !outcome.output.isEmpty { return Finding(.endpoint, .ok, endpoint.url, "its name can be resolved") }
      } catch { return Finding(.endpoint, .warning, endpoint.url, "could not be looked up: \(error.sentence)") }
      return Finding(.endpoint, .warning, endpoint.url, "its name \(endpoint.host) cannot be resolved now: logins would be refused",
        remedy: "check the name and the host's resolver, or name a second endpoint")
    }
  }
}
