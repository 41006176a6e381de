internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// Numbers and rights of transient accounts that somebody else on this host has. What stands in files (passwd, group, subuid,
/// login.defs, systemd's ranges) `sojourn apply` refuses, and so does the reading of the configuration before this.
enum NumberFindings {
  static func findings(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    maps(configuration.accounts.range, files) + rights(configuration, files)
  }

  private struct Span {
    let inside: UInt64
    let outside: UInt64
    let count: UInt64

    /// user_namespaces(7): `inside outside count`.
    init?(_ line: String) {
      let numbers = line.words.compactMap { ProcessTable.decimal(Array($0.utf8)) }
      guard numbers.count == 3, numbers[2] > 0, numbers.allSatisfy({ $0 <= UInt64(UInt32.max) }) else { return nil }
      (inside, outside, count) = (numbers[0], numbers[1], numbers[2])
    }
  }

  /// User namespaces: is the range there at all in ours, and does no container have uids in it?
  static func maps(_ range: UIDRange, _ files: HostFiles) -> [Finding] {
    let subject = "uid_range \(range.first) to \(range.last)"
    guard let own = try? files.lines("/proc/self/uid_map") else { return [] }
    let ours = own.compactMap { Span($0) }
    guard ours.contains(where: { $0.inside <= UInt64(range.first) && $0.inside + $0.count > UInt64(range.last) }) else {
      return [Finding(.uidMap, .problem, subject, "is not there in this container's user namespace (/proc/self/uid_map): nobody can be given a number of it",
        remedy: "give the container more uids, or name a range that it has: where it has 65536 of them, [60578, 61183]")]
    }
    var found: [String] = []
    for name in files.names(in: "/proc") where found.count < 8 {
      guard ProcessTable.decimal(Array(name.utf8)) != nil, let lines = try? files.lines("/proc/\(name)/uid_map"), lines != own else { continue }
      // One uid is somebody's own sandbox, as browsers make them; uids that are themselves inside too are the host's own (PrivateUsers=).
      let taken = lines.compactMap { Span($0) }.filter { $0.count > 1 && $0.inside != $0.outside && $0.outside <= UInt64(range.last) && $0.outside + $0.count > UInt64(range.first) }
      guard let span = taken.first else { continue }
      found.append("\(files.target("/proc/\(name)/exe")?.parts(47).last ?? "process") \(name) (\(span.outside) to \(span.outside + span.count - 1))")
    }
    guard found.isEmpty else {
      return [Finding(.uidMap, .problem, subject, "is also what a running container has: \(found.joined(separator: ", ")). Its processes would be taken for a person's whose session is over, and killed",
        remedy: "give the container other uids, or Sojourn another uid_range")]
    }
    return [Finding(.uidMap, .ok, subject, "no running container has uids in it")]
  }

  /// T4: rights that stand under a name that nobody has yet.
  static func rights(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    guard let names = try? HostNames(files) else { return [] }
    func isFree(_ name: String) -> Bool {
      guard let account = AccountName(name), configuration.accounts.admits(account) else { return false }
      return names.user(name) == nil && names.group(name) == nil
    }
    // Another source of names may well have them.
    let sources = NameServiceSwitch((try? files.lines(NameServiceFindings.file)) ?? []).sources(of: "passwd") ?? []
    let isAlone = sources.allSatisfy { source in ["files", "compat", "systemd", "sojourn"].contains { $0.isExactly(source.name) } }
    var findings: [Finding] = []
    for group in names.groups {
      let strangers = group.members.filter(isFree)
      guard !strangers.isEmpty else { continue }
      findings.append(Finding(.standingRights, isAlone ? .warning : .hint, "group \(group.name) in /etc/group",
        "has members without an account: \(strangers.prefix(8).joined(separator: ", ")); whoever logs in under such a name is refused (rights-stand), because the group was not granted",
        remedy: strangers.prefix(8).map { "gpasswd -d \($0) \(group.name)" }.joined(separator: "; ")))
    }
    let sudoers = ["/etc/sudoers"] + files.names(in: "/etc/sudoers.d").filter { !$0.utf8.contains(46) && !$0.ends(with: "~") }.map { "/etc/sudoers.d/" + $0 }
    for file in sudoers {
      let users = ((try? files.lines(file)) ?? []).flatMap { ($0.before(35).words.first ?? "").parts(44) }.filter(isFree)
      guard !users.isEmpty else { continue }
      findings.append(Finding(.standingRights, .hint, file, "has rules for names without an account: \(users.prefix(8).joined(separator: ", ")); they hold for whoever logs in under that name, whatever the policy grants",
        remedy: "give rights to groups that the policy grants (accounts.groups) instead"))
    }
    return findings.isEmpty ? [Finding(.standingRights, .ok, "/etc/group and sudoers", "hold no rights for names that transient accounts could have")] : findings
  }
}
