internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// What the packages put on the host: modules, gate shell, group.
enum InstallationFindings {
  static func findings(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    modules(files) + gateShell(files) + group(configuration, files)
  }

  #if arch(x86_64)
    private static let triplet = "x86_64-linux-gnu"
  #elseif arch(arm64)
    private static let triplet = "aarch64-linux-gnu"
  #else
    private static let triplet = "linux-gnu"
  #endif
  private static var libraryDirectories: [String] { ["/usr/lib/" + triplet, "/lib/" + triplet, "/usr/lib64", "/usr/lib"] }

  static func module(_ files: HostFiles) -> String? { installed("security/pam_sojourn.so", files) }
  static func library(_ files: HostFiles) -> String? { installed("libnss_sojourn.so.2", files) }
  private static func installed(_ name: String, _ files: HostFiles) -> String? { libraryDirectories.map { $0 + "/" + name }.first { files.resolve($0) != nil } }

  private static func modules(_ files: HostFiles) -> [Finding] {
    let wanted: [(Finding.Kind, String)] = [(.modulePam, "security/pam_sojourn.so"), (.moduleNss, "libnss_sojourn.so.2")]
    return wanted.map { id, name in
      guard let path = installed(name, files), let found = files.resolve(path) else {
        return Finding(id, .problem, name, "is not installed", remedy: "install Sojourn's packages again")
      }
      guard found.facts.isRegular, files.isTrusted(found.facts), files.untrustedDirectory(above: path) == nil else {
        return Finding(id, .problem, path, "can be changed by others than root", remedy: mending(path, files))
      }
      return Finding(id, .ok, path, "is installed")
    }
  }

  private static func mending(_ path: String, _ files: HostFiles) -> String {
    let remedies = Guard.findings(.state, path, files).map { $0.remedy }
    return remedies.isEmpty ? "install Sojourn's packages again" : remedies.joined(separator: "; ")
  }

  private static func gateShell(_ files: HostFiles) -> [Finding] {
    let path = Places.gateShell
    guard let found = files.resolve(path), found.facts.isRegular, found.facts.permissions & 0o111 == 0o111 else {
      return [Finding(.gateShell, .problem, path, "is missing or cannot be run, so sshd refuses every transient account", remedy: "install Sojourn's packages again")]
    }
    guard files.isTrusted(found.facts), files.untrustedDirectory(above: path) == nil else {
      return [Finding(.gateShell, .problem, path, "can be changed by others than root", remedy: mending(path, files))]
    }
    let shells: [String]
    do throws(SystemError) { shells = try files.lines("/etc/shells") } catch { shells = [] }
    guard shells.contains(where: { $0.before(35).words.first?.isExactly(path) ?? false }) else {
      return [Finding(.gateShell, .warning, "/etc/shells", "does not list \(path): pam_shells and some file transfer programs refuse transient accounts",
        remedy: "run 'add-shell \(path)'")]
    }
    return [Finding(.gateShell, .ok, path, "is installed and listed in /etc/shells")]
  }

  private static func group(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    let subject = "group \(Places.group)"
    let names: HostNames
    do throws(SystemError) { names = try HostNames(files) } catch {
      return [Finding(.group, .problem, subject, "/etc/passwd and /etc/group cannot be read: \(error.sentence)", remedy: "make them readable")]
    }
    let all = names.groups.filter { $0.name.isExactly(Places.group) }
    guard let group = all.first else {
      return [Finding(.group, .problem, subject, "does not exist in /etc/group", remedy: "run 'addgroup --system \(Places.group)'")]
    }
    guard all.count == 1 else {
      return [Finding(.group, .problem, subject, "stands more than once in /etc/group", remedy: "leave one line")]
    }
    guard group.gid != 0, !configuration.accounts.range.contains(group.gid) else {
      return [Finding(.group, .problem, subject, "has the number \(group.gid), which is root's or one that transient accounts get",
        remedy: "give it a free system number with 'groupmod -g'")]
    }
    if let other = names.groups.first(where: { $0.gid == group.gid && !$0.name.isExactly(Places.group) }) {
      return [Finding(.group, .problem, subject, "shares its number \(group.gid) with the group \(other.name)", remedy: "give one of them another number with 'groupmod -g'")]
    }
    let locals = group.members + names.users.filter { $0.gid == group.gid }.map { $0.name }
    guard locals.isEmpty else {
      return [Finding(.group, .warning, subject,
        "has local members (\(locals.prefix(8).joined(separator: ", "))): rules for transient accounts, such as 'Match Group', hold for them too",
        remedy: "remove them with 'gpasswd -d NAME \(Places.group)'")]
    }
    return [Finding(.group, .ok, subject, "exists, without local members")]
  }
}
