internal import DaemonProtocol
internal import Encoding

/// What sudo was told, read as sudo reads it (sudo(8); its getopt string of 1.9): whose rights, and to do what.
///
/// It is the caller's own command line, which sudo takes as it is. What cannot be read without a doubt is refused: a wrong
/// target would be found in the session phase, but a host may have sudo open no session.
struct SudoInvocation {
  let target: String
  let command: CommandFacts

  private static var wordsCap: Int { 64 }
  /// Bytes of all words.
  private static var textCap: Int { 8192 }
  private static var withValue: StaticString { "aCcDgpRrTtUu" }
  private static var withoutValue: StaticString { "ABbEeHiKklNnPSsVv" }

  /// Long options, and the letter that each stands for.
  private static var longOptions: [(StaticString, UInt8)] {
    [("askpass", 65), ("auth-type", 97), ("background", 98), ("bell", 66), ("close-from", 67), ("login-class", 99), ("chdir", 68), ("preserve-env", 69),
      ("edit", 101), ("group", 103), ("set-home", 72), ("help", 104), ("host", 104), ("login", 105), ("remove-timestamp", 75), ("reset-timestamp", 107),
      ("list", 108), ("no-update", 78), ("non-interactive", 110), ("preserve-groups", 80), ("prompt", 112), ("chroot", 82), ("role", 114), ("stdin", 83),
      ("shell", 115), ("type", 116), ("command-timeout", 84), ("other-user", 85), ("user", 117), ("version", 86), ("validate", 118)]
  }

  /// - Parameter sendsArguments: whether the words may leave the host.
  init(_ words: [[UInt8]]?, sendsArguments: Bool) throws(Refusal) {
    guard let words, let name = words.first else { throw .sudoArguments("they cannot be read") }
    var kind = name.reversed().starts(with: "edit".utf8.reversed()) ? "edit" : "command"
    var target: [UInt8] = Array("root".utf8)
    var at = 1
    var hasEnded = false
    while at < words.count {
      let word = words[at]
      if hasEnded { break }
      if word.elementsEqual("--".utf8) {
        hasEnded = true
        at += 1
      } else if word.starts(with: "--".utf8) {
        let (letter, inline) = try SudoInvocation.long(word)
        var value = inline
        if SudoInvocation.holds(SudoInvocation.withValue, letter) {
          if value == nil {
            at += 1
            guard at < words.count else { throw .sudoArguments("an option lacks its value") }
            value = words[at]
          }
        } else if value != nil, letter != 69 {
          throw .sudoArguments("an option has a value that sudo does not take")
        }
        try SudoInvocation.take(letter, value, &kind, &target)
        at += 1
      } else if word.count > 1, word.first == 45 {
        var i = 1
        while i < word.count {
          let letter = word[i]
          i += 1
          if SudoInvocation.holds(SudoInvocation.withValue, letter) {
            var value = Array(word.dropFirst(i))
            if value.isEmpty {
              at += 1
              guard at < words.count else { throw .sudoArguments("an option lacks its value") }
              value = words[at]
            }
            i = word.count
            try SudoInvocation.take(letter, value, &kind, &target)
          } else {
            guard SudoInvocation.holds(SudoInvocation.withoutValue, letter) else { throw .sudoArguments("option -" + Escape.visible([letter]) + " is not known here") }
            try SudoInvocation.take(letter, nil, &kind, &target)
          }
        }
        at += 1
      } else if word.contains(61), word.first != 47, word.first != 61 {
        at += 1  // a variable for the command
      } else {
        break
      }
    }
    guard let shown = String.ifValid(target), !target.isEmpty, target.count <= 256, target.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw .sudoArguments("the target is no name")
    }
    self.target = shown
    command = SudoInvocation.facts(kind, Array(words[min(at, words.count)...]), sendsArguments)
  }

  private static func take(_ letter: UInt8, _ value: [UInt8]?, _ kind: inout String, _ target: inout [UInt8]) throws(Refusal) {
    switch letter {
    case 117:  // -u
      guard let value, value.first != 35 else { throw .sudoArguments("a target by its number is not taken: give its name") }
      target = value
    case 103: throw .sudoArguments("-g is not decided about in this version")
    case 104: throw .sudoArguments("-h is not known here")
    case 101: kind = "edit"
    case 105, 115: if kind.isExactly("command") { kind = "shell" }
    case 108, 85: kind = "list"
    case 118: kind = "validate"
    default: return
    }
  }

  /// The letter that a long option stands for; abbreviated, it must be the beginning of one only (getopt_long(3)).
  private static func long(_ word: [UInt8]) throws(Refusal) -> (UInt8, [UInt8]?) {
    let body = Array(word.dropFirst(2))
    let name = Array(body.prefix { $0 != 61 })
    let value: [UInt8]? = name.count < body.count ? Array(body.dropFirst(name.count + 1)) : nil
    var found: UInt8?
    for (option, letter) in longOptions {
      let text = Array("\(option)".utf8)
      if text.elementsEqual(name) { return (letter, value) }
      guard text.starts(with: name) else { continue }
      guard found == nil else { throw .sudoArguments("an option is abbreviated so far that it may be several") }
      found = letter
    }
    guard let found, !name.isEmpty else { throw .sudoArguments("option --" + Escape.visible(name, limit: 32) + " is not known here") }
    return (found, value)
  }

  private static func holds(_ letters: StaticString, _ letter: UInt8) -> Bool { Array("\(letters)".utf8).contains(letter) }

  private static func facts(_ kind: String, _ words: [[UInt8]], _ sendsArguments: Bool) -> CommandFacts {
    let program = words.first ?? []
    let isPath = program.first == 47 && program.count <= 512 && program.allSatisfy { $0 > 32 && $0 < 127 && $0 != 92 }
    var facts = CommandFacts(kind: kind, program: Escape.visible(program, limit: 512), isCertain: kind.isExactly("command") && isPath,
      arguments: UInt64(max(0, words.count - 1)))
    var bytes = 0
    for word in words { bytes += word.count }
    // All of them or none: half a command line reads like another.
    if sendsArguments, words.count <= wordsCap, bytes <= textCap { facts.words = words.map { Escape.visible($0, limit: textCap) } }
    return facts
  }
}
