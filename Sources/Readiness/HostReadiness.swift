public import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// The rest of what `sojourn check` looks at: not whether somebody gets past us, but whether all of it works.
public enum HostReadiness {
  /// Blocking: it may ask the resolver, for at most five seconds an endpoint.
  public static func findings(_ configuration: PublishedConfiguration, _ view: HostView = .host) -> [Finding] {
    state(view.files) + homeRoot(configuration, view.files) + clock(view.files, Moment.now()) + endpoints(configuration, view) + bans(view.files)
  }

  private struct Wanted {
    let path: String
    let mode: UInt32
    let isDirectory: Bool
  }

  /// What the daemon makes, with the modes that keep secrets and let NSS read. What is missing is not made yet.
  private static let wanted = [
    Wanted(path: Places.run, mode: 0o755, isDirectory: true), Wanted(path: Places.leases, mode: 0o700, isDirectory: true),
    Wanted(path: Places.projection, mode: 0o755, isDirectory: true), Wanted(path: Places.publishedConfiguration, mode: 0o600, isDirectory: false),
    Wanted(path: Places.endpointAddresses, mode: 0o600, isDirectory: false), Wanted(path: Places.lastGoodConfiguration, mode: 0o600, isDirectory: false),
    Wanted(path: Places.auditLog, mode: 0o600, isDirectory: false),
  ]

  static func state(_ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    for entry in wanted {
      guard let facts = files.facts(entry.path) else { continue }
      guard facts.isLink == false, entry.isDirectory ? facts.isDirectory : facts.isRegular else {
        findings.append(Finding("state", .problem, entry.path, "is not a \(entry.isDirectory ? "directory" : "regular file")", remedy: "remove it and restart sojournd"))
        continue
      }
      // Stricter is not better for directories: NSS reads as everybody.
      let isRight = facts.uid == files.owner && (entry.mode == 0o755 ? facts.permissions & 0o7777 == 0o755 : facts.permissions & 0o077 == 0)
      guard !isRight else { continue }
      let mode = String(entry.mode, radix: 8)
      findings.append(Finding("state", .problem, entry.path, "has the owner \(facts.uid) and the mode \(String(facts.permissions, radix: 8)); expected root and \(mode)",
        remedy: "chown root:root \(entry.path); chmod \(mode) \(entry.path)"))
    }
    return findings.isEmpty ? [Finding("state", .ok, Places.run, "all that exists of Sojourn's files has the right owner and mode")] : findings
  }

  static func homeRoot(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    let root = configuration.accounts.homeRoot
    guard let facts = files.facts(root) else {
      return [Finding("home-root", .ok, root, "does not exist yet; sojournd makes it")]
    }
    guard facts.isDirectory, files.isTrusted(facts), let mark = files.facts(root + "/" + Places.homeRootMark), files.isTrusted(mark) else {
      return [Finding("home-root", .problem, root, "is no directory that Sojourn made and marked", remedy: "name another home_root, or remove the directory if it is empty")]
    }
    guard facts.permissions & 0o001 != 0 else {
      return [Finding("home-root", .problem, root, "cannot be passed by its users (mode \(String(facts.permissions, radix: 8)))", remedy: "chmod 711 \(root)")]
    }
    return [Finding("home-root", .ok, root, "is Sojourn's own")]
  }

  /// The first second of 2026: this version did not exist before.
  private static let beginning: UInt64 = 1_767_225_600

  static func clock(_ files: HostFiles, _ now: Moment) -> [Finding] {
    guard now.unixSeconds >= beginning else {
      return [Finding("clock", .problem, "clock", "says \(Timestamp.text(now.unixSeconds)), which is past: certificates would be judged by a wrong time",
        remedy: "set the clock, and run a time service such as systemd-timesyncd or chrony")]
    }
    for path in [Places.lastGoodConfiguration, Places.auditLog] {
      guard let facts = files.facts(path), facts.modified.seconds > Int64(clamping: now.unixSeconds) + 60 else { continue }
      return [Finding("clock", .warning, "clock", "says \(Timestamp.text(now.unixSeconds)), but \(path) was written later than that: the clock was set back",
        remedy: "check the clock and its time service")]
    }
    return [Finding("clock", .ok, "clock", "says \(Timestamp.text(now.unixSeconds))")]
  }

  /// T28: with candidates every name that fits is a user to sshd, so what counts "invalid user" sees few of them.
  static func bans(_ files: HostFiles) -> [Finding] {
    guard files.facts("/etc/fail2ban") != nil else { return [] }
    return [Finding("fail2ban", .ok, "/etc/fail2ban",
      "its filters for invalid users match less now, because names that fit [accounts] names are users to sshd; refusals are logged as 'pam_sojourn(sshd:session)'")]
  }

  static func endpoints(_ configuration: PublishedConfiguration, _ view: HostView) -> [Finding] {
    configuration.policy.endpoints.map { endpoint in
      if endpoint.isLiteral { return Finding("endpoint", .ok, endpoint.url, "needs no name to be resolved") }
      do throws(SystemError) {
        let outcome = try view.run("/usr/bin/getent", ["ahosts", endpoint.host])
        if outcome.status == 0, !outcome.output.isEmpty { return Finding("endpoint", .ok, endpoint.url, "its name can be resolved") }
      } catch { return Finding("endpoint", .warning, endpoint.url, "could not be looked up: \(error.sentence)") }
      return Finding("endpoint", .warning, endpoint.url, "its name \(endpoint.host) cannot be resolved now: logins would be refused",
        remedy: "check the name and the host's resolver, or name a second endpoint")
    }
  }
}
