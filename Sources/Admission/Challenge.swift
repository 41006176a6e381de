internal import Configuration
internal import Encoding
internal import HostSystem

/// What the holder of a certificate's key is asked to sign: one line that says what for, and that was never said before.
///
///     sojourn-1 host=H user=U service=S [by=R] [as=T] [tty=Y] until=TIME nonce=32 hexadecimal digits
struct Challenge {
  let line: String
  /// Until when the answer counts.
  let deadline: Deadline
  /// The same, for people.
  let until: String

  /// Seconds.
  static var life: UInt64 { 120 }

  /// The bytes that are signed: `echo` ends the line.
  var message: [UInt8] { Array(line.utf8) + [10] }

  /// - Parameter target: who sudo is to become.
  init(_ login: Login, _ host: HostFacts, target: String? = nil, now: Moment) throws(Refusal) {
    let nonce: String
    do throws(SystemError) { nonce = try Random.hex(16) } catch { throw .lookupFailed("random numbers: " + error.sentence) }
    deadline = Deadline(seconds: Challenge.life, after: now)
    until = Timestamp.text(now.unixSeconds &+ Challenge.life)
    var line = "sojourn-1 host=" + Challenge.plain(Array(host.id.utf8)) + " user=" + Challenge.plain(login.user) + " service=" + Challenge.plain(login.service)
    if !login.requester.isEmpty { line += " by=" + Challenge.plain(login.requester) }
    if let target { line += " as=" + Challenge.plain(Array(target.utf8)) }
    if !login.tty.isEmpty { line += " tty=" + Challenge.plain(login.tty) }
    self.line = line + " until=" + until + " nonce=" + nonce
  }

  /// Whatever a shell, a terminal or a reader could take for something else becomes `_`: the line is copied into a command.
  private static func plain(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for byte in bytes.prefix(255) {
      let isPlain = (byte >= 97 && byte <= 122) || (byte >= 64 && byte <= 90) || (byte >= 45 && byte <= 58) || byte == 95 || byte == 43
      text.append(isPlain ? byte : 95)
    }
    return text.isEmpty ? "_" : String(decoding: text, as: UTF8.self)
  }
}
