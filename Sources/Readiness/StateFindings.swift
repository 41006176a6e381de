internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// Owners and modes of all that Sojourn keeps on this host, what an administrator wrote for it, and the room there is.
enum StateFindings {
  static func findings(_ configuration: PublishedConfiguration, _ files: HostFiles, space: (String) -> FileSystemSpace?) -> [Finding] {
    state(files) + written(configuration, files) + room(space)
  }

  private enum Rule {
    /// NSS and the gate shell read it as everybody.
    case open
    /// Nobody but root.
    case secret
    /// A group of administrators may read.
    case guarded

    func holds(_ permissions: UInt32, _ mode: UInt32) -> Bool {
      switch self {
      case .open: permissions & 0o7777 == mode
      case .secret: permissions & 0o077 == 0
      case .guarded: permissions & 0o027 == 0
      }
    }
  }

  private enum Form: String {
    case directory
    case file = "regular file"
    case socket

    func fits(_ facts: FileFacts) -> Bool {
      switch self {
      case .directory: facts.isDirectory
      case .file: facts.isRegular
      case .socket: facts.isSocket
      }
    }
  }

  private struct Wanted {
    let path: String
    let mode: UInt32
    let form: Form
    let rule: Rule

    init(_ path: String, _ mode: UInt32, _ form: Form, _ rule: Rule) {
      self.path = path
      self.mode = mode
      self.form = form
      self.rule = rule
    }
  }

  /// What the daemon makes, with the modes that keep secrets and let NSS read. What is missing is not made yet.
  private static let wanted = [
    Wanted(Places.run, 0o755, .directory, .open), Wanted(Places.leases, 0o700, .directory, .secret), Wanted(Places.localSessions, 0o700, .directory, .secret),
    Wanted(Places.localEnds, 0o700, .directory, .secret), Wanted(Places.approvals, 0o700, .directory, .secret), Wanted(Places.publishedConfiguration, 0o600, .file, .secret),
    Wanted(Places.endpointAddresses, 0o600, .file, .secret), Wanted(Places.revocations, 0o600, .file, .secret),
    Wanted(Places.auditSpool, 0o600, .file, .secret), Wanted(Places.socket, 0o600, .socket, .secret), Wanted(Places.policySocket, 0o600, .socket, .secret),
    Wanted(Places.state, 0o755, .directory, .open), Wanted(Places.uids, 0o755, .directory, .open), Wanted(Places.used, 0o700, .directory, .secret),
    Wanted(Places.strays, 0o700, .directory, .secret), Wanted(Places.trash, 0o700, .directory, .secret),
    Wanted(Places.lastGoodConfiguration, 0o600, .file, .secret), Wanted(Files.parent(of: Places.auditLog), 0o750, .directory, .guarded),
    Wanted(Places.auditLog, 0o600, .file, .secret), Wanted(Places.projection, 0o755, .directory, .open),
    Wanted(Places.projection + "/candidate", 0o644, .file, .open),
  ]
  private static let projected = ["passwd", "passwd-uid", "group", "group-gid", "member", "shell"].map { Places.projection + "/" + $0 }
  /// So many findings of one kind are told.
  private static let most = 16

  static func state(_ files: HostFiles) -> [Finding] {
    var findings = wanted.flatMap { fault($0, files) }
    for directory in projected {
      findings += fault(Wanted(directory, 0o755, .directory, .open), files)
      // What is being written has its mode a moment later.
      for name in files.names(in: directory) where findings.count < most && !name.ends(with: ".new") { findings += fault(Wanted(directory + "/" + name, 0o644, .file, .open), files) }
    }
    for name in files.names(in: Places.leases) where findings.count < most { findings += fault(Wanted(Places.leases + "/" + name, 0o600, .file, .secret), files) }
    for place in [Places.run, Places.state, Places.auditLog] where files.facts(place) != nil {
      if let directory = files.untrustedDirectory(above: place), !wanted.contains(where: { $0.path.isExactly(directory) }) {
        findings.append(Finding(.state, .problem, place, "can be replaced by others than root, because they can change \(directory)", remedy: Guard.command(directory, "go-w")))
      }
    }
    return findings.isEmpty ? [Finding(.state, .ok, Places.run, "all that exists of Sojourn's files has the right owner and mode")] : findings
  }

  private static func fault(_ entry: Wanted, _ files: HostFiles) -> [Finding] {
    guard let facts = files.facts(entry.path) else { return [] }
    guard entry.form.fits(facts) else { return [Finding(.state, .problem, entry.path, "is not a \(entry.form.rawValue)", remedy: "remove it and restart sojournd")] }
    guard facts.uid != files.owner || !entry.rule.holds(facts.permissions, entry.mode) else { return [] }
    let mode = String(entry.mode, radix: 8)
    return [Finding(.state, .problem, entry.path, "has the owner \(facts.uid) and the mode \(String(facts.permissions, radix: 8)); expected root and \(mode)",
      remedy: Guard.command(entry.path, mode))]
  }

  /// Configuration, keys and lists. Whoever can change one of them decides who gets in.
  static func written(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    var open = [Places.configurationFile, Places.configurationDirectory]
    open += files.names(in: Places.configurationDirectory).filter { $0.ends(with: ".toml") }.map { Places.configurationDirectory + "/" + $0 }
    open += configuration.certificate.trusted.map { $0.file } + configuration.certificate.revoked
    if let breakGlass = configuration.breakGlass { open.append(breakGlass.file) }
    open += [configuration.policy.caFile, configuration.policy.clientCertificate].compactMap { $0 }
    var seen: [String] = []
    for path in open where !seen.contains(where: { $0.isExactly(path) }) {
      seen.append(path)
      findings += Guard.findings(.configurationFile, path, files)
    }
    for path in [configuration.policy.clientKey, configuration.policy.tokenFile].compactMap({ $0 }) { findings += Guard.findings(.configurationFile, path, files, isSecret: true) }
    return findings.isEmpty ? [Finding(.configurationFile, .ok, Files.parent(of: Places.configurationFile), "only root can change configuration, keys and lists")] : findings
  }

  // MARK: Room

  private static let tight: [(path: String, bytes: UInt64, consequence: String)] = [
    (Places.state, 64 << 20, "without room nobody gets in (the uid cannot be claimed, the home cannot be made)"),
    (Files.parent(of: Places.auditLog), 64 << 20, "without room nobody gets in, because a grant must be in the audit log first"),
    (Places.run, 4 << 20, "without room no lease can be written, so nobody gets in"),
  ]

  static func room(_ space: (String) -> FileSystemSpace?) -> [Finding] {
    var findings: [Finding] = []
    for (path, least, consequence) in tight {
      // What is missing is made below its parent.
      guard let room = space(path) ?? space(Files.parent(of: path)) else { continue }
      let remedy = "make room on the file system of \(path), for example by rotating logs"
      if room.free == 0 || (room.files > 0 && room.freeFiles == 0) {
        findings.append(Finding(.space, .problem, path, "takes nothing more: " + consequence, remedy: remedy))
      } else if room.free < least || (room.files > 0 && room.freeFiles < 1000) {
        let left = room.free < least ? "\(room.free >> 20) MiB" : "room for \(room.freeFiles) files"
        findings.append(Finding(.space, .warning, path, "has \(left) left; " + consequence, remedy: remedy))
      }
    }
    return findings.isEmpty ? [Finding(.space, .ok, Places.state, "there is room for accounts, log and leases")] : findings
  }
}
