internal import Encoding

/// A text that is not what sshd writes into SSH_AUTH_INFO_0.
public struct AuthenticationInfoError: Error, Sendable {
  /// Half a sentence, fit to be shown.
  public let detail: String
  init(_ detail: String) { self.detail = detail }
}

/// How sshd authenticated the person: SSH_AUTH_INFO_0, a line for each completed method, each ended by a newline
/// (auth2.c:auth2_update_session_info).
///
///     method[/submethod][ SP keytype SP base64 blob][ SP info] LF
public struct AuthenticationInfo: Sendable {
  public private(set) var certificates: [ShownCertificate] = []
  /// Types of the keys that are no certificates, escaped.
  public private(set) var plainKeys: [String] = []
  /// The methods that showed no key, escaped.
  public private(set) var otherMethods: [String] = []

  /// The longest text that is believed, in bytes.
  public static var cap: Int { 64 * 1024 }
  static var linesCap: Int { 32 }

  /// Total: whatever the bytes are, the result is a value or an error. The empty text is a value: no method yet.
  public init(_ text: borrowing Span<UInt8>) throws(AuthenticationInfoError) {
    guard text.count <= AuthenticationInfo.cap else { throw AuthenticationInfoError("it is longer than \(AuthenticationInfo.cap) bytes") }
    var begin = 0
    var lines = 0
    for at in 0..<text.count where text[at] == 10 {
      lines += 1
      guard lines <= AuthenticationInfo.linesCap else { throw AuthenticationInfoError("it has more than \(AuthenticationInfo.linesCap) lines") }
      try take(text, begin..<at)
      begin = at + 1
    }
    guard begin == text.count else { throw AuthenticationInfoError("its last line has no end") }
  }

  private mutating func take(_ text: borrowing Span<UInt8>, _ line: Range<Int>) throws(AuthenticationInfoError) {
    var rest = line
    let method = AuthenticationInfo.word(text, &rest)
    guard method.count > 0, AuthenticationInfo.isVisible(text, method) else { throw AuthenticationInfoError("a line names no method") }
    let name = method.lowerBound..<(AuthenticationInfo.firstSlash(text, method))
    guard text.holds("publickey", at: name) else {
      // A host's key (hostbased) says nothing about the person, and the other methods have none.
      otherMethods.append(Escape.visible(text.copy(method), limit: 64))
      return
    }
    let type = AuthenticationInfo.word(text, &rest)
    let base64 = AuthenticationInfo.word(text, &rest)
    guard type.count > 0, type.count <= 128, AuthenticationInfo.isVisible(text, type), base64.count > 0 else {
      throw AuthenticationInfoError("a publickey line has no key")
    }
    guard let blob = Base64.decode(text, base64) else { throw AuthenticationInfoError("a key is not base64") }
    let word = text.copy(type)
    guard KeyBlob.typeName(blob).elementsEqual(word) else { throw AuthenticationInfoError("a key is not of the type that its line names") }
    if ShownCertificate.isCertificateType(word) {
      certificates.append(ShownCertificate(typeName: word, blob: blob))
    } else {
      plainKeys.append(Escape.visible(word, limit: 64))
    }
  }

  /// The word up to the next space, which is taken off the rest.
  private static func word(_ text: borrowing Span<UInt8>, _ rest: inout Range<Int>) -> Range<Int> {
    var at = rest.lowerBound
    while at < rest.upperBound, text[at] != 32 { at += 1 }
    let word = rest.lowerBound..<at
    rest = min(at + 1, rest.upperBound)..<rest.upperBound
    return word
  }

  private static func isVisible(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
    for at in range where text[at] <= 32 || text[at] >= 127 { return false }
    return true
  }

  private static func firstSlash(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
    for at in range where text[at] == 47 { return at }
    return range.upperBound
  }
}
