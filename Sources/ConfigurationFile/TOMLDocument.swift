internal import Encoding
internal import TOMLKit

/// A TOML value with the line it stands on. Dates and fractions are only told apart from what is expected.
indirect enum TOMLNode: Sendable {
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case list([TOMLNode])
  case table([Entry])
  case other(String)

  struct Entry: Sendable {
    let name: String
    let line: Int
    let value: TOMLNode
  }

  /// What it is, for "expected …, found …".
  var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "a whole number"
    case .boolean: "true or false"
    case .list: "a list"
    case .table: "a table"
    case .other(let name): name
    }
  }
}

/// One parsed file. TOMLKit 0.6 (toml++) reads it; it never frees what it read, so a process that reads many files of its
/// own accord should end now and then, and it ends the process on some mistakes unless C++ was compiled with NDEBUG:
/// nothing but the command line ever calls this.
enum TOMLDocument {
  static func parse(_ source: SourceText) throws(Problem) -> [TOMLNode.Entry] {
    let table: TOMLTable
    do { table = try TOMLTable(string: source.text) } catch let error as TOMLParseError {
      throw Problem(Place(file: source.file, line: place(error, source)), "not TOML: \(error.description)")
    } catch {
      throw Problem(Place(file: source.file, line: 1), "not TOML")
    }
    return try entries(table, path: [], KeyPlaces(source.text), source.file)
  }

  /// toml++ says at least line 1, and at most one after the last.
  private static func place(_ error: TOMLParseError, _ source: SourceText) -> Int {
    min(max(error.source.begin.line, 1), source.text.utf8.count { $0 == 10 } + 1)
  }

  private static func entries(_ table: TOMLTable, path: [String], _ places: KeyPlaces, _ file: String) throws(Problem) -> [TOMLNode.Entry] {
    var entries: [TOMLNode.Entry] = []
    guard !table.isEmpty else { return [] }
    guard path.count < KeyPlaces.depth else {
      throw Problem(Place(file: file, line: places.line(of: path) ?? 1), "'\(path.joined(separator: "."))' is nested deeper than any key of a configuration")
    }
    for name in table.keys {
      let here = path + [name]
      let line = places.line(of: here) ?? places.line(of: path) ?? 1
      guard let value = table[name] else { throw Problem(Place(file: file, line: line), "a key that cannot be looked up") }
      entries.append(.init(name: name, line: line, value: try node(value, path: here, line, places, file)))
    }
    return entries
  }

  private static func node(_ value: any TOMLValueConvertible, path: [String], _ line: Int, _ places: KeyPlaces, _ file: String) throws(Problem) -> TOMLNode {
    switch value.type {
    case .string: if let text = value.string { return .string(text) }
    case .int: if let number = value.int { return .integer(number) }
    case .bool: if let flag = value.bool { return .boolean(flag) }
    case .double: return .other("a number with a fraction")
    case .date: return .other("a date")
    case .time: return .other("a time of day")
    case .dateTime: return .other("a moment")
    case .array:
      guard let array = value.array else { break }
      var nodes: [TOMLNode] = []
      for (index, element) in array.enumerated() {
        let here = places.element(index, of: path) ?? path
        nodes.append(try node(element, path: here, places.line(of: here) ?? line, places, file))
      }
      return .list(nodes)
    case .table: if let table = value.table { return .table(try entries(table, path: path, places, file)) }
    }
    throw Problem(Place(file: file, line: line), "the value of '\(path.joined(separator: "."))' cannot be read")
  }
}
