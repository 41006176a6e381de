internal import Encoding

/// A signature as people paste it: base64 in one line, or with as much of its armour and its line breaks as the way let through.
public enum PastedAnswer {
  private static var begin: StaticString { "-----BEGIN SSH SIGNATURE-----" }
  private static var end: StaticString { "-----END SSH SIGNATURE-----" }

  /// Total. `.form` for everything that is no signature at all.
  public static func read(_ line: [UInt8]) throws(PresentationRefusal) -> UnverifiedSSHSignature {
    var text: [UInt8] = []
    var at = 0
    var hasBegun = false
    let span = line.span
    while at < line.count {
      if span.holds(begin, at: at..<min(line.count, at + begin.utf8CodeUnitCount)) {
        hasBegun = true
        at += begin.utf8CodeUnitCount
      } else if span.holds(end, at: at..<min(line.count, at + end.utf8CodeUnitCount)) {
        at += end.utf8CodeUnitCount
      } else {
        let byte = line[at]
        // Blanks, tabs and the ends of lines.
        if byte != 32, byte != 9, byte != 10, byte != 13 { text.append(byte) }
        at += 1
      }
    }
    guard !text.isEmpty else { throw .form(hasBegun ? "only its first line arrived; it must be pasted as one line" : "nothing was typed") }
    guard let blob = Base64.decode(text.span, 0..<text.count) else { throw .form("it is not base64, or not all of it arrived") }
    return try UnverifiedSSHSignature(blob)
  }
}
