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

  /// What was seen on the way to the command, and makes it less certain what will run.
  private struct Seen {
    var kind: String
    var target: [UInt8] = Array("root".utf8)
    /// Names of variables that are set for the command.
    var variables: [[UInt8]] = []
    /// Its environment, directory or root is the caller's choice.
    var isBent = false
  }

  /// - Parameter sendsArguments: whether the words may leave the host.
  init(_ words: [[UInt8]]?, sendsArguments: Bool) throws(Refusal) {
    guard let words, let path = words.first else { throw .sudoArguments("they cannot be read") }
    // By any other name sudo is sudo, and what looks like sudoedit is none (initprogname2 in its parse_args.c).
    let name = Array(path.split(separator: 47, omittingEmptySubsequences: false).last ?? [])
    guard name.elementsEqual("sudo".utf8) || name.elementsEqual("sudoedit".utf8) else { throw .sudoArguments("it was started under the name \"" + Escape.visible(name, limit: 32) + "\"") }
    var seen = Seen(kind: name.elementsEqual("sudoedit".utf8) ? "edit" : "command")
    var at = 1
    while at < words.count {
      let word = words[at]
      at += 1
      if word.elementsEqual("--".utf8) { break }
      if word.starts(with: "--".utf8) {
        let (letter, inline) = try SudoInvocation.long(word)
        // sudo cuts such a list up where it stands, in the very words that are read here: what follows would be read as others.
        if letter == 69, inline != nil { throw .sudoArguments("--preserve-env with a list is not decided about: name each variable before the command") }
        if SudoInvocation.holds(SudoInvocation.withValue, letter) {
          var value = inline
          if value == nil { value = try SudoInvocation.value(words, &at) }
          guard value.map({ $0.elementsEqual("--".utf8) }) != true else { throw .sudoArguments("the value of an option is --") }
          try SudoInvocation.take(letter, value, &seen)
        } else {
          guard inline == nil else { throw .sudoArguments("an option has a value that sudo does not take") }
          try SudoInvocation.take(letter, nil, &seen)
        }
      } else if word.count > 1, word.first == 45 {
        var i = 1
        while i < word.count {
          let letter = word[i]
          i += 1
          guard SudoInvocation.holds(SudoInvocation.withValue, letter) else {
            guard SudoInvocation.holds(SudoInvocation.withoutValue, letter) else { throw .sudoArguments("option -" + Escape.visible([letter]) + " is not known here") }
            try SudoInvocation.take(letter, nil, &seen)
            continue
          }
          let value = i < word.count ? Array(word.dropFirst(i)) : try SudoInvocation.value(words, &at)
          try SudoInvocation.take(letter, value, &seen)
          i = word.count
        }
      } else if word.contains(61), word.first != 47, word.first != 61 {
        seen.variables.append(Array(word.prefix { $0 != 61 }))
      } else {
        at -= 1
        break
      }
    }
    guard let shown = String.ifValid(seen.target), !shown.utf8.isEmpty, seen.target.count <= 256, seen.target.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw .sudoArguments("the target is no name")
    }
    target = shown
    command = SudoInvocation.facts(seen, Array(words[min(at, words.count)...]), sendsArguments)
  }

  /// The word after an option. sudo takes one that is `--` for the end of its options too, and so reads on otherwise than getopt(3).
  @inline(never)
  private static func value(_ words: [[UInt8]], _ at: inout Int) throws(Refusal) -> [UInt8] {
    guard at < words.count else { throw .sudoArguments("an option lacks its value") }
    let value = words[at]
    at += 1
    guard !value.elementsEqual("--".utf8) else { throw .sudoArguments("the value of an option is --") }
    return value
  }

  @inline(never)
  private static func take(_ letter: UInt8, _ value: [UInt8]?, _ seen: inout Seen) throws(Refusal) {
    switch letter {
    case 117:  // -u
      guard let value, value.first != 35 else { throw .sudoArguments("a target by its number is not taken: give its name") }
      seen.target = value
    case 103: throw .sudoArguments("-g is not decided about in this version")
    case 104: throw .sudoArguments("-h is not known here")
    case 101: seen.kind = "edit"
    case 105, 115: if seen.kind.isExactly("command") { seen.kind = "shell" }
    case 108, 85: seen.kind = "list"
    case 118: seen.kind = "validate"
    case 69, 68, 82: seen.isBent = true  // -E, -D, -R
    default: return
    }
  }

  /// The letter that a long option stands for; abbreviated, it must be the beginning of one only (getopt_long(3)).
  @inline(never)
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

  @inline(never)
  private static func holds(_ letters: StaticString, _ letter: UInt8) -> Bool { Array("\(letters)".utf8).contains(letter) }

  @inline(never)
  private static func facts(_ seen: Seen, _ words: [[UInt8]], _ sendsArguments: Bool) -> CommandFacts {
    let program = words.first ?? []
    let isCertain = seen.kind.isExactly("command") && !seen.isBent && seen.variables.isEmpty && isPlainPath(program)
    var facts = CommandFacts(kind: seen.kind, program: Escape.visible(program, limit: 512), isCertain: isCertain, arguments: UInt64(max(0, words.count - 1)))
    facts.variables = seen.variables.prefix(wordsCap).map { Escape.visible($0, limit: 64) }
    var bytes = 0
    for word in words { bytes += word.count }
    // All of them or none: half a command line reads like another.
    if sendsArguments, words.count <= wordsCap, bytes <= textCap { facts.words = words.map { Escape.visible($0, limit: textCap) } }
    return facts
  }

  /// Absolute, shown as it is, and without a way back in it.
  @inline(never)
  private static func isPlainPath(_ path: [UInt8]) -> Bool {
    guard path.count > 1, path.count <= 512, path.first == 47, path.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 92 }) else { return false }
    for part in path.dropFirst().split(separator: 47, omittingEmptySubsequences: false) where part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) { return false }
    return true
  }
}
