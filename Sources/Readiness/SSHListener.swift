internal import Encoding

/// An SSH server of this host: the program and the options that say which configuration it has.
struct SSHListener: Equatable {
  let program: String
  /// `-f FILE`, `-o OPTION`, `-h FILE`, … as it was started; nothing else changes what `sshd -T` says.
  let options: [String]
  /// nil: the standard one, whether it runs or not.
  let pid: Int32?

  var subject: String {
    let call = ([program] + options).joined(separator: " ")
    return pid.map { "\(call) (process \($0))" } ?? call
  }

  enum Reading: Equatable {
    case listener(SSHListener)
    /// A process of a connection, or sshd's own helper.
    case notAListener
    /// It listens, and its options cannot be told.
    case unreadable
  }

  /// sshd writes over its arguments: `sshd: /usr/sbin/sshd -D -f FILE [listener] 0 of 10-100 startups` for the one that
  /// listens, `sshd: alice [priv]` for a connection (sshd.c: server_accept_loop, prepare_proctitle). The kernel's
  /// `/proc/<pid>/cmdline` is cut where the original arguments and environment ended.
  static func read(_ process: RunningProgram) -> Reading {
    let parts = process.commandLine.split(separator: 0, omittingEmptySubsequences: true).map { String(decoding: $0, as: UTF8.self) }
    guard let first = parts.first else { return .notAListener }
    guard first.begins(with: "sshd: ") || first.begins(with: "sshd-session: ") || first.begins(with: "sshd-auth: ") else {
      // The title is not set yet, or this version sets none: arguments as they were given.
      return arguments(parts, process)
    }
    let title = String(decoding: first.utf8.dropFirst("sshd: ".utf8.count), as: UTF8.self)
    guard first.begins(with: "sshd: /") else { return .notAListener }
    guard let end = place(of: " [listener]", in: title) else { return .unreadable }
    let call = String(decoding: title.utf8.prefix(end), as: UTF8.self)
    return arguments(call.words, process)
  }

  private static func place(of part: String, in text: String) -> Int? {
    let all = Array(text.utf8)
    let wanted = Array(part.utf8)
    guard all.count >= wanted.count else { return nil }
    return (0...(all.count - wanted.count)).last { all[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }

  /// sshd(8): the options with a value, and those that do not listen at all.
  private static func arguments(_ words: [String], _ process: RunningProgram) -> Reading {
    var options: [String] = []
    var index = 1
    while index < words.count {
      let word = Array(words[index].utf8)
      index += 1
      guard word.count >= 2, word[0] == 45 else { return .unreadable }
      var at = 1
      while at < word.count {
        let letter = word[at]
        at += 1
        switch letter {
        case UInt8(ascii: "i"), UInt8(ascii: "R"), UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "G"), UInt8(ascii: "V"):
          return .notAListener
        case UInt8(ascii: "4"), UInt8(ascii: "6"), UInt8(ascii: "D"), UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "q"), UInt8(ascii: "r"),
          UInt8(ascii: "Q"):
          continue
        case UInt8(ascii: "b"), UInt8(ascii: "C"), UInt8(ascii: "c"), UInt8(ascii: "E"), UInt8(ascii: "f"), UInt8(ascii: "g"), UInt8(ascii: "h"),
          UInt8(ascii: "k"), UInt8(ascii: "o"), UInt8(ascii: "p"), UInt8(ascii: "u"):
          let value: String
          if at < word.count {
            value = String(decoding: word[at...], as: UTF8.self)
          } else {
            guard index < words.count else { return .unreadable }
            value = words[index]
            index += 1
          }
          at = word.count
          let kept: [UInt8] = [UInt8(ascii: "f"), UInt8(ascii: "o"), UInt8(ascii: "h"), UInt8(ascii: "c")]
          if kept.contains(letter) { options += ["-" + String(decoding: [letter], as: UTF8.self), value] }
        default: return .unreadable
        }
      }
    }
    return .listener(SSHListener(program: process.program, options: options, pid: process.pid))
  }
}
