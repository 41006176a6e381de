internal import Credentials
internal import Encoding
internal import HostSystem

/// A JSON file of ours that shows whether it is what was written. A flipped bit in a lease may turn one number into another
/// that is as good a number: somebody else's uid, a stronger group, a later end. The last member is a check over all bytes
/// before it; it keeps nobody from writing anything (only root can), it finds damage.
enum SealedFile {
  private static let prefix = Array(#","check":""#.utf8)
  private static let suffix = Array("\"}".utf8)
  private static let digits = 16

  /// - Parameter object: a JSON object with at least one member.
  static func write(_ path: String, _ object: JSONValue) throws(SystemError) {
    guard let text = object.text(), text.count > 2, text.last == UInt8(ascii: "}") else { throw SystemError("write", code: 12) }
    let body = Array(text.dropLast())
    try Files.replace(path, with: body + seal(body), mode: 0o600, durable: false)
  }

  /// - Throws: `Damage`, whose reason can be shown.
  static func read(_ path: String, cap: Int) throws(Damage) -> JSONValue {
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.readTrusted(path, cap: cap) } catch { throw Damage(reason: error.sentence, passing: error.isExhausted ? error : nil) }
    let body = Array(bytes.dropLast(prefix.count + digits + suffix.count))
    guard bytes == body + seal(body) else { throw Damage(reason: "it is not as it was written: its check is another") }
    do throws(JSONError) { return try JSONValue.parse(bytes) } catch { throw Damage(reason: error.reason) }
  }

  struct Damage: Error {
    let reason: String
    /// It is not the file's: no descriptor or no memory is left now.
    var passing: SystemError?
  }

  /// What stands behind the bytes.
  private static func seal(_ body: [UInt8]) -> [UInt8] {
    var check = Checksum()
    check.add(body)
    let text = String(check.value, radix: 16)
    return prefix + Array((String(repeating: "0", count: digits - text.count) + text).utf8) + suffix
  }
}
