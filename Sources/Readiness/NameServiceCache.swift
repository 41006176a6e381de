internal import Encoding
internal import HostSystem

/// T23: a cache between sshd and us hides who asks, remembers candidates and, worse, groups of leases that are over.
enum NameServiceCache {
  static let configuration = "/etc/nscd.conf"

  static func findings(_ files: HostFiles, _ processes: [RunningProgram]) -> [Finding] {
    // Programs ask a cache through its socket, in a directory of root's; what else is named so concerns nobody.
    let isReachable = ["/run/nscd/socket", "/var/run/nscd/socket"].contains { files.facts($0) != nil }
    let caches = processes.filter { process in ["nscd", "unscd", "nsncd"].contains { process.program.ends(with: "/" + $0) } }
    guard isReachable, let cache = caches.first(where: { installed($0.program, files) }) else {
      return [Finding(.nscd, .ok, "nscd", "no name service cache runs")]
    }
    if cache.program.ends(with: "/nsncd") {
      return [Finding(.nscd, .problem, cache.program, "runs (process \(cache.pid)) and hides from Sojourn who asks for a name",
        remedy: "stop and disable nsncd")]
    }
    let text: [String]
    do throws(SystemError) { text = try files.lines(configuration) } catch {
      // Without its file nscd caches nothing (nscd.conf(5): enable-cache, default no), but which file it read is not known.
      return [Finding(.nscd, .problem, cache.program, "runs (process \(cache.pid)), and \(configuration) cannot be read (\(error.sentence))",
        remedy: "stop and disable nscd")]
    }
    var findings: [Finding] = []
    for (database, kind) in [("passwd", Finding.Kind.nscdPasswd), ("group", .nscdGroup)] where isCached(database, text) {
      findings.append(Finding(kind, .problem, cache.program,
        "runs (process \(cache.pid)) and caches \(database): it hides from Sojourn who asks, and it would go on giving out what has ended",
        remedy: "set 'enable-cache \(database) no' in \(configuration) and restart nscd, or disable nscd"))
    }
    if findings.isEmpty { findings.append(Finding(.nscd, .ok, cache.program, "runs, but caches neither users nor groups")) }
    return findings
  }

  private static func installed(_ program: String, _ files: HostFiles) -> Bool {
    guard let found = files.resolve(program) else { return false }
    return files.isTrusted(found.facts) && files.untrustedDirectory(above: found.path) == nil
  }

  /// nscd.conf(5): `enable-cache <database> <yes|no>`; the last line counts, the default is no.
  static func isCached(_ database: String, _ lines: [String]) -> Bool {
    var cached = false
    for line in lines {
      let words = line.before(35).words
      guard words.count >= 3, words[0].isExactly("enable-cache"), words[1].isExactly(database) else { continue }
      cached = !words[2].isExactly("no")
    }
    return cached
  }
}
