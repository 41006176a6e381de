import Configuration
import DaemonProtocol
import Encoding
import Identity
import Policy

enum Fixtures {
  static let now: UInt64 = 1_795_000_200  // 2026-11-18T11:10:00Z

  static func question(remote: String = "192.0.2.9", attributes: [SubjectAttribute] = []) -> Question {
    Question(subjectID: "alice@example.com", account: "alice", login: LoginFacts(service: "sshd", tty: "ssh", remote: remote),
      credential: CredentialFacts(kind: "ssh-cert", keyID: "alice@example.com", serial: "18446744073709551615", keyFingerprint: "SHA256:key",
        caFingerprint: "SHA256:ca", principals: ["alice", "dba"], notBefore: now - 60, notAfter: now + 3600),
      extensions: [CertificateExtension(name: "permit-pty", value: ""), CertificateExtension(name: "roles@example.com", value: "sha256:00")],
      attributes: attributes, now: now)
  }

  static let host = HostFacts(id: "db1", labels: [.init(name: "environment", value: "production"), .init(name: "role", value: "database")],
    candidatePrograms: ["/usr/sbin/sshd"])

  static func endpoint(_ number: Int) -> PolicyEndpoint {
    PolicyEndpoint(url: "https://192.0.2.\(number)/access/v1/evaluation", host: "192.0.2.\(number)", port: 443, isLiteral: true)
  }

  static func rules(_ endpoints: [PolicyEndpoint] = [endpoint(1)], tokenFile: String? = nil, attributesIn: AttributePlace = .subject,
    deadline: UInt64 = 5000) -> PolicyRules {
    PolicyRules(endpoints: endpoints, caFile: nil, clientCertificate: nil, clientKey: nil, tokenFile: tokenFile, attributesIn: attributesIn,
      deadline: deadline)
  }

  static func accounts(groups: [String] = ["dbops", "deploy"], rootEquivalent: [String] = []) throws -> AccountRules {
    guard let range = UIDRange(first: 65536, last: 99999) else { throw Broken("range") }
    return AccountRules(names: ["*"], range: range, homeRoot: "/var/lib/sojourn/home", shell: "/bin/bash", skeleton: "/etc/skel", groups: groups,
      rootEquivalentGroups: rootEquivalent)
  }

  static let session = SessionRules(maxDuration: 43200, endWithCertificate: false)
}

/// The test's own surroundings are not as they must be.
struct Broken: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Verdict {
  /// One word, and the failure's token.
  var word: String {
    switch self {
    case .allowed: "allowed"
    case .denied, .undefined, .requestable: "denied"
    case .stepUp: "step-up"
    case .unavailable(let failure): failure.token
    }
  }
  var grant: Grant? {
    guard case .allowed(let grant) = self else { return nil }
    return grant
  }
}

extension String {
  var bytes: [UInt8] { Array(utf8) }
}
