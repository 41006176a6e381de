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

  /// `[break_glass]`: known, checked, and refused where it would have to do something.
  mutating func breakGlass() {
    let remedy = "is not in this version; for emergencies keep a local account, which Sojourn leaves alone"
    let ca = string("break_glass", "ca")
    if ca.isSound, !ca.value.utf8.isEmpty { fault(ca, remedy) }
    let names = strings("break_glass", "names")
    if names.isSound, !names.value.isEmpty { fault(names, remedy) }
    _ = duration("break_glass", "max_duration", from: 1, to: 86400)
  }
}
