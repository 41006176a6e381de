internal import Encoding

/// One fact of the person that an authority may say: what it is called for the policy, where it stands in the certificate,
/// and how it is read (DESIGN 8, `attributes`).
public struct AttributeSource: Sendable {
  public let name: String
  public let field: Field
  public let parser: Parser

  public enum Field: Sendable {
    case keyID
    /// The extension of that name.
    case certificateExtension(String)
  }

  public enum Parser: Sendable {
    /// The whole value is one text.
    case string
    /// Texts with commas between them; blanks around them are left out.
    case csv
    /// A JSON text, a list of texts, or a member of an object that is one of these, found by a path of names.
    case json(path: [String])
    /// Present without a value, or with "true", "yes" or "1".
    case flag
  }

  public init(name: String, field: Field, parser: Parser) {
    self.name = name
    self.field = field
    self.parser = parser
  }

  /// `extension:NAME:PARSER` or `key-id:PARSER`; the parser is `string` (which may be left out), `csv`, `flag`, `json`, or
  /// `json:.PATH.TO.MEMBER`. nil of everything else.
  public init?(name: String, text: String) {
    var words = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    guard !words.isEmpty else { return nil }
    let first = words.removeFirst()
    let field: Field
    if first.isExactly("key-id") {
      field = .keyID
    } else if first.isExactly("extension"), let extensionName = words.first, AttributeSource.isName(extensionName) {
      words.removeFirst()
      field = .certificateExtension(extensionName)
    } else {
      return nil
    }
    guard AttributeSource.isName(name), let parser = AttributeSource.parser(words) else { return nil }
    self.init(name: name, field: field, parser: parser)
  }

  private static func parser(_ words: [String]) -> Parser? {
    guard let word = words.first else { return .string }
    if word.isExactly("json") {
      guard words.count <= 2 else { return nil }
      guard words.count == 2 else { return .json(path: []) }
      var path = words[1].utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
      guard path.count >= 2, path.removeFirst().utf8.isEmpty, path.allSatisfy({ !$0.utf8.isEmpty }), path.count <= 8 else { return nil }
      return .json(path: path)
    }
    guard words.count == 1 else { return nil }
    if word.isExactly("string") { return .string }
    if word.isExactly("csv") { return .csv }
    if word.isExactly("flag") { return .flag }
    return nil
  }

  /// Printable letters, at most 256: a name of an option (PROTOCOL.certkeys) or of a member of JSON.
  static func isName(_ text: String) -> Bool { !text.utf8.isEmpty && text.utf8.count <= 256 && text.utf8.allSatisfy { $0 > 32 && $0 < 127 } }

  /// As it is written in the configuration.
  public var text: String {
    let place = switch field {
    case .keyID: "key-id"
    case .certificateExtension(let name): "extension:" + name
    }
    switch parser {
    case .string: return place + ":string"
    case .csv: return place + ":csv"
    case .flag: return place + ":flag"
    case .json(let path): return place + ":json" + (path.isEmpty ? "" : ":." + path.joined(separator: "."))
    }
  }
}
