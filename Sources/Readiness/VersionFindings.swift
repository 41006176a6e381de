internal import Encoding
internal import HostSystem
internal import Identity

/// Are all parts of one Sojourn, can the modules be loaded, and does nothing old still run?
public enum VersionFindings {
  /// - Parameter version: of who asks.
  static func findings(_ view: HostView, version: String) -> [Finding] {
    parts(view, version) + helpers(view.files) + loading(view) + mapped(view.files)
  }

  private static let module = "/pam_sojourn.so"
  private static let library = "/libnss_sojourn.so.2"

  // MARK: Versions

  private static func parts(_ view: HostView, _ version: String) -> [Finding] {
    var findings: [Finding] = []
    let files = [InstallationFindings.module(view.files), InstallationFindings.library(view.files), Places.gateShell, Places.vacancy, Places.reaper].compactMap { $0 }
    var versions: [(String, String?)] = []
    // What is missing is another finding.
    for file in files where view.files.resolve(file) != nil { versions.append((file, BuildNote.version((try? view.files.bytes(file)) ?? []))) }
    if view.files.resolve(Places.daemon) != nil { versions.append((Places.daemon, installedDaemon(view))) }
    for (file, found) in versions where !(found?.isExactly(version) ?? false) {
      findings.append(Finding(.version, .problem, file,
        (found.map { "is of Sojourn \(Escape.visible($0, limit: 32))" } ?? "does not say which Sojourn it is of")
          + ", and this command line of \(version): parts of different versions may not understand each other, and then nobody gets in",
        remedy: "install all of Sojourn's packages of one version"))
    }
    return findings.isEmpty ? [Finding(.version, .ok, "Sojourn \(version)", "is the version of all installed parts")] : findings
  }

  private static func installedDaemon(_ view: HostView) -> String? {
    guard let outcome = try? view.run(Places.daemon, ["--version"]), outcome.status == 0 else { return nil }
    return String(decoding: outcome.output, as: UTF8.self).before(10).words.last
  }

  /// The daemon that answered, against the one that is installed.
  public static func running(version: String, pid: Int32, _ view: HostView = .host) -> [Finding] {
    let subject = "sojournd (process \(pid))"
    let remedy = "run 'systemctl restart sojournd'; sessions go on meanwhile"
    if let installed = installedDaemon(view), !installed.isExactly(version) {
      return [Finding(.versionDaemon, .warning, subject, "is of Sojourn \(Escape.visible(version, limit: 32)), and \(Escape.visible(installed, limit: 32)) is installed", remedy: remedy)]
    }
    if view.files.target("/proc/\(pid)/exe")?.ends(with: " (deleted)") ?? false {
      return [Finding(.versionDaemon, .warning, subject, "runs from a file that was replaced since it was started", remedy: remedy)]
    }
    return [Finding(.versionDaemon, .ok, subject, "is the one that is installed")]
  }

  // MARK: Helpers

  private static func helpers(_ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    for (path, what) in [(Places.vacancy, "no account can be opened"), (Places.reaper, "processes of ended sessions may stay"), (Places.daemon, "nobody can log in through Sojourn")] {
      guard let found = files.resolve(path), found.facts.isRegular, found.facts.permissions & 0o100 != 0 else {
        findings.append(Finding(.helper, .problem, path, "is missing or cannot be run: \(what)", remedy: "install Sojourn's packages again"))
        continue
      }
      findings += Guard.findings(.helper, path, files)
    }
    return findings.isEmpty ? [Finding(.helper, .ok, Files.parent(of: Places.vacancy), "the daemon's programs are there")] : findings
  }

  // MARK: Loading

  /// Six functions that libpam looks up, and those of glibc's that name lookups need (DESIGN 1).
  static let moduleSymbols = ["pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"]
  static let librarySymbols = ["getpwnam_r", "getpwuid_r", "getgrnam_r", "getgrgid_r", "initgroups_dyn"].map { "_nss_sojourn_" + $0 }

  /// Each in a process of its own (`sojourn load-library`): what cannot be loaded may take its process with it.
  private static func loading(_ view: HostView) -> [Finding] {
    [(InstallationFindings.module(view.files), moduleSymbols), (InstallationFindings.library(view.files), librarySymbols)].compactMap { file, symbols in
      guard let file else { return nil }
      let outcome: ChildProcess.Outcome
      do throws(SystemError) { outcome = try view.run("/proc/self/exe", ["load-library", file] + symbols) } catch {
        return Finding(.moduleLoad, .warning, file, "was not tried: \(error.sentence)")
      }
      guard outcome.status != 0 || outcome.cutOff else { return Finding(.moduleLoad, .ok, file, "can be loaded, and has all that it must have") }
      let words = outcome.errors.isEmpty ? "it ended with status \(outcome.status)" : String(decoding: outcome.errors, as: UTF8.self).before(10)
      return Finding(.moduleLoad, .problem, file, "cannot be loaded: \(words)", remedy: "install Sojourn's packages again, with the libraries that they depend on")
    }
  }

  // MARK: What still runs

  /// Processes that have a module open whose file was replaced. They go on with it, which is right.
  private static func mapped(_ files: HostFiles) -> [Finding] {
    var old: [String] = []
    for name in files.names(in: "/proc") {
      guard ProcessTable.decimal(Array(name.utf8)) != nil, let maps = try? files.lines("/proc/\(name)/maps") else { continue }
      guard maps.contains(where: { $0.ends(with: module + " (deleted)") || $0.ends(with: library + " (deleted)") }) else { continue }
      let program = files.target("/proc/\(name)/exe")?.parts(47).last ?? "a process"
      old.append("\(program) \(name)")
    }
    guard !old.isEmpty else { return [] }
    let named = old.prefix(8).joined(separator: ", ") + (old.count > 8 ? " and \(old.count - 8) more" : "")
    return [Finding(.versionMapped, .hint, "processes with an older module", "\(old.count): \(named)",
      remedy: "nothing for sessions of people: they end with it. 'systemctl restart' a service of them that is to have the new one")]
  }
}
