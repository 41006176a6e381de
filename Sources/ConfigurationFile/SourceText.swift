internal import Encoding
internal import HostSystem
internal import Readiness

/// One file of the configuration as text that the TOML library can be given: valid UTF-8, without NUL in any spelling
/// (the library hands strings over as C strings, which would end there), and not too long.
struct SourceText {
  let file: String
  let text: String

  /// The largest file that is read, in bytes.
  static let cap = 256 * 1024

  /// A key may have as many parts as it has dots, and the library works on them by recursion: as many dots as a long
  /// configuration has in its comments, but not as many as its stack could not bear.
  static let dots = 2000

  enum Failure: Error {
    /// The file itself cannot be had.
    case unreadable(Problem)
    case faulty(Problem)
  }

  /// - Throws: `unreadable` if it is missing or no regular file, `faulty` if it must not be believed or is no text.
  static func read(_ file: String, _ files: HostFiles) throws(Failure) -> SourceText {
    let start = Place(file: file, line: 1)
    guard let found = files.resolve(file) else { throw .unreadable(Problem(start, "the file is missing")) }
    guard found.facts.isRegular else { throw .unreadable(Problem(start, "is no regular file")) }
    guard files.isTrusted(found.facts) else {
      throw .faulty(Problem(start, "can be changed by others than root: 'chown root:root \(file)' and 'chmod go-w \(file)'"))
    }
    if let directory = files.untrustedDirectory(above: found.path) {
      throw .faulty(Problem(start, "its directory \(directory) can be changed by others than root: 'chown root:root \(directory)' and 'chmod go-w \(directory)'"))
    }
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try files.bytes(file) } catch { throw .unreadable(Problem(start, error.sentence)) }
    do throws(Problem) { return try SourceText(file: file, bytes: bytes) } catch { throw .faulty(error) }
  }

  init(file: String, bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= SourceText.cap else {
      throw Problem(Place(file: file, line: 1), "is longer than \(SourceText.cap) bytes, which no configuration is")
    }
    guard bytes.count(where: { $0 == 46 }) <= SourceText.dots else {
      throw Problem(Place(file: file, line: 1), "holds more than \(SourceText.dots) dots, which no configuration does")
    }
    for (index, byte) in bytes.enumerated() where byte < 32 && byte != 9 && byte != 10 && !(byte == 13 && index + 1 < bytes.count && bytes[index + 1] == 10) {
      throw Problem(Place(file: file, line: SourceText.line(of: index, in: bytes)), "holds a control character (byte \(byte)); text is expected")
    }
    guard let text = String.ifValid(bytes) else {
      let valid = String(decoding: bytes, as: UTF8.self).utf8
      let same = zip(valid, bytes).prefix { $0 == $1 }.count
      throw Problem(Place(file: file, line: SourceText.line(of: same, in: bytes)), "is not UTF-8 text")
    }
    for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() where line.contains(92) {
      let text = Array(line)
      for spelling in ["\\u0000", "\\U00000000"] where SourceText.contains(text, Array(spelling.utf8)) {
        throw Problem(Place(file: file, line: number + 1), "holds the character NUL (\(spelling)), which no value may have")
      }
    }
    self.file = file
    self.text = text
  }

  static func line(of offset: Int, in bytes: [UInt8]) -> Int { bytes.prefix(offset).count { $0 == 10 } + 1 }

  private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
  }
}

extension Problem: Error {}
