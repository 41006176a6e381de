import Credentials
import Encoding

/// A certificate that can answer for a person, and where it is.
struct SigningCertificate {
  enum Place {
    /// FILE-cert.pub
    case file(String)
    case agent
  }

  let place: Place
  let blob: [UInt8]
  let fields: UnverifiedCertificate

  /// `/home/alice/.ssh/id_ed25519-cert.pub, key ID "alice@example.com", until 2026-11-22T02:00:00Z`
  var description: String { "\(SigningCertificate.shown(place, fields)), key ID \(SigningCertificate.keyID(fields)), until \(SigningCertificate.time(fields.validBefore))" }

  static func shown(_ place: Place, _ fields: UnverifiedCertificate) -> String {
    switch place {
    case .file(let path): Escape.visible(path, limit: 256)
    case .agent: "the agent's certificate of \(fields.keyFingerprint)"
    }
  }

  static func keyID(_ fields: UnverifiedCertificate) -> String { Escape.quoted(String(decoding: fields.keyID, as: UTF8.self), limit: 256) }

  /// Why the host would not take it for that name at that moment, as far as can be told without the host.
  static func misfit(_ fields: UnverifiedCertificate, _ user: String, at now: UInt64) -> String? {
    guard fields.kind == 1 else { return "it is no user's certificate but a host's" }
    if now < fields.validAfter { return "it is valid from \(time(fields.validAfter)) on only" }
    if now >= fields.validBefore { return "it ended at \(time(fields.validBefore))" }
    guard fields.principals.contains(where: { $0.elementsEqual(user.utf8) }) else {
      return fields.principals.isEmpty ? "it names nobody" : "it is for " + Table.cut(fields.shownPrincipals.joined(separator: ", "), 256)
    }
    if fields.criticalOptions.contains(where: { $0.name.isExactly("force-command") }) { return "it is for one command only (force-command)" }
    return nil
  }

  /// The largest number stands for "for ever".
  private static func time(_ seconds: UInt64) -> String { seconds > Timestamp.latest ? "for ever" : Timestamp.text(seconds) }
}
