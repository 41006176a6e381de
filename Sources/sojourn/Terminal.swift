import CPlatform.System
import Encoding
import HostSystem

/// Data goes to standard output, everything said about it to standard error.
enum Terminal {
  /// A reader that went away (`| head`) is no error; data that could not be written otherwise is one.
  static func print(_ text: String) throws {
    guard let error = write(text + "\n", to: 1), error.code != EPIPE else { return }
    say("sojourn: the output cannot be written: \(error.sentence)")
    throw Exit.refused
  }

  /// The same for what goes on for long: false if nobody reads any more.
  static func stream(_ text: String) throws -> Bool {
    guard let error = write(text + "\n", to: 1) else { return true }
    if error.code == EPIPE { return false }
    say("sojourn: the output cannot be written: \(error.sentence)")
    throw Exit.refused
  }

  /// What steers a terminal, without waiting for one that is stopped; false if it was not written.
  static func draw(_ text: String) -> Bool {
    let stream = FileDescriptor(owning: 1)
    let takes = stream.isWritable
    _ = stream.release()
    return takes && write(text, to: 1) == nil
  }

  static func say(_ text: String) { _ = write(text + "\n", to: 2) }
  static func ask(_ text: String) { _ = write(text, to: 2) }

  /// Descriptors 0 to 2 are open, so that no file or socket of ours ever becomes a standard stream.
  static func openStandardStreams() {
    do throws(SystemError) {
      while true {
        let stream = try FileDescriptor.open("/dev/null", .read)
        guard stream.raw <= 2 else { return }
        _ = stream.release()
      }
    } catch { return }
  }

  static func printJSON(_ value: JSONValue) throws {
    guard let text = value.text(ascii: true) else {
      say("sojourn: the answer cannot be written as JSON")
      throw Exit.refused
    }
    try print(String(decoding: text, as: UTF8.self))
  }

  private static func write(_ text: String, to number: CInt) -> SystemError? {
    let stream = FileDescriptor(owning: number)
    var failure: SystemError?
    do throws(SystemError) { try stream.writeAll(Array(text.utf8)) } catch { failure = error }
    // Both streams outlive every message.
    _ = stream.release()
    return failure
  }

  static var hasPerson: Bool { isatty(0) == 1 && isatty(2) == 1 }
  /// Nobody has put a file or another program's output before us: reading would wait for what is typed.
  static var isTypedInto: Bool { isatty(0) == 1 }
  /// What is printed is seen.
  static var isShown: Bool { isatty(1) == 1 }
  /// Somebody can look at a screen that is drawn.
  static var hasScreen: Bool { isatty(1) == 1 && !isDumb }

  enum Colour: String { case green = "32", yellow = "33", red = "31" }

  /// Coloured only for a person: on a terminal that is not dumb, and without NO_COLOR (no-color.org).
  static func coloured(_ text: String, _ colour: Colour) -> String {
    guard isatty(1) == 1, !isSet("NO_COLOR"), !isDumb else { return text }
    return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
  }

  // SAFETY: getenv's answer is only compared with NULL here; no other thread of this program changes the environment.
  private static func isSet(_ variable: String) -> Bool { unsafe getenv(variable) != nil }

  // SAFETY: the string lives in the environment, which nobody changes, and is copied.
  private static var isDumb: Bool { unsafe getenv("TERM").map { unsafe String(cString: $0) == "dumb" } ?? true }

  /// Everything here reads or changes what only root may.
  static func requireRoot(_ command: String) throws {
    guard ProcessTable.effectiveUser == 0 else {
      say("sojourn: '\(command)' must be run as root, for example with sudo")
      throw Exit.refused
    }
  }
}
