internal import Configuration
internal import Encoding

extension SettingsReader {
  /// `[session]`.
  mutating func session() -> SessionRules {
    let longest = duration("session", "max_duration", from: 1, to: 30 * 86400)
    let end = boolean("session", "end_with_certificate")
    let again = duration("session", "reevaluate", from: 0, to: 86400)
    let warning = duration("session", "warn_before", from: 0, to: 86400)
    return SessionRules(maxDuration: longest.value, endWithCertificate: end.value, reevaluate: again.value, whenUnreachable: whenUnreachable(),
      warnBefore: warning.value)
  }

  /// `[sudo]`.
  mutating func sudo() -> SudoRules { SudoRules(sendsArguments: boolean("sudo", "arguments").value) }

  /// `keep`, or `end after` and a duration.
  private mutating func whenUnreachable() -> WhenUnreachable {
    let text = string("session", "when_unreachable")
    guard text.isSound, !text.value.isExactly("keep") else { return .keep }
    let words = text.value.utf8.split(separator: UInt8(ascii: " "))
    if words.count == 3, words[0].elementsEqual("end".utf8), words[1].elementsEqual("after".utf8),
      let seconds = WrittenDuration.seconds(String(decoding: Array(words[2]), as: UTF8.self)), seconds <= 86400 {
      return .end(after: seconds)
    }
    fault(text, "'\(text.value)' is not known; expected \"keep\", or \"end after\" and a duration up to 1d, such as \"end after 5m\"")
    return .keep
  }
}
