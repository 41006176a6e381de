internal import Encoding
internal import HostSystem

/// Where names come from: /etc/nsswitch.conf (nsswitch.conf(5)).
struct NameServiceSwitch {
  struct Source: Equatable {
    let name: String
    /// `[STATUS=action]` that stand after it, in lower case, such as `notfound=return` or `!unavail=return`.
    var actions: [String]
  }

  /// In the file's order; a database that stands twice counts as it stands last, as glibc has it.
  private var lines: [(database: String, sources: [Source])] = []

  init(_ text: [String]) {
    for line in text {
      let clean = line.before(35)
      guard let colon = clean.utf8.firstIndex(of: 58) else { continue }
      let database = String(clean[..<colon]).words.joined()
      lines.append((database, NameServiceSwitch.sources(String(decoding: clean.utf8[colon...].dropFirst(), as: UTF8.self))))
    }
  }

  func sources(of database: String) -> [Source]? { lines.last { $0.database.isExactly(database) }?.sources }

  private static func sources(_ text: String) -> [Source] {
    var sources: [Source] = []
    var inside = false
    var word: [UInt8] = []
    func finish() {
      defer { word = [] }
      guard !word.isEmpty else { return }
      let text = String(decoding: word, as: UTF8.self)
      if inside {
        guard let last = sources.indices.last else { return }
        sources[last].actions.append(text.lowerASCII)
      } else {
        sources.append(Source(name: text, actions: []))
      }
    }
    for byte in text.utf8 {
      switch byte {
      case 91:
        finish()
        inside = true
      case 93:
        finish()
        inside = false
      case 32, 9: finish()
      default: word.append(byte)
      }
    }
    finish()
    return sources
  }

  /// An action that ends the search before the next source when a name is *not* found here.
  static func endsSearch(_ source: Source) -> Bool {
    source.actions.contains { action in
      guard action.ends(with: "=return") else { return false }
      // `[SUCCESS=return]` is what happens anyway.
      return !action.begins(with: "success=")
    }
  }

  /// Goes on after a name *was* found: then the last source wins, not the first.
  static func goesOnAfterSuccess(_ source: Source) -> Bool {
    source.actions.contains { $0.isExactly("success=continue") || $0.isExactly("!notfound=continue") || $0.isExactly("!unavail=continue") }
  }
}

/// DESIGN 3.1: others' names win, so Sojourn stands last, and nothing keeps lookups from reaching it.
public enum NameServiceFindings {
  static let file = "/etc/nsswitch.conf"

  public static func findings(_ files: HostFiles) -> [Finding] {
    let text: [String]
    do throws(SystemError) { text = try files.lines(file) } catch {
      return [Finding(.nsswitch, .problem, file, "cannot be read (\(error.sentence)), so nobody is asked for names but /etc/passwd",
        remedy: "create it with the lines 'passwd: files sojourn' and 'group: files sojourn'")]
    }
    let table = NameServiceSwitch(text)
    var findings: [Finding] = []
    findings += line("passwd", .nsswitchPasswd, table.sources(of: "passwd")) + line("group", .nsswitchGroup, table.sources(of: "group"))
    findings += initgroups(table.sources(of: "initgroups"))
    if findings.isEmpty { findings.append(Finding(.nsswitch, .ok, file, "sojourn is asked last for users and groups")) }
    return findings
  }

  private static func line(_ database: String, _ id: Finding.Kind, _ sources: [NameServiceSwitch.Source]?) -> [Finding] {
    let add = "add sojourn at the end of the line '\(database):'"
    guard let sources else { return [Finding(id, .problem, file, "has no line '\(database):'", remedy: "add the line '\(database): files sojourn'")] }
    let places = sources.indices.filter { sources[$0].name.isExactly("sojourn") }
    guard let place = places.first else { return [Finding(id, .problem, file, "the line '\(database):' does not name sojourn", remedy: add)] }
    var findings: [Finding] = []
    if places.count > 1 {
      findings.append(Finding(id, .problem, file, "the line '\(database):' names sojourn twice", remedy: "leave only the last one"))
    }
    if place != sources.count - 1, places.count == 1 {
      let after = sources[(place + 1)...].map { $0.name }.joined(separator: ", ")
      findings.append(Finding(id, .problem, file,
        "in the line '\(database):' sojourn stands before \(after), whose names would then lose against transient accounts",
        remedy: "move sojourn to the end of the line"))
    }
    for source in sources[..<place] {
      if NameServiceSwitch.endsSearch(source) {
        findings.append(Finding(id, .problem, file,
          "in the line '\(database):' the action [\(source.actions.joined(separator: " "))] after \(source.name) ends the search before sojourn is asked",
          remedy: "remove the action, or put the sources that need it after those without"))
      }
      if NameServiceSwitch.goesOnAfterSuccess(source) {
        findings.append(Finding(id, .problem, file,
          "in the line '\(database):' the action [\(source.actions.joined(separator: " "))] after \(source.name) goes on after a name was found, so that sojourn could answer for another source's name",
          remedy: "remove the action"))
      }
    }
    return findings
  }

  /// If it exists, this line and not `group:` says who is asked for a user's groups (glibc, grp/initgroups.c).
  private static func initgroups(_ sources: [NameServiceSwitch.Source]?) -> [Finding] {
    guard let sources else { return [] }
    let remedy = "remove the line 'initgroups:', or end it with 'sojourn', with [SUCCESS=continue] after the sources before it"
    guard let place = sources.firstIndex(where: { $0.name.isExactly("sojourn") }) else {
      return [Finding(.nsswitchInitgroups, .problem, file,
        "the line 'initgroups:' does not name sojourn, so transient accounts get no groups and 'Match Group sojourn' never matches", remedy: remedy)]
    }
    if sources[..<place].contains(where: { NameServiceSwitch.endsSearch($0) }) {
      return [Finding(.nsswitchInitgroups, .problem, file, "the line 'initgroups:' ends the search for groups before sojourn is asked", remedy: remedy)]
    }
    if sources[..<place].contains(where: { !NameServiceSwitch.goesOnAfterSuccess($0) }) {
      return [Finding(.nsswitchInitgroups, .warning, file,
        "with a line 'initgroups:' the first source that knows groups of a name is the only one asked", remedy: remedy)]
    }
    return []
  }
}
