import Encoding
import HostSystem
import Readiness

/// The lines `passwd:` and `group:` of /etc/nsswitch.conf, with `sojourn` as their last word and without it.
enum NameSources {
  static let file = "/etc/nsswitch.conf"
  private static let databases = ["passwd", "group"]

  static func with(_ text: String) -> String { changed(text) { $0.contains { $0.isExactly("sojourn") } ? nil : $0 + ["sojourn"] } }

  /// Without the word, and the action that stands after it.
  static func without(_ text: String) -> String {
    changed(text) { words in
      guard let at = words.firstIndex(where: { $0.isExactly("sojourn") }) else { return nil }
      var rest = words
      rest.remove(at: at)
      if at < rest.count, rest[at].begins(with: "[") {
        while at < rest.count {
          let isLast = rest[at].ends(with: "]")
          rest.remove(at: at)
          if isLast { break }
        }
      }
      return rest
    }
  }

  /// - Parameter words: what the sources are to be; nil: as they are.
  private static func changed(_ text: String, _ words: ([String]) -> [String]?) -> String {
    var lines = text.parts(10)
    for database in databases {
      // Of two lines the last one counts (glibc).
      guard let at = lines.lastIndex(where: { name(of: $0).isExactly(database) }) else { continue }
      let bytes = Array(lines[at].utf8)
      let comment = bytes.firstIndex(of: 35) ?? bytes.count
      guard let colon = bytes.firstIndex(of: 58) else { continue }
      let sources = bytes[(colon + 1)..<comment]
      let lead = sources.prefix { $0 == 32 || $0 == 9 }
      let tail = sources.count == lead.count ? [] : Array(sources.reversed().prefix { $0 == 32 || $0 == 9 }.reversed())
      let before = sources.split { $0 == 32 || $0 == 9 }.map { String(decoding: $0, as: UTF8.self) }
      guard let after = words(before) else { continue }
      // What an admin aligned with blanks stays where only a word is added.
      let kept = Array(sources.dropFirst(lead.count).dropLast(tail.count))
      let middle = after.count > before.count ? kept + (kept.isEmpty ? [] : [32]) + Array((after.last ?? "").utf8) : Array(after.joined(separator: " ").utf8)
      lines[at] = String(decoding: bytes[...colon] + lead + middle + tail + bytes[comment...], as: UTF8.self)
    }
    return lines.joined(separator: "\n")
  }

  private static func name(of line: String) -> String {
    let clean = line.utf8.prefix { $0 != 35 }
    guard let colon = clean.firstIndex(of: 58) else { return "" }
    return String(decoding: clean[..<colon].filter { $0 != 32 && $0 != 9 }, as: UTF8.self)
  }

  /// The change, or nil if the host has it.
  /// - Throws: what keeps lookups from reaching Sojourn even then.
  static func step(_ scratch: borrowing Scratch) throws -> SetupStep? {
    let state: FileState?
    do throws(SystemError) { state = try HostFile.read(file) } catch { throw SetupRefusal("\(file): \(error.sentence)") }
    guard let state else { throw SetupRefusal("\(file) is missing", remedy: "create it with the lines 'passwd: files' and 'group: files'") }
    let wished = with(state.text)
    _ = try scratch.put("switch" + file, wished)
    if let finding = NameServiceFindings.findings(HostFiles(prefix: scratch.path + "/switch")).problems.first {
      throw SetupRefusal(finding.line + "; nothing was changed", remedy: finding.remedy)
    }
    guard !wished.isExactly(state.text) else { return nil }
    return SetupStep(.nameServices, files: [.init(path: file, before: state, after: state.with(wished))])
  }
}
