import Foundation
import Testing

@testable import Accounts
import DaemonProtocol
import HostSystem
import Identity

/// A directory of root's on a real disk, gone with the test.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/sojourn-test-" + (try Random.hex(8))
    try Files.makeDirectory(path, mode: 0o755)
  }

  deinit {
    shell("chattr -R -i -a \"$1\" 2>/dev/null; rm -rf --one-file-system \"$1\"", path)
  }

  func callAsFunction(_ name: String) -> String { path + "/" + name }
}

/// Runs a bash script as root; `$1` … are the arguments.
@discardableResult
func shell(_ script: String, _ arguments: String...) -> String {
  do {
    let outcome = try ChildProcess.run("/bin/bash", ["-c", script, "bash"] + arguments, milliseconds: 120_000, cap: 1 << 20)
    if outcome.status != 0 { return "status \(outcome.status): " + String(decoding: outcome.output + outcome.errors, as: UTF8.self) }
    return String(decoding: outcome.output, as: UTF8.self)
  } catch {
    return "\(error)"
  }
}

enum Sample {
  static func name(_ text: String) throws -> AccountName { try #require(AccountName(text)) }

  /// As much as can stand in it.
  static var subject: SubjectFacts {
    SubjectFacts(type: "user", attributes: [SubjectAttribute(name: "roles", values: ["dba", ""])], extensions: [CertificateExtension(name: "permit-pty", value: "")],
      approval: .object([.init("id", .string("apr_1")), .init("approved_until", .string("2026-11-21T04:40:00Z"))]), key: [0, 1, 2, 255], authority: [3])
  }

  static func session(_ id: String = "1700000000-0badcafe", pid: Int32 = 4711, groups: [GrantedGroup] = [.init(name: "dbops", gid: 998)],
    subject: SubjectFacts? = nil, unconfirmed: Deadline? = nil, ending: EndReason? = nil) -> Session {
    Session(id: id, process: ProcessReference(pid: pid, start: 123_456), login: LoginFacts(service: "sshd", tty: "ssh", remote: "192.0.2.1"),
      credential: CredentialFacts(kind: "ssh-cert", keyID: "key of \u{1b}[31mälice \"q\" \\", serial: "18446744073709551615", keyFingerprint: "SHA256:k", caFingerprint: "SHA256:c",
        principals: ["alice", ""], notBefore: 1, notAfter: .max >> 1),
      decision: DecisionFacts(requestID: "r", endpoint: "http://127.0.0.1/", reason: "", milliseconds: 3), groups: groups, shell: "/bin/bash",
      opened: 1_700_000_000, deadline: Deadline(wall: 1_700_003_600_000_000_000, boot: 99_000_000_000),
      reevaluateSeconds: subject == nil ? nil : 60, subject: subject, unconfirmed: unconfirmed, ending: ending)
  }

  static func lease(_ name: String = "alice", uid: UInt32 = 70_001) throws -> Lease {
    var lease = Lease(name: try Sample.name(name), uid: uid, home: "/var/lib/sojourn/home/" + name)
    lease.sessions = [session(), session("1700000001-00000001", groups: [.init(name: "deploy", gid: 997), .init(name: "dbops", gid: 998)],
      subject: Sample.subject, unconfirmed: Deadline(wall: 7, boot: 8), ending: .policyNo("words"))]
    lease.retire(session("1699999999-00000001", groups: [.init(name: "backup", gid: 34)]))
    return lease
  }
}
