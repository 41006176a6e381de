internal import Configuration
internal import Encoding
internal import Readiness

extension SettingsReader {
  /// `[certificate]`.
  mutating func certificate(_ files: HostFiles) -> CertificateRules {
    let revoked = revocationLists(files)
    let single = boolean("certificate", "single_use")
    let lifetime = duration("certificate", "max_lifetime", from: 1, to: 30 * 86400)
    let skew = duration("certificate", "clock_skew", from: 0, to: 600)
    let subject = subject()
    return CertificateRules(trusted: authorities(files, subject), maxLifetime: lifetime.value, clockSkew: skew.value, subject: subject,
      revoked: revoked, singleUse: single.value, workloadPrincipals: workloadPrincipals(), workloadExtension: workloadExtension())
  }

  /// Patterns as those of `ca.principals`.
  private mutating func workloadPrincipals() -> [String] {
    let patterns = strings("certificate", "workload_principals")
    guard patterns.isSound else { return [] }
    if patterns.value.count > 64 { fault(patterns, "holds \(patterns.value.count) patterns; expected at most 64") }
    for pattern in patterns.value where !SettingsReader.isLoginPattern(pattern) {
      fault(patterns, "'\(pattern)' is no pattern of a login name; expected printable letters without comma, with * and ? for any")
    }
    return patterns.value
  }

  private mutating func workloadExtension() -> String {
    let name = string("certificate", "workload_extension")
    guard name.isSound else { return "" }
    if !name.value.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) || name.value.utf8.count > 256 {
      fault(name, "the name of an extension has printable letters only, at most 256")
    }
    return name.value
  }

  static func isLoginPattern(_ pattern: String) -> Bool {
    (1...256).contains(pattern.utf8.count) && pattern.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 44 }
  }

  private mutating func authorities(_ files: HostFiles, _ subject: SubjectSource) -> [TrustedAuthority] {
    let isListed = Schema.key("certificate", "trusted_ca").map { settings.isWritten($0) } ?? false
    if let tables = settings.authorities {
      if isListed {
        let list = strings("certificate", "trusted_ca")
        fault(list, "there are [[ca]] tables too; expected one or the other, so that nobody overlooks the authority without limits")
      }
      return authorities(of: tables, files, subject)
    }
    let paths = strings("certificate", "trusted_ca")
    guard paths.isSound else { return [] }
    guard !paths.value.isEmpty, paths.value.count <= 64 else {
      fault(paths, "names \(paths.value.count) files; expected 1 to 64 with the authorities' public keys, such as \"/etc/sojourn/user_ca.pub\"")
      return []
    }
    var authorities: [TrustedAuthority] = []
    for path in paths.value {
      guard SafePath.isPlain(path) else {
        fault(paths, "'\(path)' is no plain absolute path")
        continue
      }
      do throws(AuthorityFile.Fault) {
        for authority in try AuthorityFile.read(path, files) {
          if let same = authorities.first(where: { $0.blob.elementsEqual(authority.blob) }) {
            fault(paths, "\(path) holds a key that \(same.file) holds too; expected every key once")
          } else {
            authorities.append(authority)
          }
        }
      } catch { fault(paths, error.sentence) }
    }
    return authorities
  }

  private mutating func subject() -> SubjectSource {
    let text = string("certificate", "subject")
    guard text.isSound else { return .keyID }
    guard let source = SubjectSource(text: text.value) else {
      fault(text, "'\(text.value)' is not known; expected \"key-id\", \"principal\" or \"extension:NAME\""
        + Suggestion.text(for: text.value, among: ["key-id", "principal"]))
      return .keyID
    }
    if case .certificateExtension(let name) = source, !name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) || name.utf8.count > 256 {
      fault(text, "the name of an extension has printable letters only, at most 256")
    }
    return source
  }
}
