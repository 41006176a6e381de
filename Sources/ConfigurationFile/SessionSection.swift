internal import Configuration
internal import Encoding

extension SettingsReader {
  /// `[session]`.
  mutating func session() -> SessionRules {
    for name in ["reevaluate", "when_unreachable", "warn_before"] {
      let value = string("session", name)
      if value.isWritten, value.isSound { fault(value, "is not in this version; remove the key") }
    }
    let longest = duration("session", "max_duration", from: 1, to: 30 * 86400)
    let end = boolean("session", "end_with_certificate")
    return SessionRules(maxDuration: longest.value, endWithCertificate: end.value)
  }
}
