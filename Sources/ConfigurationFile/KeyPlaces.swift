internal import Encoding

/// The line on which each key and table of a TOML document stands. The library that reads the values tells the lines of
/// its own errors only; this walks a text that it has accepted (TOML 1.0), and so needs to know no errors.
struct KeyPlaces {
  /// The first line that says each path; the parts of a path are joined by NUL, which no text of ours holds.
  private var lines: [[UInt8]: Int] = [:]

  /// The same of the tables of an array, `[[a]]`, each by itself: the path's part has the table's number after it.
  private var elements: [[UInt8]: Int] = [:]
  private var counts: [[UInt8]: Int] = [:]
  /// The path of the table of an array that is being walked; nil in every other.
  private var element: [String]?

  /// The path under which `line(of:)` knows the table of that number, from 0 on; nil if it does not stand by itself.
  func element(_ index: Int, of path: [String]) -> [String]? {
    let numbered = KeyPlaces.numbered(path, index)
    return elements[KeyPlaces.joined(numbered)] == nil ? nil : numbered
  }

  private static func numbered(_ path: [String], _ index: Int) -> [String] {
    path.dropLast() + [(path.last ?? "") + "\u{1}\(index)"]
  }

  /// No key of a configuration is deeper; what is, has no line of its own.
  static let depth = 8

  func line(of path: [String]) -> Int? { lines[KeyPlaces.joined(path)] ?? elements[KeyPlaces.joined(path)] }

  /// Every path that has a line.
  var paths: [[String]] {
    lines.keys.map { $0.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) } }
  }

  private static func joined(_ path: some Sequence<String>) -> [UInt8] { Array(path.map { Array($0.utf8) }.joined(separator: [0])) }

  init(_ text: String) {
    bytes = Array(text.utf8)
    walk()
    bytes = []
  }

  private var bytes: [UInt8]
  private var at = 0
  private var line = 1

  private var here: UInt8? { at < bytes.count ? bytes[at] : nil }
  private func ahead(_ count: Int) -> UInt8? { at + count < bytes.count ? bytes[at + count] : nil }

  private mutating func advance() {
    if here == 10 { line += 1 }
    at += 1
  }

  private mutating func skipBlanks() { while here == 32 || here == 9 { advance() } }

  private mutating func skipLine() { while let byte = here, byte != 10 { advance() } }

  /// Blanks, line ends and comments.
  private mutating func skipSpace() {
    while let byte = here {
      if byte == 35 { skipLine() } else if byte == 32 || byte == 9 || byte == 10 || byte == 13 { advance() } else { return }
    }
  }

  private mutating func walk() {
    var table: [String] = []
    while true {
      skipSpace()
      guard here != nil else { return }
      let before = at
      if here == 91 {
        advance()
        let isArray = here == 91
        if isArray { advance() }
        table = key()
        note(table, from: 0)
        element = isArray ? begin(table) : nil
        while here == 93 || here == 32 || here == 9 { advance() }
      } else {
        pair(in: table)
      }
      if at == before { advance() }
    }
  }

  private mutating func begin(_ table: [String]) -> [String] {
    let name = KeyPlaces.joined(table)
    let index = counts[name] ?? 0
    counts[name] = index + 1
    let path = KeyPlaces.numbered(table, index)
    elements[KeyPlaces.joined(path)] = line
    return path
  }

  /// Notes a path and, so that a table that only dotted keys make has a line too, those above it.
  private mutating func note(_ path: [String], from count: Int) {
    guard path.count > count else { return }
    for length in (count + 1)...path.count where length <= KeyPlaces.depth {
      let name = KeyPlaces.joined(path[..<length])
      if lines[name] == nil { lines[name] = line }
    }
  }

  private mutating func pair(in table: [String]) {
    let name = key()
    let path = table + name
    note(path, from: table.count)
    if let element, let first = name.first, table.count == element.count {
      let own = KeyPlaces.joined(element + [first])
      if elements[own] == nil { elements[own] = line }
    }
    skipBlanks()
    if here == 61 { advance() }
    skipBlanks()
    value(path)
  }

  /// A key with its dots: bare parts, "…" with escapes, '…' without.
  private mutating func key() -> [String] {
    var parts: [String] = []
    while true {
      skipBlanks()
      switch here {
      case 34: parts.append(basicString())
      case 39: parts.append(literalString())
      default:
        var bare: [UInt8] = []
        while let byte = here, byte > 32, byte != 46, byte != 61, byte != 93, byte != 91, byte != 35, byte != 34, byte != 39 {
          bare.append(byte)
          advance()
        }
        parts.append(String(decoding: bare, as: UTF8.self))
      }
      skipBlanks()
      guard here == 46 else { return parts }
      advance()
    }
  }

  private mutating func value(_ path: [String]) {
    switch here {
    case 34:
      if ahead(1) == 34, ahead(2) == 34 { multiline(34) } else { _ = basicString() }
    case 39:
      if ahead(1) == 39, ahead(2) == 39 { multiline(39) } else { _ = literalString() }
    case 91: list(path)
    case 123: inlineTable(path)
    default: while let byte = here, byte != 10, byte != 44, byte != 93, byte != 125, byte != 35 { advance() }
    }
  }

  private mutating func list(_ path: [String]) {
    advance()
    while true {
      skipSpace()
      guard let byte = here else { return }
      if byte == 93 {
        advance()
        return
      }
      let before = at
      if byte == 44 { advance() } else { value(path) }
      if at == before { advance() }
    }
  }

  private mutating func inlineTable(_ path: [String]) {
    advance()
    while true {
      skipSpace()
      guard let byte = here else { return }
      if byte == 125 {
        advance()
        return
      }
      let before = at
      if byte == 44 { advance() } else { pair(in: path) }
      if at == before { advance() }
    }
  }

  private mutating func multiline(_ quote: UInt8) {
    for _ in 0..<3 { advance() }
    while here != nil {
      if quote == 34, here == 92 {
        advance()
        if here != nil { advance() }
      } else if here == quote, ahead(1) == quote, ahead(2) == quote {
        for _ in 0..<3 { advance() }
        // Up to two quotes may stand before the closing three.
        while here == quote { advance() }
        return
      } else {
        advance()
      }
    }
  }

  private mutating func literalString() -> String {
    advance()
    var text: [UInt8] = []
    while let byte = here, byte != 39, byte != 10 {
      text.append(byte)
      advance()
    }
    if here == 39 { advance() }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func basicString() -> String {
    advance()
    var text: [UInt8] = []
    while let byte = here, byte != 34, byte != 10 {
      advance()
      guard byte == 92, let code = here else {
        text.append(byte)
        continue
      }
      advance()
      switch code {
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "e"): text.append(27)
      case UInt8(ascii: "u"): text += scalar(4)
      case UInt8(ascii: "U"): text += scalar(8)
      case UInt8(ascii: "x"): text += scalar(2)
      default: text.append(code)
      }
    }
    if here == 34 { advance() }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func scalar(_ digits: Int) -> [UInt8] {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = here, let digit = KeyPlaces.hex(byte) else { break }
      value = value << 4 | digit
      advance()
    }
    return Unicode.Scalar(value).map { Array(String(Character($0)).utf8) } ?? []
  }

  private static func hex(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 48...57: UInt32(byte - 48)
    case 65...70: UInt32(byte - 55)
    case 97...102: UInt32(byte - 87)
    default: nil
    }
  }
}
