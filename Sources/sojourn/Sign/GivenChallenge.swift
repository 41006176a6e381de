import Encoding

/// The challenge of a login, as it was given to `sojourn sign`: only such a line is ever signed, so that nobody is talked into
/// signing something else.
///
///     sojourn-1 host=db1 user=alice service=login tty=tty1 until=2026-11-22T01:40:00Z nonce=0123456789abcdef0123456789abcdef
struct GivenChallenge {
  /// What is signed, without its newline: the words with one blank between them, however they were given.
  let line: String
  /// Names and values in their order; of no letters but those that a challenge may hold.
  let members: [(name: String, value: String)]
  /// Seconds since 1970: from then on the host takes no answer.
  let until: UInt64

  /// The longest that is read, in bytes.
  static let cap = 2048
  private static let version = "sojourn-1"
  /// In the order in which they stand; `by`, `as` and `tty` only where there is one.
  private static let names = ["host", "user", "service", "by", "as", "tty", "until", "nonce"]
  private static let optional = ["by", "as", "tty"]

  init(_ text: [UInt8]) throws(ChallengeFault) {
    guard text.count <= GivenChallenge.cap else { throw ChallengeFault("it has more than \(GivenChallenge.cap) bytes") }
    // A terminal may have broken the line between two words, and a shell may have taken it apart.
    let words = text.split { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }.map { Array($0) }
    guard let first = words.first else { throw ChallengeFault("it is empty") }
    guard first.elementsEqual(GivenChallenge.version.utf8) else {
      throw ChallengeFault(first.starts(with: "sojourn-".utf8)
        ? "it is of a version that this command does not know (\(Escape.visible(first, limit: 32))); update the package sojourn" : "it does not begin with \(GivenChallenge.version)")
    }
    var members: [(name: String, value: String)] = []
    for word in words.dropFirst() { members.append(try GivenChallenge.member(word, after: members.map(\.name))) }
    for name in GivenChallenge.names where !GivenChallenge.optional.contains(name) && !members.contains(where: { $0.name == name }) {
      throw ChallengeFault("\(name)= is missing; was all of it copied?")
    }
    guard let until = members.first(where: { $0.name == "until" }).flatMap({ Timestamp.parse($0.value) }) else { throw ChallengeFault("until= is no time") }
    self.members = members
    self.until = until
    line = ([GivenChallenge.version] + members.map { $0.name + "=" + $0.value }).joined(separator: " ")
  }

  /// - Parameter earlier: the names that stood before it.
  private static func member(_ word: [UInt8], after earlier: [String]) throws(ChallengeFault) -> (name: String, value: String) {
    guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else { throw ChallengeFault("\(shown(word)) is no NAME=VALUE") }
    guard let place = names.firstIndex(where: { $0.utf8.elementsEqual(word[..<equals]) }) else { throw ChallengeFault("\(shown(word)) is nothing that a challenge has") }
    let name = names[place]
    guard !earlier.contains(name) else { throw ChallengeFault("\(name)= stands there twice") }
    guard !earlier.contains(where: { names[place...].contains($0) }) else { throw ChallengeFault("\(name)= does not stand where it must") }
    let bytes = word[(equals + 1)...]
    guard !bytes.isEmpty else { throw ChallengeFault("\(name)= has no value") }
    guard bytes.allSatisfy(isAdmitted) else { throw ChallengeFault("\(shown(word)) has letters that no challenge has") }
    let value = String(decoding: bytes, as: UTF8.self)
    switch name {
    // One spelling for a moment: UTC, whole seconds.
    case "until": guard let moment = Timestamp.parse(value), Timestamp.text(moment).isExactly(value) else { throw ChallengeFault("\(shown(word)) is no time such as 2026-11-22T01:40:00Z") }
    case "nonce": guard bytes.count == 32, bytes.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 97 && $0 <= 102 }) else { throw ChallengeFault("\(shown(word)) is not 32 hexadecimal digits") }
    default: break
    }
    return (name, value)
  }

  /// `A-Z a-z 0-9 . _ : @ / + -`
  private static func isAdmitted(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: "._:@/+-".utf8.contains(byte)
    }
  }

  private static func shown(_ word: [UInt8]) -> String { Escape.quoted(String(decoding: word, as: UTF8.self), limit: 64) }

  func value(_ name: String) -> String? { members.first { $0.name == name }?.value }

  /// Who wants in: the name that the certificate must be for.
  var user: String { value("user") ?? "" }

  func isOver(at now: UInt64) -> Bool { now >= until }
}

/// Why something is no challenge.
struct ChallengeFault: Error {
  let sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}
