internal import Encoding

/// Typed values out of the settings. What is wrong is noted, and a harmless value goes on, so that one run tells all.
struct SettingsReader {
  let settings: Settings
  private(set) var problems: [Problem]
  /// What is published of the revocation lists; nil if none is configured, or one cannot be used.
  var revocations: [UInt8]?

  init(_ settings: Settings, problems: [Problem]) {
    self.settings = settings
    self.problems = problems
  }

  /// A value with the place to name when it turns out to be wrong.
  struct Value<T> {
    let value: T
    let place: Place
    /// Somebody wrote it; else it is the default.
    let isWritten: Bool
    let path: String
    /// False: it was missing or of another type, which is noted already.
    var isSound = true
  }

  mutating func fault(_ place: Place, _ sentence: String) { problems.append(Problem(place, sentence)) }
  mutating func warn(_ place: Place, _ sentence: String) { problems.append(Problem(place, sentence, severity: .warning)) }
  mutating func fault<T>(_ value: Value<T>, _ sentence: String) { fault(value.place, "\(value.path): \(sentence)") }
  mutating func warn<T>(_ value: Value<T>, _ sentence: String) { warn(value.place, "\(value.path): \(sentence)") }

  /// The node of a key, and a `Value` around what `take` makes of it; notes a wrong type, or a missing key.
  private mutating func read<T>(_ table: String, _ name: String, _ fallback: T, _ take: (TOMLNode) -> T?) -> Value<T> {
    let path = "\(table).\(name)"
    guard let key = Schema.key(table, name) else { return Value(value: fallback, place: settings.tablePlace(table), isWritten: false, path: path) }
    guard let (node, place) = settings.value(key) else {
      fault(settings.tablePlace(table), "\(path) is missing; expected \(key.type.expected)")
      return Value(value: fallback, place: settings.tablePlace(table), isWritten: false, path: path, isSound: false)
    }
    let isWritten = settings.isWritten(key)
    guard let value = take(node) else {
      fault(place, "\(path) is \(node.kind); expected \(key.type.expected)")
      return Value(value: fallback, place: place, isWritten: true, path: path, isSound: false)
    }
    return Value(value: value, place: place, isWritten: isWritten, path: path)
  }

  mutating func string(_ table: String, _ name: String) -> Value<String> {
    read(table, name, "") { if case .string(let text) = $0 { text } else { nil } }
  }

  mutating func boolean(_ table: String, _ name: String) -> Value<Bool> {
    read(table, name, false) { if case .boolean(let flag) = $0 { flag } else { nil } }
  }

  mutating func strings(_ table: String, _ name: String) -> Value<[String]> {
    read(table, name, []) { node in
      guard case .list(let nodes) = node else { return nil }
      var texts: [String] = []
      for element in nodes {
        guard case .string(let text) = element else { return nil }
        texts.append(text)
      }
      return texts
    }
  }

  mutating func integers(_ table: String, _ name: String) -> Value<[Int]> {
    read(table, name, []) { node in
      guard case .list(let nodes) = node else { return nil }
      var numbers: [Int] = []
      for element in nodes {
        guard case .integer(let number) = element else { return nil }
        numbers.append(number)
      }
      return numbers
    }
  }

  mutating func table(_ table: String, _ name: String) -> Value<[TOMLNode.Entry]> {
    read(table, name, []) { if case .table(let entries) = $0 { entries } else { nil } }
  }

  /// Seconds within bounds, both included.
  mutating func duration(_ table: String, _ name: String, from least: UInt64, to most: UInt64) -> Value<UInt64> {
    let text = string(table, name)
    let wrong = Value(value: least, place: text.place, isWritten: text.isWritten, path: text.path, isSound: false)
    guard text.isSound else { return wrong }
    guard let seconds = WrittenDuration.seconds(text.value) else {
      fault(text, "'\(text.value)' is no duration; expected \(ValueType.duration.expected)")
      return wrong
    }
    guard seconds >= least, seconds <= most else {
      fault(text, "\(text.value) is out of bounds; expected \(WrittenDuration.text(least)) to \(WrittenDuration.text(most))")
      return wrong
    }
    return Value(value: seconds, place: text.place, isWritten: text.isWritten, path: text.path)
  }

  /// One of a few words.
  mutating func word(_ table: String, _ name: String, _ known: [String]) -> Value<String> {
    let text = string(table, name)
    if text.isSound, !known.contains(where: { $0.isExactly(text.value) }) {
      fault(text, "'\(text.value)' is not known; expected \(known.map { "\"\($0)\"" }.joined(separator: " or "))" + Suggestion.text(for: text.value, among: known))
    }
    return text
  }

  /// A text that is shown, logged or sent as one line.
  static func isOneLine(_ text: String) -> Bool { !text.unicodeScalars.contains { $0.value < 32 || ($0.value >= 127 && $0.value < 160) || $0.value == 0x2028 || $0.value == 0x2029 } }
}
