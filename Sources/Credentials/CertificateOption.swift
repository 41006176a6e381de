internal import Encoding

/// A critical option or an extension: a name and data, which is empty (a flag) or holds one string (PROTOCOL.certkeys).
public struct CertificateOption: Sendable {
  /// Without NUL; may be any other bytes until the rules have looked at it.
  public let nameBytes: [UInt8]
  public let data: [UInt8]

  /// The most options of either kind that are believed.
  static var cap: Int { 64 }

  init(nameBytes: [UInt8], data: [UInt8]) {
    self.nameBytes = nameBytes
    self.data = data
  }

  public var name: String { String(decoding: nameBytes, as: UTF8.self) }
  public var shownName: String { nameBytes.isEmpty ? "(empty)" : Escape.visible(nameBytes, limit: 64) }
  func isNamed(_ name: StaticString) -> Bool { nameBytes.span.holds(name, at: 0..<nameBytes.count) }

  /// The one string that the data holds; nil if it holds anything else.
  public var nested: [UInt8]? {
    var cursor = ByteCursor(0..<data.count)
    do throws(WireError) {
      let range = try cursor.string(data.span)
      try cursor.finish()
      return data.span.copy(range)
    } catch { return nil }
  }

  /// The value as text: "" of a flag, the nested string if it is text; nil of anything else.
  public var text: String? {
    if data.isEmpty { return "" }
    guard let nested, !nested.contains(0) else { return nil }
    return String.ifValid(nested)
  }

  /// Names in order, each once: the order that the format demands and sshd does not check.
  static func isBefore(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.lexicographicallyPrecedes(b) }

  static func list(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ field: StaticString) throws(CertificateRefusal) -> [CertificateOption] {
    var options: [CertificateOption] = []
    var read = CertificateReader(range)
    while !read.isAtEnd {
      guard options.count < cap else { throw CertificateRefusal(.size, "it has more than \(cap) \(field)") }
      let name = try read.text(bytes, field)
      options.append(CertificateOption(nameBytes: name, data: bytes.copy(try read.string(bytes, field))))
    }
    return options
  }
}
