internal import Credentials
internal import Encoding

/// An access request as it is sent (profile, "Access Request Submission"), and the key that makes sending it twice harmless.
struct AccessRequestForm {
  let body: [UInt8]
  /// `Idempotency-Key`.
  let key: String

  /// Bytes of a reason.
  static var longestReason: Int { 512 }

  /// Subject, action, resource and context as they were evaluated; the reason is added beside them and replaces nothing.
  /// - Parameter host: this host's id, as the policy knows it.
  init?(_ denial: Denial, _ scope: Scope, reason: String, host: String) {
    guard let members = scope.context.members else { return nil }
    var context = members.filter { !$0.name.isExactly("approval") }
    if !reason.isEmpty, !context.contains(where: { $0.name.isExactly("business_justification") }) {
      context.append(.init("business_justification", .string(AccessRequestForm.clean(reason))))
    }
    var client = JSONObject()
    client.set("id", "sojourn@" + host)
    client.set("name", "Sojourn")
    var form = JSONObject()
    form.set("subject", scope.subject)
    form.set("resource", scope.resource)
    form.set("action", scope.action)
    form.set("context", .object(context))
    form.set("denial", denial.echo)
    form.set("client", client.value)
    guard let body = form.value.text(), let key = AccessRequestForm.key(denial, scope) else { return nil }
    self.body = body
    self.key = key
  }

  /// A UUID of version 8 (RFC 9562 section 5.8) made of what is asked for and of the denial: the same for the same, so that a
  /// request whose answer was lost finds its task again.
  static func key(_ denial: Denial, _ scope: Scope) -> String? {
    let parts = JSONValue.array([.string(scope.key), .string(denial.evaluationID ?? ""), .string(denial.bindingToken ?? "")])
    guard let text = parts.text(), var bytes = Digest.sha256(text)?.prefix(16).map({ $0 }), bytes.count == 16 else { return nil }
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(Hexadecimal.text(bytes).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: hex[$0], as: UTF8.self) }.joined(separator: "-")
  }

  /// A person's words: one line, no control characters, at most 512 bytes and whole characters.
  static func clean(_ reason: String) -> String {
    var text = Escape.sentence(reason, limit: longestReason)
    while text.utf8.count > longestReason { text.unicodeScalars.removeLast() }
    return text
  }
}
