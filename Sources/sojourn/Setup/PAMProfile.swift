import Encoding
import HostSystem
import Readiness

/// Our lines in /etc/pam.d/common-account and common-session, which pam-auth-update(8) writes from the profile.
enum PAMProfile {
  static let program = "/usr/sbin/pam-auth-update"
  private static let folder = "/etc/pam.d"
  private static let profiles = "/usr/share/pam-configs"
  private static let environment = ["DEBIAN_FRONTEND=noninteractive"]

  private static var problem: Finding? { PAMFindings.findings(service: "sshd", HostFiles()).problems.first }

  /// The change, or nil if every login of sshd passes our lines.
  /// - Throws: where pam-auth-update is not, or would not do it.
  static func step(_ scratch: borrowing Scratch) throws -> SetupStep? {
    guard let problem else { return nil }
    guard Command.exists(program) else {
      throw SetupRefusal("\(problem.line); and this host has no pam-auth-update, so nothing was changed", remedy: """
        put these two lines into the PAM service of sshd yourself, the second before pam_systemd.so, then run 'sojourn setup' again: \
        'account [success=ok new_authtok_reqd=ok ignore=ignore module_unknown=ignore default=die] pam_sojourn.so' and \
        'session [success=ok ignore=ignore module_unknown=ignore default=die] pam_sojourn.so'
        """)
    }
    guard Command.exists(profiles + "/sojourn") else { throw SetupRefusal("\(profiles)/sojourn is missing", remedy: "install the package 'libpam-sojourn' again") }
    // The same program on copies, with a memory of its own: what it writes there is what it will write.
    let root = scratch.path + "/pam"
    for directory in [folder, profiles, "/var/lib/pam"] { try scratch.copy(directory, into: "pam" + directory) }
    let memory = ["config", "templates"].map { "Name: \($0)db\nDriver: File\nMode: 600\nFilename: \(root)/\($0).dat\n" }
    let settings = try scratch.put("pam/debconf.conf", "Config: configdb\nTemplates: templatesdb\n\n" + memory.joined(separator: "\n"))
    let said = try Command.answer(program, ["--root", root, "--enable", "sojourn"], environment: environment + ["DEBCONF_SYSTEMRC=\(settings)"])
    let files = try changed(root)
    if let left = PAMFindings.findings(service: "sshd", HostFiles(prefix: root)).problems.first {
      let words = String(decoding: said.errors, as: UTF8.self).split(separator: "\n").first.map { " (\($0))" } ?? ""
      throw SetupRefusal(files.isEmpty
        ? "pam-auth-update leaves \(folder)/common-* as they are, because somebody changed them by hand\(words); nothing was changed"
        : "with the profile too, \(left.line); nothing was changed",
        remedy: files.isEmpty ? "see what was changed, bring it into a profile of its own in \(profiles), then run 'pam-auth-update --force', which writes them anew" : left.remedy)
    }
    return SetupStep(.profile, command: "pam-auth-update --enable sojourn", files: files)
  }

  private static func changed(_ root: String) throws(SetupRefusal) -> [SetupStep.File] {
    var files: [SetupStep.File] = []
    do throws(SystemError) {
      for name in HostFiles().names(in: folder).sorted() where name.begins(with: "common-") {
        let before = try HostFile.read(folder + "/" + name)
        guard let before, let after = try HostFile.read(root + folder + "/" + name), !after.bytes.elementsEqual(before.bytes) else { continue }
        files.append(.init(path: folder + "/" + name, before: before, after: before.with(after.text)))
      }
    } catch { throw SetupRefusal("\(folder): \(error.sentence)") }
    return files
  }

  static func enable() throws(SetupRefusal) {
    try Command.run(program, ["--enable", "sojourn"], environment: environment)
    if let problem { throw SetupRefusal(problem.line, remedy: problem.remedy) }
  }

  /// Our lines go, however they came in; then files that nobody else changed get back what they held, to the byte.
  /// - Returns: what was left, for people.
  static func disable(_ files: [SetupStep.File]) throws(SetupRefusal) -> [String] {
    do throws(SystemError) {
      let found = try files.map { (file) throws(SystemError) in try HostFile.read(file.path) }
      for file in files { try? Files.remove(file.path + ".pam-new") }
      let isThere = try isEnabled()
      do throws(SetupRefusal) { if isThere, Command.exists(program) { try Command.run(program, ["--remove", "sojourn"], environment: environment) } } catch { error.say() }
      for (file, found) in zip(files, found) {
        let isOurs = found.map { found in [file.after, file.before].contains { $0?.bytes.elementsEqual(found.bytes) ?? false } } ?? false
        guard isOurs, let now = try HostFile.read(file.path), let before = file.before, !now.bytes.elementsEqual(before.bytes) else { continue }
        try HostFile.put(file.path, before)
      }
      return try takeOut()
    } catch { throw SetupRefusal("\(folder): \(error.sentence)") }
  }

  /// By hand, where pam-auth-update leaves the files alone or is gone.
  private static func takeOut() throws(SystemError) -> [String] {
    var notes: [String] = []
    for path in try commonFiles() {
      guard let state = try HostFile.read(path), holds(state.text) else { continue }
      try HostFile.put(path, state.with(without(state.text)))
      notes.append("\(path) was changed since: only the lines of pam_sojourn.so were taken out.")
    }
    return notes
  }

  /// Our lines stand in common-*.
  static var isThere: Bool { (try? isEnabled()) ?? false }

  private static func isEnabled() throws(SystemError) -> Bool {
    for path in try commonFiles() { if let state = try HostFile.read(path), holds(state.text) { return true } }
    return false
  }

  private static func commonFiles() throws(SystemError) -> [String] {
    guard Files.exists(folder) else { return [] }
    return try Files.names(in: folder).sorted().filter { $0.begins(with: "common-") && !$0.utf8.contains(46) }.map { folder + "/" + $0 }
  }

  private static func isOurs(_ line: String) -> Bool {
    !line.begins(with: "#") && line.utf8.split(whereSeparator: { $0 == 32 || $0 == 9 }).contains { String(decoding: $0, as: UTF8.self).parts(47).last?.isExactly("pam_sojourn.so") ?? false }
  }
  private static func holds(_ text: String) -> Bool { text.parts(10).contains { isOurs($0) } }
  private static func without(_ text: String) -> String { text.parts(10).filter { !isOurs($0) }.joined(separator: "\n") }
}
