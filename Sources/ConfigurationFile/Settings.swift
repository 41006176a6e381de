internal import Encoding
internal import Readiness

/// All files together: which value each key has, and where it was written. A later file wins key by key; a list or the
/// table of labels is one value and is replaced whole.
struct Settings {
  /// One `[[ca]]`.
  struct AuthorityTable {
    let entries: [TOMLNode.Entry]
    let place: Place
  }

  private struct Written {
    let table: String
    let name: String
    let value: TOMLNode
    let place: Place
  }

  private var written: [Written] = []
  private var tables: [(name: String, place: Place)] = []
  /// The `[[ca]]` tables; nil if there are none.
  private(set) var authorities: [AuthorityTable]?
  let mainFile: String

  /// More faults than these are one: the file is no configuration.
  private static let limit = 100

  init(mainFile: String) { self.mainFile = mainFile }

  /// Takes a file's keys over; what is unknown, of the wrong shape or not in this version is a problem.
  mutating func add(_ entries: [TOMLNode.Entry], file: String, _ problems: inout [Problem]) {
    for entry in entries {
      guard problems.count < Settings.limit else { return }
      let place = Place(file: file, line: entry.line)
      if Schema.arrays.contains(where: { $0.isExactly(entry.name) }) {
        take(authorities: entry, file, &problems)
        continue
      }
      guard Schema.tables.contains(where: { $0.isExactly(entry.name) }) else {
        problems.append(Problem(place, Settings.unknown(entry)))
        continue
      }
      guard case .table(let keys) = entry.value else {
        problems.append(Problem(place, "'\(entry.name)' is \(entry.value.kind); expected a table: [\(entry.name)]"))
        continue
      }
      if !tables.contains(where: { $0.name.isExactly(entry.name) }) { tables.append((entry.name, place)) }
      for key in keys {
        guard problems.count < Settings.limit else {
          problems.append(Problem(Place(file: file, line: key.line), "too many faults; what follows is not listed"))
          return
        }
        let place = Place(file: file, line: key.line)
        guard Schema.key(entry.name, key.name) != nil else {
          problems.append(Problem(place, Settings.unknown(key, in: entry.name)))
          continue
        }
        written.removeAll { $0.table.isExactly(entry.name) && $0.name.isExactly(key.name) }
        written.append(Written(table: entry.name, name: key.name, value: key.value, place: place))
      }
    }
  }

  /// A list is one value: a later file's replaces it whole.
  private mutating func take(authorities entry: TOMLNode.Entry, _ file: String, _ problems: inout [Problem]) {
    let place = Place(file: file, line: entry.line)
    guard case .list(let nodes) = entry.value else {
      problems.append(Problem(place, "'\(entry.name)' is \(entry.value.kind); expected a table for each authority: [[\(entry.name)]]"))
      return
    }
    var tables: [AuthorityTable] = []
    for node in nodes {
      guard case .table(let keys) = node else {
        problems.append(Problem(place, "'\(entry.name)' holds \(node.kind); expected a table for each authority: [[\(entry.name)]]"))
        return
      }
      for key in keys where Schema.key(entry.name, key.name) == nil {
        problems.append(Problem(Place(file: file, line: key.line), Settings.unknown(key, in: entry.name)))
      }
      // Its first key's line: the library tells nothing of the table's own.
      tables.append(AuthorityTable(entries: keys, place: Place(file: file, line: keys.map { $0.line }.min() ?? entry.line)))
    }
    authorities = tables
  }

  private static func unknown(_ entry: TOMLNode.Entry) -> String {
    if case .table = entry.value {
      return "unknown table [\(entry.name)]" + Suggestion.text(for: entry.name, among: Schema.tables) + "; known: \(Schema.tables.joined(separator: ", "))"
    }
    let homes = Schema.keys.filter { $0.name.isExactly(entry.name) }.map { "[\($0.table)]" }
    guard homes.isEmpty else { return "the key '\(entry.name)' stands outside of its table; it belongs under \(homes.joined(separator: " or "))" }
    return "unknown key '\(entry.name)' outside of any table" + Suggestion.text(for: entry.name, among: Schema.keys.map { $0.name })
  }

  private static func unknown(_ entry: TOMLNode.Entry, in table: String) -> String {
    let near = Suggestion.text(for: entry.name, among: Schema.names(in: table))
    if near.utf8.isEmpty, let home = Schema.keys.first(where: { $0.name.isExactly(entry.name) }) {
      return "unknown key '\(entry.name)' in [\(table)]; it belongs under [\(home.table)]"
    }
    return "unknown key '\(entry.name)' in [\(table)]" + (near.utf8.isEmpty ? "; known: \(Schema.names(in: table).joined(separator: ", "))" : near)
  }

  /// What the key has, and where: as written, else the default, whose place is its table.
  func value(_ key: SchemaKey) -> (value: TOMLNode, place: Place)? {
    if let found = written.last(where: { $0.table.isExactly(key.table) && $0.name.isExactly(key.name) }) { return (found.value, found.place) }
    guard let standard = key.standard else { return nil }
    return (standard, tablePlace(key.table))
  }

  func isWritten(_ key: SchemaKey) -> Bool { written.contains { $0.table.isExactly(key.table) && $0.name.isExactly(key.name) } }

  func tablePlace(_ table: String) -> Place { tables.first { $0.name.isExactly(table) }?.place ?? Place(file: mainFile, line: 1) }
}
