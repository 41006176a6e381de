internal import HostSystem

/// The host's bearer token, in a file that only root can read. It is read for every question, so that it may be rotated.
public enum TokenFile {
  /// Bytes, line end included.
  static var cap: Int { 16 * 1024 }

  public static func read(_ path: String) throws(PolicyFailure) -> String {
    let bytes: [UInt8]
    do throws(SystemError) {
      let file = try FileDescriptor.open(path, .read)
      let facts = try file.facts()
      guard facts.isRegular, facts.uid == 0, facts.permissions & 0o077 == 0 else {
        throw SystemError("open", code: TokenFile.notRoots)
      }
      bytes = try file.readAll(cap: cap)
    } catch {
      guard error.code != TokenFile.notRoots else {
        throw .token("the token file is not root's alone: it must be a regular file of root's with mode 0600 or less")
      }
      throw .token("the token file cannot be read: " + error.sentence)
    }
    guard let token = token(in: bytes) else { throw .token("the token file does not hold one line with a bearer token") }
    return token
  }

  /// The token of a file with these bytes: one line. What comes after is an error, not ignored: a file with two tokens is
  /// half-edited.
  public static func token(in bytes: [UInt8]) -> String? {
    let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
    return isToken(line) ? String(decoding: line, as: UTF8.self) : nil
  }

  private static let notRoots: CInt = -1

  /// `b64token` of RFC 6750 section 2.1: nothing in it can end a header.
  private static func isToken(_ text: some Collection<UInt8>) -> Bool {
    var isPadding = false
    for byte in text {
      if byte == UInt8(ascii: "=") {
        isPadding = true
        continue
      }
      let isLetter = (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
      let isOther = (byte >= 48 && byte <= 57) || byte == 45 || byte == 46 || byte == 95 || byte == 126 || byte == 43 || byte == 47
      guard !isPadding, isLetter || isOther else { return false }
    }
    return !text.isEmpty && text.first != UInt8(ascii: "=")
  }
}
