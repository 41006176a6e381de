import Foundation

@testable import Credentials
import Encoding

/// Certificates made by `Vectors/regenerate`, each with the verdict that it is made for.
enum Vectors {
  struct Vector: Sendable, CustomStringConvertible {
    let name: String
    /// "accepted", or the token of the rule that refuses it.
    let verdict: String
    let blob: [UInt8]
    var description: String { name }
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Vectors")

  static func lines(_ file: String) -> [[String]] {
    guard let text = try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }

  static func vectors(_ file: String) -> [Vector] {
    lines(file).map { fields in
      let base64 = Array((fields.count > 2 ? fields[2] : "").utf8)
      return Vector(name: fields[0], verdict: fields[1], blob: Base64.decode(base64.span, 0..<base64.count) ?? [])
    }
  }

  static let issued = vectors("issued.txt")
  static let hostile = vectors("hostile.txt")

  /// Blobs by the comment of their key.
  static let authorities: [String: [UInt8]] = Dictionary(uniqueKeysWithValues: lines("authorities.txt").map { fields in
    let base64 = Array(fields[1].utf8)
    return (fields[2], Base64.decode(base64.span, 0..<base64.count) ?? [])
  })

  static var ours: [[UInt8]] { ["ca", "second_ca"].compactMap { authorities[$0] } }

  static func blob(_ name: String) -> [UInt8] { (issued + hostile).first { $0.name == name }?.blob ?? [] }

  /// 2026-01-01 04:00 UTC.
  static let now: UInt64 = 1_767_240_000

  static func demands(_ change: (inout CertificateDemands) -> Void = { _ in }) -> CertificateDemands {
    var demands = CertificateDemands(authorities: ours, loginName: "alice", now: now, maxLifetime: 12 * 3600, clockSkew: 30, enforcer: .sshd)
    change(&demands)
    return demands
  }

  /// "accepted" or the refusing rule's token.
  static func verdict(_ blob: [UInt8], _ demands: CertificateDemands = demands()) -> String {
    var seen: AttestedCertificate?
    do throws(CertificateRefusal) {
      _ = try VerifiedCertificate.verify(blob, demands, seen: &seen)
      return "accepted"
    } catch { return error.rule.token }
  }

  static func verified(_ name: String) throws -> VerifiedCertificate {
    var seen: AttestedCertificate?
    return try VerifiedCertificate.verify(blob(name), demands(), seen: &seen)
  }
}
