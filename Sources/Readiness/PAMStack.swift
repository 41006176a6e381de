internal import Encoding
internal import HostSystem

/// The phases in which a decision could be passed by.
enum PAMPhase {
  case authentication, account, session

  var word: String {
    switch self {
    case .authentication: "auth"
    case .account: "account"
    case .session: "session"
    }
  }
}

/// One phase of a service as libpam reads it (pam.conf(5); libpam/pam_handlers.c).
struct PAMStack {
  /// What a line does with a module's return code (pam.conf(5), "value=action").
  enum Action: Hashable { case ignore, ok, done, bad, die, reset, jump(Int) }

  struct Line {
    enum Kind { case module, substack }
    let kind: Kind
    /// The module's file name without directory.
    let module: String
    let control: [(code: String, action: Action)]
    let fallback: Action
    /// `-session …`: a missing module is passed over in silence.
    let isOptionalFile: Bool
    /// Depth of `substack`.
    let level: Int
    let place: String
    /// What follows the module, without the brackets that keep blanks in one.
    var arguments: [String] = []

    func action(_ code: String) -> Action { control.last { $0.code.isExactly(code) }?.action ?? fallback }
    var isOurs: Bool { module.isExactly("pam_sojourn.so") }
  }

  private(set) var lines: [Line] = []
  private var filesRead = 0

  struct Unreadable: Error { let reason: String }

  /// Reads `/etc/pam.d/<service>`, or `/usr/lib/pam.d/<service>`; a service without file, or without a line for the
  /// phase, has those of `other`.
  init(service: String, phase: PAMPhase, _ files: HostFiles) throws(Unreadable) {
    let name = service.lowerASCII
    if let path = PAMStack.file(name, files) { try read(path, phase: phase, level: 0, depth: 0, files) }
    if lines.isEmpty {
      guard let other = PAMStack.file("other", files) else {
        throw Unreadable(reason: "there is neither a PAM service \(name) nor a service other")
      }
      try read(other, phase: phase, level: 0, depth: 0, files)
    }
  }

  private static func file(_ name: String, _ files: HostFiles) -> String? {
    if name.begins(with: "/") { return name }
    guard !name.utf8.isEmpty, !name.utf8.contains(47) else { return nil }
    return ["/etc/pam.d/", "/usr/lib/pam.d/"].map { $0 + name }.first { files.resolve($0) != nil }
  }

  /// `include` and `substack` take from a file only what is of their own phase, `@include` is read like the file
  /// itself: both come to the lines of this phase.
  private mutating func read(_ path: String, phase: PAMPhase, level: Int, depth: Int, _ files: HostFiles) throws(Unreadable) {
    filesRead += 1
    guard depth < 32, filesRead < 256 else { throw Unreadable(reason: "\(path): files include each other") }
    guard let found = files.resolve(path) else { throw Unreadable(reason: "\(path) is missing") }
    guard files.isTrusted(found.facts) else { throw Unreadable(reason: "\(path) can be changed by others than root") }
    let text: [String]
    do throws(SystemError) { text = try files.lines(path) } catch { throw Unreadable(reason: "\(path): \(error.sentence)") }
    for (number, line) in PAMStack.logical(text) {
      let words = PAMStack.tokens(line)
      let place = "\(path):\(number)"
      guard let head = words.first?.lowerASCII else { continue }
      if head.isExactly("@include") {
        guard words.count >= 2, let target = PAMStack.file(words[1], files) else { throw Unreadable(reason: "\(place): includes what is missing") }
        try read(target, phase: phase, level: level, depth: depth + 1, files)
        continue
      }
      let isOptionalFile = head.begins(with: "-")
      let type = isOptionalFile ? String(decoding: head.utf8.dropFirst(), as: UTF8.self) : head
      guard ["auth", "account", "password", "session"].contains(where: { type.isExactly($0) }) else {
        throw Unreadable(reason: "\(place): '\(words[0])' is no type that PAM knows")
      }
      guard type.isExactly(phase.word) else { continue }
      guard words.count >= 3 else { throw Unreadable(reason: "\(place): a control or a module is missing") }
      let control = words[1].lowerASCII
      if control.isExactly("include") || control.isExactly("substack") {
        guard let target = PAMStack.file(words[2], files) else { throw Unreadable(reason: "\(place): includes what is missing") }
        let inner = control.isExactly("substack") ? level + 1 : level
        if inner > level {
          lines.append(Line(kind: .substack, module: words[2], control: [], fallback: .ignore, isOptionalFile: false, level: level, place: place))
        }
        try read(target, phase: phase, level: inner, depth: depth + 1, files)
        continue
      }
      guard let (codes, fallback) = PAMStack.control(words[1]) else {
        throw Unreadable(reason: "\(place): the control '\(words[1])' cannot be understood")
      }
      let module = words[2].parts(47).last ?? words[2]
      lines.append(Line(kind: .module, module: module, control: codes, fallback: fallback, isOptionalFile: isOptionalFile, level: level, place: place,
        arguments: words.dropFirst(3).map { $0.begins(with: "[") && $0.ends(with: "]") ? String(decoding: $0.utf8.dropFirst().dropLast(), as: UTF8.self) : $0 }))
    }
  }

  /// Joins lines that end in a backslash, cuts comments, and leaves out what is then empty.
  static func logical(_ text: [String]) -> [(number: Int, line: String)] {
    var result: [(Int, String)] = []
    var gathered: [UInt8] = []
    var start = 0
    for (index, line) in text.enumerated() {
      var bytes = Array(line.utf8.prefix { $0 != 35 })
      let isCut = bytes.count < line.utf8.count
      while let last = bytes.last, last == 32 || last == 9 || last == 13 { bytes.removeLast() }
      if gathered.isEmpty { start = index + 1 }
      if !isCut, bytes.last == 92 {
        bytes.removeLast()
        gathered += bytes + [32]
        continue
      }
      gathered += bytes
      if gathered.contains(where: { $0 != 32 && $0 != 9 }) { result.append((start, String(decoding: gathered, as: UTF8.self))) }
      gathered = []
    }
    if gathered.contains(where: { $0 != 32 && $0 != 9 }) { result.append((start, String(decoding: gathered, as: UTF8.self))) }
    return result
  }

  /// Words between blanks; `[…]` is one word, brackets kept, in which `\]` stands for `]`.
  static func tokens(_ line: String) -> [String] {
    var tokens: [String] = []
    var word: [UInt8] = []
    var inside = false
    var escaped = false
    for byte in line.utf8 {
      if inside {
        if escaped {
          word.append(byte)
          escaped = false
        } else if byte == 92 {
          escaped = true
        } else {
          word.append(byte)
          if byte == 93 { inside = false }
        }
      } else if byte == 32 || byte == 9 {
        if !word.isEmpty { tokens.append(String(decoding: word, as: UTF8.self)) }
        word = []
      } else {
        if byte == 91, word.isEmpty { inside = true }
        word.append(byte)
      }
    }
    if !word.isEmpty { tokens.append(String(decoding: word, as: UTF8.self)) }
    return tokens
  }

  /// nil if it is neither a keyword nor `[value=action …]`. What is not named, and has no default, is bad.
  static func control(_ text: String) -> (codes: [(code: String, action: Action)], fallback: Action)? {
    let word = text.lowerASCII
    if word.isExactly("required") { return ([("success", .ok), ("new_authtok_reqd", .ok), ("ignore", .ignore)], .bad) }
    if word.isExactly("requisite") { return ([("success", .ok), ("new_authtok_reqd", .ok), ("ignore", .ignore)], .die) }
    if word.isExactly("optional") { return ([("success", .ok), ("new_authtok_reqd", .ok)], .ignore) }
    if word.isExactly("sufficient") { return ([("success", .done), ("new_authtok_reqd", .done)], .ignore) }
    guard word.begins(with: "["), word.ends(with: "]") else { return nil }
    var codes: [(code: String, action: Action)] = []
    var fallback: Action?
    for pair in String(decoding: word.utf8.dropFirst().dropLast(), as: UTF8.self).words {
      let sides = pair.parts(61)
      guard sides.count == 2, let action = action(sides[1]) else { return nil }
      if sides[0].isExactly("default") { fallback = action } else { codes.append((sides[0], action)) }
    }
    return (codes, fallback ?? .bad)
  }

  private static func action(_ word: String) -> Action? {
    let names: [(String, Action)] = [("ignore", .ignore), ("ok", .ok), ("done", .done), ("bad", .bad), ("die", .die), ("reset", .reset)]
    if let known = names.first(where: { $0.0.isExactly(word) }) { return known.1 }
    guard let count = ProcessTable.decimal(Array(word.utf8)), count <= 1000, let steps = Int(exactly: count) else { return nil }
    // A jump over nothing is "ignore" (pam.conf(5): 0 is equivalent to ignore).
    return steps == 0 ? .ignore : .jump(steps)
  }
}
