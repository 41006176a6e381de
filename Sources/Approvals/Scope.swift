internal import Credentials
internal import Encoding

/// What an approval is for: subject, action and resource of an evaluation, which are the same at every login. An approval
/// is compared with them member by member, so a task is found again by them and by nothing else.
struct Scope: Sendable {
  let subject: JSONValue
  let action: JSONValue
  let resource: JSONValue
  /// As it was evaluated.
  let context: JSONValue
  /// 64 hexadecimal digits; a file's name.
  let key: String

  /// nil if it is no evaluation request, or OpenSSL gives no digest.
  init?(_ evaluation: JSONValue) {
    guard let subject = evaluation["subject"], let action = evaluation["action"], let resource = evaluation["resource"],
      subject.members != nil, action.members != nil, resource.members != nil
    else { return nil }
    self.subject = subject
    self.action = action
    self.resource = resource
    context = evaluation["context"] ?? .object([])
    // Sorted at every depth: the order of members means nothing.
    guard let text = JSONValue.array([subject, action, resource]).text(sorted: true), let digest = Digest.sha256(text) else { return nil }
    key = Hexadecimal.text(digest)
  }
}

enum Hexadecimal {
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
