import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness

/// A host in a directory of its own that is ready in every way; tests take one thing away at a time.
final class ReadyHost: @unchecked Sendable {
  let root: String
  var files: HostFiles { HostFiles(prefix: root, owner: getuid()) }
  var processes: [RunningProgram] = []
  /// What `sshd -T` answers, by the options it is asked with, joined by blanks; "" for the standard server.
  var settings: [String: String] = ["": ReadyHost.goodSettings]
  /// What other programs answer, by their path.
  var programs: [String: ChildProcess.Outcome] = [:]
  private(set) var asked: [[String]] = []

  static let goodSettings = """
    usepam yes
    trustedusercakeys /etc/sojourn/user_ca.pub
    authorizedkeysfile none
    passwordauthentication no
    kbdinteractiveauthentication no

    """

  init() throws {
    root = NSTemporaryDirectory() + "sojourn-readiness-\(UUID().uuidString)"
    #if arch(arm64)
      let library = "/usr/lib/aarch64-linux-gnu"
    #else
      let library = "/usr/lib/x86_64-linux-gnu"
    #endif
    for directory in ["/etc/pam.d", "/etc/sojourn", library + "/security", "/usr/libexec/sojourn", "/usr/sbin", "/run/sojourn/nss"] {
      try FileManager.default.createDirectory(atPath: root + directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }
    try write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nkim:x:1000:1000::/home/kim:/bin/bash\n")
    try write("/etc/group", "root:x:0:\nsojourn:x:992:\n")
    try write("/etc/nsswitch.conf", "# names\npasswd:  files systemd sojourn\ngroup: files [SUCCESS=merge] systemd sojourn # last\nhosts: files dns\n")
    try write("/etc/shells", "/bin/bash\n/usr/libexec/sojourn/shell\n")
    try write("/usr/libexec/sojourn/shell", "", mode: 0o755)
    try write("/usr/sbin/sshd", "", mode: 0o755)
    try write(library + "/libnss_sojourn.so.2", "")
    try write(library + "/security/pam_sojourn.so", "")
    try write("/etc/sojourn/user_ca.pub", "ssh-ed25519 AQID ours\n")
    try write("/run/sojourn/nss/candidate", "1:…\n")
    try write("/etc/pam.d/sshd", "@include common-account\nsession include common-session\n")
    try write("/etc/pam.d/common-account", """
      account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
      account requisite pam_deny.so
      account required pam_permit.so
      account [success=ok ignore=ignore default=die] pam_sojourn.so

      """)
    try write("/etc/pam.d/common-session", """
      session [default=1] pam_permit.so
      session requisite pam_deny.so
      session required pam_permit.so
      session [success=ok ignore=ignore default=die] pam_sojourn.so
      session optional pam_systemd.so

      """)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func write(_ path: String, _ text: String, mode: Int = 0o644) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: root + path)
  }

  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: root + path) }

  var view: HostView {
    HostView(files: files, processes: { self.processes }, run: { (program, arguments) throws(SystemError) in try self.answer(program, arguments) })
  }

  static func outcome(_ output: String, errors: String = "", status: Int32 = 0) -> ChildProcess.Outcome {
    ChildProcess.Outcome(status: status, output: Array(output.utf8), errors: Array(errors.utf8), cutOff: false)
  }

  func makeDirectory(_ path: String, mode: Int = 0o755) throws {
    try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: root + path)
  }

  private func answer(_ program: String, _ arguments: [String]) throws(SystemError) -> ChildProcess.Outcome {
    asked.append([program] + arguments)
    if let outcome = programs[program] { return outcome }
    let options = arguments.dropFirst().prefix { $0 != "-C" }.joined(separator: " ")
    guard let text = settings[options] else {
      return ChildProcess.Outcome(status: 255, output: [], errors: Array("line 3: Bad configuration option: foo\n".utf8), cutOff: false)
    }
    return ChildProcess.Outcome(status: 0, output: Array(text.utf8), errors: [], cutOff: false)
  }

  static let configuration = PublishedConfiguration(
    certificate: CertificateRules(trusted: [TrustedAuthority(blob: [1, 2, 3], file: "/etc/sojourn/user_ca.pub")], maxLifetime: 60, clockSkew: 0, subject: .keyID),
    policy: PolicyRules(endpoints: [], caFile: nil, clientCertificate: nil, clientKey: nil, tokenFile: nil, attributesIn: .subject, deadline: 1000),
    host: HostFacts(id: "h", labels: [], candidatePrograms: ["/usr/sbin/sshd"]),
    accounts: AccountRules(names: ["ext-*"], range: UIDRange(first: 65536, last: 99999)!, homeRoot: "/var/lib/sojourn/home", shell: "/bin/bash",
      skeleton: "/etc/skel", groups: [], rootEquivalentGroups: []),
    session: SessionRules(maxDuration: 60, endWithCertificate: false))

  func findings() -> [Finding] { CandidateReadiness.findings(ReadyHost.configuration, view) }
  var problems: [String] { findings().problems.map { $0.id } }
  func severity(_ id: String) -> Finding.Severity? { findings().filter { $0.id == id }.map { $0.severity }.max { a, b in rank(a) < rank(b) } }
  private func rank(_ s: Finding.Severity) -> Int { Finding.Severity.allCases.firstIndex { $0 == s } ?? 0 }

  /// A name service cache is installed there, and its socket is where programs look for it.
  func startCache(_ program: String) throws {
    for directory in [URL(fileURLWithPath: root + program).deletingLastPathComponent().path, root + "/run/nscd"] {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }
    try write(program, "", mode: 0o755)
    try write("/run/nscd/socket", "")
    start(program, program: program)
  }

  func start(_ title: String, program: String = "/usr/sbin/sshd", pid: Int32 = 50, view: RunningProgram.View = .same, isRoot: Bool = true) {
    processes.append(RunningProgram(pid: pid, program: program, commandLine: Array(title.utf8), view: view, isRoot: isRoot))
  }
}

/// What is not right, in short: severity, id and subject.
func unready(_ findings: [Finding]) -> [String] { findings.filter { $0.severity != .ok }.map { "\($0.severity.word) \($0.id) \($0.subject)" } }

/// With the files that the daemon makes.
func stateHost() throws -> ReadyHost {
  let host = try ReadyHost()
  for directory in ["passwd", "passwd-uid", "group", "group-gid", "member", "shell"] { try host.makeDirectory("/run/sojourn/nss/" + directory) }
  try host.makeDirectory("/run/sojourn/leases", mode: 0o700)
  for directory in ["/var/lib/sojourn", "/var/lib/sojourn/uids"] { try host.makeDirectory(directory) }
  try host.makeDirectory("/var/log/sojourn", mode: 0o750)
  try host.write("/var/log/sojourn/audit.jsonl", "", mode: 0o600)
  try host.write("/run/sojourn/config.json", "{}", mode: 0o600)
  return host
}
