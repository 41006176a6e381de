import Foundation

@testable import Credentials
import Encoding

/// Certificates made by `Vectors/regenerate`, each with the verdict that it is made for.
enum Vectors {
  struct Vector: Sendable, CustomStringConvertible {
    let name: String
    /// "accepted", the token of the rule that refuses it, or "refused" where any rule may.
    let verdict: String
    let blob: [UInt8]
    var description: String { name }
    func fits(_ said: String) -> Bool { verdict == "refused" ? said != "accepted" : said == verdict }
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Vectors")

  static func lines(_ file: String, in folder: URL = folder) -> [[String]] {
    guard let text = try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }

  static func vectors(_ file: String, in folder: URL = folder) -> [Vector] {
    lines(file, in: folder).map { fields in
      let base64 = Array((fields.count > 2 ? fields[2] : "").utf8)
      return Vector(name: fields[0], verdict: fields[1], blob: Base64.decode(base64.span, 0..<base64.count) ?? [])
    }
  }

  static let issued = vectors("issued.txt")
  static let hostile = vectors("hostile.txt")

  /// Blobs by the comment of their key.
  static let authorities = authorities(in: folder)

  static func authorities(in folder: URL) -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: lines("authorities.txt", in: folder).map { fields in
      let base64 = Array(fields[1].utf8)
      return (fields[2], Base64.decode(base64.span, 0..<base64.count) ?? [])
    })
  }

  /// All but the foreign one; without limits of their own.
  static func ours(_ authorities: [String: [UInt8]] = authorities) -> [AuthorityLimits] {
    authorities.filter { $0.key != "foreign_ca" }.sorted { $0.key < $1.key }.map { AuthorityLimits(blob: $0.value) }
  }

  static func limits(_ change: (inout AuthorityLimits) -> Void) -> [AuthorityLimits] {
    var limits = AuthorityLimits(blob: authorities["ca"] ?? [])
    change(&limits)
    return [limits]
  }

  static let client = IPAddress("127.0.0.1".utf8)

  static func blob(_ name: String) -> [UInt8] { (issued + hostile).first { $0.name == name }?.blob ?? [] }

  /// 2026-01-01 04:00 UTC.
  static let now: UInt64 = 1_767_240_000

  static func demands(_ change: (inout CertificateDemands) -> Void = { _ in }) -> CertificateDemands {
    var demands = CertificateDemands(authorities: ours(), loginName: "alice", now: now, maxLifetime: 12 * 3600, clockSkew: 30, enforcer: .sshd,
      client: client)
    change(&demands)
    return demands
  }

  /// "accepted" or the refusing rule's token.
  static func verdict(_ blob: [UInt8], _ demands: CertificateDemands = demands(), _ revocations: some Revocations = NoRevocations()) -> String {
    var seen: AttestedCertificate?
    do throws(CertificateRefusal) {
      _ = try VerifiedCertificate.verify(blob, demands, revocations, seen: &seen)
      return "accepted"
    } catch { return error.rule.token }
  }

  static func verified(_ name: String, _ demands: CertificateDemands = demands()) throws -> VerifiedCertificate {
    var seen: AttestedCertificate?
    return try VerifiedCertificate.verify(blob(name), demands, NoRevocations(), seen: &seen)
  }
}
