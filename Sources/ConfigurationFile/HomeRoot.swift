internal import Encoding
internal import HostSystem
internal import Identity
internal import Readiness

/// The directory beneath which homes are made and removed (T21): it must be Sojourn's own, so that no mistake in the
/// configuration can ever end in the removal of somebody's home.
enum HomeRoot {
  /// What never is a home root, and nothing beneath it either.
  private static let forbidden = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr",
    "/var/tmp", "/var/run", "/var/lock", "/var/log", Places.uids, Places.trash]
  /// What is none itself, though something beneath it may be.
  private static let tooHigh = ["/", "/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/lib", "/var/cache", "/var/spool", "/var/mail", "/var/www",
    Places.state]

  /// The longest path, in bytes: with a name of 32 it stays below what sshd cuts off (200).
  static let cap = 149

  /// nil if it may be used; else what is wrong.
  static func fault(_ path: String, _ files: HostFiles) -> String? {
    guard SafePath.isPlain(path) else {
      return "'\(path)' is no plain path; expected an absolute path without ':', ',', blanks, '//', '/./' and '/../'"
    }
    guard path.utf8.count <= cap else { return "'\(path)' is longer than \(cap) bytes" }
    if tooHigh.contains(where: { $0.isExactly(path) }) || forbidden.contains(where: { $0.isExactly(path) || path.begins(with: $0 + "/") }) {
      return "'\(path)' belongs to the system; expected a directory of Sojourn's own, such as /var/lib/sojourn/home"
    }
    if let sentence = homes(path, files) { return sentence }
    var step = ""
    for part in path.parts(47).dropFirst() {
      step += "/" + part
      guard let facts = files.facts(step) else {
        // What is missing is made by the daemon, beneath a directory that only root can change.
        return files.untrustedDirectory(above: step).map { "'\(path)': \($0) can be changed by others than root" }
      }
      if facts.isLink { return "'\(path)': \(step) is a symbolic link; expected a path without links" }
      guard facts.isDirectory else { return "'\(path)': \(step) is no directory" }
      guard files.isTrusted(facts) else { return "'\(path)': \(step) can be changed by others than root" }
    }
    guard let mark = files.facts(path + "/" + Places.homeRootMark), mark.isRegular, files.isTrusted(mark) else {
      return "'\(path)' exists and was not made by Sojourn (no \(Places.homeRootMark) in it); name a directory that does not exist yet, or remove it if it is empty"
    }
    return nil
  }

  /// Nobody's home may be it, or lie beneath it, or hold it.
  private static func homes(_ path: String, _ files: HostFiles) -> String? {
    let names: HostNames
    do throws(SystemError) { names = try HostNames(files) } catch { return "/etc/passwd cannot be read: \(error.sentence)" }
    for user in names.users where user.home.utf8.count > 1 {
      let home = user.home.ends(with: "/") ? String(decoding: user.home.utf8.dropLast(), as: UTF8.self) : user.home
      if home.isExactly(path) || home.begins(with: path + "/") { return "'\(path)' holds the home of the local user \(user.name)" }
      if path.begins(with: home + "/") { return "'\(path)' lies in the home of the local user \(user.name)" }
    }
    return nil
  }
}

/// Paths that stand in lists and lines with separators.
enum SafePath {
  /// Absolute, normalised, printable ASCII without `:`, `,`, blanks, quotes and backslash.
  static func isPlain(_ path: String) -> Bool {
    guard path.begins(with: "/"), path.utf8.count <= 1024 else { return false }
    guard path.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 58 && $0 != 44 && $0 != 34 && $0 != 39 && $0 != 92 }) else { return false }
    if path.utf8.count == 1 { return true }
    return path.parts(47).dropFirst().allSatisfy { !$0.utf8.isEmpty && !$0.isExactly(".") && !$0.isExactly("..") }
  }
}
