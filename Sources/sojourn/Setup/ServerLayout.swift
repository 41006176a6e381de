import Encoding
import HostSystem
import Readiness

/// sshd's configuration as files: /etc/ssh/sshd_config, and those of the directory that it includes, without ours.
struct ServerLayout {
  private let before: [String]
  private let after: [String]
  /// In sshd's order, which is that of the bytes of their names.
  private let others: [String]

  /// - Throws: if the directory is not included, so that our file would not be read.
  init() throws(SetupRefusal) {
    let main = ServerDropIn.main, folder = ServerDropIn.folder
    let lines: [String]
    do throws(SystemError) { lines = try HostFiles().lines(main) } catch { throw SetupRefusal("\(main): \(error.sentence)") }
    guard let place = lines.firstIndex(where: { ServerLayout.includesFolder($0) }) else {
      throw SetupRefusal("\(main) does not include \(folder)/*.conf, so sshd would not read \(ServerDropIn.path); nothing was changed", remedy: "add the line 'Include \(folder)/*.conf' at its beginning")
    }
    before = Array(lines[..<place])
    after = Array(lines[(place + 1)...])
    others = HostFiles().names(in: folder).filter { $0.ends(with: ".conf") && !$0.begins(with: ".") && !$0.isExactly(ServerDropIn.name) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The same as one file, with a draft in the place of ours; nil: without ours.
  func text(with draft: String?) -> String {
    let files = others.map { (name: $0, read: ServerDropIn.folder + "/" + $0) } + (draft.map { [(name: ServerDropIn.name, read: $0)] } ?? [])
    let sorted = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    return (before + sorted.map { "Include \($0.read)" } + after).joined(separator: "\n")
  }

  /// Where somebody else says it first, as ` (FILE:LINE)`; empty if nobody does.
  func place(of keyword: String) -> String {
    if let line = ServerLayout.line(of: keyword, in: before) { return " (\(ServerDropIn.main):\(line))" }
    for name in others {
      let file = ServerDropIn.folder + "/" + name
      if let line = ServerLayout.line(of: keyword, in: (try? HostFiles().lines(file)) ?? []) { return " (\(file):\(line))" }
    }
    return ServerLayout.line(of: keyword, in: after).map { " (\(ServerDropIn.main):\(before.count + 1 + $0))" } ?? ""
  }

  /// From 1, as editors count. What stands under a Match is not for everybody, and no file of ours overrides it.
  private static func line(of keyword: String, in lines: [String]) -> Int? {
    var isForAll = true
    for (index, line) in lines.enumerated() {
      let words = line.lowerASCII.split { $0 == " " || $0 == "\t" || $0 == "=" }.map { String($0) }
      guard let first = words.first else { continue }
      if first.isExactly("match") { isForAll = words.count == 2 && words[1].isExactly("all") }
      if isForAll, first.isExactly(keyword) { return index + 1 }
    }
    return nil
  }

  private static func includesFolder(_ line: String) -> Bool {
    let words = line.lowerASCII.split { $0 == " " || $0 == "\t" || $0 == "=" }.map { String($0) }
    guard words.first?.isExactly("include") ?? false else { return false }
    return words.dropFirst().contains { [ServerDropIn.folder + "/*.conf", "sshd_config.d/*.conf"].contains($0) }
  }
}
