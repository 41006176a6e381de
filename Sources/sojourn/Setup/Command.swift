import Encoding
import HostSystem
import Readiness

/// A program of the host's, run to its end.
enum Command {
  static func exists(_ path: String) -> Bool { Files.exists(path) }

  /// What it wrote.
  /// - Throws: its own words, if it failed or took longer than that.
  @discardableResult
  static func run(_ path: String, _ arguments: [String], environment: [String] = [], seconds: Int64 = 60) throws(SetupRefusal) -> String {
    let outcome = try answer(path, arguments, environment: environment, seconds: seconds)
    guard outcome.status == 0 else {
      let words = String(decoding: outcome.errors, as: UTF8.self).split(separator: "\n").suffix(4).joined(separator: "; ")
      throw SetupRefusal("'\(shown(path, arguments))' failed (exit status \(outcome.status))" + (words.isEmpty ? "" : ": \(words)"))
    }
    return String(decoding: outcome.output, as: UTF8.self)
  }

  static func answer(_ path: String, _ arguments: [String], environment: [String] = [], seconds: Int64 = 60) throws(SetupRefusal) -> ChildProcess.Outcome {
    do throws(SystemError) {
      let outcome = try ChildProcess.run(path, arguments, environment: ChildProcess.plainEnvironment + environment, milliseconds: seconds * 1000, cap: 4 << 20)
      guard !outcome.cutOff else { throw SystemError.timeIsOver }
      return outcome
    } catch {
      throw SetupRefusal(error == .timeIsOver ? "'\(shown(path, arguments))' did not end within \(seconds) s" : "\(path) cannot be started: \(error.sentence)")
    }
  }

  static func shown(_ path: String, _ arguments: [String]) -> String { ([path.parts(47).last ?? path] + arguments).joined(separator: " ") }
}
