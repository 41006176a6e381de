import CPlatform.System
import Encoding
import HostSystem

/// Data goes to standard output, everything said about it to standard error. A reader that is gone is no error.
enum Terminal {
  static func print(_ text: String) { write(text + "\n", to: 1) }
  static func say(_ text: String) { write(text + "\n", to: 2) }
  static func ask(_ text: String) { write(text, to: 2) }

  static func printJSON(_ value: JSONValue) throws {
    guard let text = value.text() else {
      say("sojourn: the answer cannot be written as JSON")
      throw Exit.refused
    }
    print(String(decoding: text, as: UTF8.self))
  }

  private static func write(_ text: String, to number: CInt) {
    let stream = FileDescriptor(owning: number)
    do throws(SystemError) { try stream.writeAll(Array(text.utf8)) } catch {}
    // Both streams outlive every message.
    _ = stream.release()
  }

  static var hasPerson: Bool { isatty(0) == 1 && isatty(2) == 1 }

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
