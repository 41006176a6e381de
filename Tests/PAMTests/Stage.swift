import Configuration
import DaemonProtocol
import Encoding
import Foundation
import HostSystem
import Identity

/// A place where /run/sojourn, /var/lib/sojourn and the passwd file are the test's own, for processes that it starts there.
/// Everybody whom the tests need is on it:
///
///     alice    nobody yet: a candidate, if the program is one that sees candidates
///     bob      has a lease
///     carol    of /etc/passwd; root as well
///     deploy   only a group
final class Stage {
  struct Failure: Error, CustomStringConvertible { let description: String }

  static let gate = "/usr/libexec/sojourn/shell"
  let folder: URL
  let daemon: BentDaemon
  let policy: BentPolicy
  let module: URL

  /// Where the Makefile leaves the modules: SOJOURN_BUILD, or `build` in the package.
  static func built(_ name: String) throws -> URL {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = ProcessInfo.processInfo.environment["SOJOURN_BUILD"].map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("build")
    let file = folder.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw Failure(description: "\(file.path) is not there: `make modules` builds it (or name its folder in SOJOURN_BUILD)")
    }
    return file
  }

  init(options: String = "") throws {
    guard geteuid() == 0 else { throw Failure(description: "these tests mount, and so must run as root") }
    module = try Stage.built("pam_sojourn.so")
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-pam-\(UUID().uuidString)")
    for name in ["run/nss/passwd", "run/nss/passwd-uid", "run/nss/group", "run/nss/group-gid", "run/nss/member", "state/uids", "pam.d", "keys"] {
      try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }
    policy = try BentPolicy()
    daemon = try BentDaemon(at: folder.appendingPathComponent("run/sojournd.sock").path)
    let tests = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let driver = tests.deletingLastPathComponent().appendingPathComponent("pam-driver")
    for name in ["listed", "unlisted"] { try FileManager.default.copyItem(at: driver, to: folder.appendingPathComponent(name)) }

    try write("passwd", "root:x:0:0:root:/root:/bin/sh\ncarol:x:1000:1000::/tmp:/bin/sh\n")
    try write("group", "root:x:0:\nsojourn:x:990:\ndeploy:x:2000:\ndbops:x:2001:\n")
    let bob = "bob:*:70001:70001::/var/lib/sojourn/home/bob:\(Stage.gate)\n"
    for file in ["passwd/bob", "passwd-uid/70001"] { try write("run/nss/" + file, bob) }
    for file in ["group/bob", "group-gid/70001"] { try write("run/nss/" + file, "bob:*:70001:\n") }
    try write("run/nss/member/bob", "990\n")
    try FileManager.default.createSymbolicLink(atPath: folder.appendingPathComponent("state/uids/70001").path, withDestinationPath: "bob")
    try write("run/nss/candidate", "1:65536:99999:990:/var/lib/sojourn/home:\(Stage.gate):*:\(folder.path)/listed\n")
    for service in ["sshd", "su", "sudo", "login", "cron", "systemd-user", "other"] {
      // What the module leaves to others is seen as the answer of the next line: 24, PAM_TRY_AGAIN.
      let line = "[success=done ignore=ignore default=die] \(module.path) \(options)\n"
      try write("pam.d/" + service, "auth " + line + "auth required pam_debug.so auth=try_again cred=try_again\n"
        + "account " + line + "account required pam_debug.so acct=try_again\n"
        + "password " + line + "password required pam_debug.so prechauthtok=try_again chauthtok=try_again\n"
        + "session " + line + "session required pam_debug.so open_session=try_again close_session=try_again\n")
    }
    for ca in ["ca", "foreign"] { try keygen(["-q", "-t", "ed25519", "-N", "", "-f", key(ca)]) }
    try publish()
  }

  deinit {
    daemon.stop()
    policy.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  func write(_ name: String, _ text: String, mode: Int = 0o644) throws {
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
  }
  func remove(_ name: String) throws { try FileManager.default.removeItem(at: folder.appendingPathComponent(name)) }

  /// The configuration, as `sojourn apply` publishes it.
  /// - Parameters:
  ///   - port: where the policy listens; nil: the one that answers all alike.
  ///   - approvalWait: seconds.
  ///   - deadline: milliseconds.
  ///   - emergency: names that the authority `foreign` may let in by break glass; nil: it is off.
  func publish(port: UInt16? = nil, labels: [HostFacts.Label] = [], approvalWait: UInt64 = 0, deadline: UInt64 = 5000, emergency names: [String]? = nil) throws {
    let port = port ?? policy.port
    let blob = try authority("ca")
    guard let range = UIDRange(first: 65536, last: 99999) else { throw Failure(description: "no range") }
    var configuration = PublishedConfiguration(
      certificate: CertificateRules(trusted: [TrustedAuthority(blob: blob, file: "ca.pub")], maxLifetime: 12 * 3600, clockSkew: 30, subject: .keyID),
      policy: PolicyRules(endpoints: [PolicyEndpoint(url: "http://127.0.0.1:\(port)/access/v1/evaluation", host: "127.0.0.1", port: port, isLiteral: true)],
        caFile: nil, clientCertificate: nil, clientKey: nil, tokenFile: nil, attributesIn: .subject, deadline: deadline, approvalWait: approvalWait),
      host: HostFacts(id: "stage", labels: labels, candidatePrograms: [folder.path + "/listed"]),
      accounts: AccountRules(names: ["*"], range: range, homeRoot: "/var/lib/sojourn/home", shell: "/bin/sh", skeleton: "/etc/skel", groups: ["dbops"], rootEquivalentGroups: []),
      session: SessionRules(maxDuration: 3600, endWithCertificate: false))
    if let names { configuration.breakGlass = BreakGlassRules(authority: try authority("foreign"), file: "foreign.pub", names: names, maxDuration: 3600) }
    guard let bytes = configuration.json.text() else { throw Failure(description: "no JSON") }
    for name in ["run/config.json", "state/config.json"] { try write(name, String(decoding: bytes, as: UTF8.self), mode: 0o600) }
  }

  // Certificates

  private func authority(_ name: String) throws -> [UInt8] {
    let words = try String(contentsOfFile: key(name) + ".pub", encoding: .utf8).split(separator: " ")
    let base64 = Array(words[1].utf8)
    guard let blob = Base64.decode(base64.span, 0..<base64.count) else { throw Failure(description: "no authority \(name)") }
    return blob
  }

  private func key(_ name: String) -> String { folder.appendingPathComponent("keys/" + name).path }
  private func keygen(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "ssh-keygen \(arguments)") }
  }

  /// What sshd writes of a certificate for that name, valid from five minutes ago for an hour.
  func certificate(_ name: String, ca: String = "ca", _ more: [String] = ["-V", "-5m:+55m"]) throws -> String {
    let file = key(UUID().uuidString)
    try keygen(["-q", "-t", "ed25519", "-N", "", "-f", file])
    try keygen(["-q", "-s", key(ca), "-I", name + "@example.com", "-n", name] + more + [file + ".pub"])
    let words = try String(contentsOfFile: file + "-cert.pub", encoding: .utf8).split(separator: " ")
    return "publickey \(words[0]) \(words[1])\n"
  }
  func plainKey() throws -> String {
    let words = try String(contentsOfFile: key("ca") + ".pub", encoding: .utf8).split(separator: " ")
    return "publickey \(words[0]) \(words[1])\n"
  }

  // Running

  struct Outcome: CustomStringConvertible {
    let status: Int32
    let lines: [String]
    var description: String { "status \(status)\n" + lines.joined(separator: "\n") }
    func value(_ name: String) -> Int? { lines.first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.count + 1)) } }
    /// Without what pam_debug says in the lines after ours.
    func texts(_ name: String) -> [String] {
      lines.filter { $0.hasPrefix(name + " ") && !$0.hasSuffix("=try_again") }.map { String($0.dropFirst(name.count + 1)) }
    }
  }

  /// The driver as a program that sees candidates (`listed`) or as any other.
  func run(listed: Bool, _ service: String, _ user: String, info: String? = nil, environment: [String: String] = [:], _ words: [String]) throws -> Outcome {
    let setup = """
      set -e
      mount -t tmpfs tmpfs /run; mkdir /run/sojourn; mount --bind "$0/run" /run/sojourn
      mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/sojourn; mount --bind "$0/state" /var/lib/sojourn
      mount --bind "$0/passwd" /etc/passwd; mount --bind "$0/group" /etc/group
      exec "$@"
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    let variables = (info.map { ["-e", "SSH_AUTH_INFO_0=" + $0] } ?? []) + ["-e", "SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22", "-r", "192.0.2.7"]
    process.arguments = ["-m", "--propagation", "private", "/bin/sh", "-c", setup, folder.path, folder.path + (listed ? "/listed" : "/unlisted"),
      folder.path + "/pam.d", service, user] + (words.first == "reload" ? [] : variables) + words
    process.environment = ["LD_LIBRARY_PATH": try Stage.built("libnss_sojourn.so.2").deletingLastPathComponent().path, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
      "LC_ALL": "C"].merging(environment) { $1 }
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    return Outcome(status: status, lines: String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
  }
}
