import HostSystem

/// The answer for a scanner that types what it sees, where nothing can be pasted.
enum QRCode {
  /// The most that one holds, in bytes (ISO/IEC 18004, version 40, level L).
  static let cap = 2953

  /// On the terminal; why not, if not.
  static func show(_ line: String) throws {
    guard Terminal.isShown else { return Terminal.say("No QR code: standard output is no terminal.") }
    guard line.utf8.count <= cap else { return Terminal.say("No QR code: the line has \(line.utf8.count) bytes, and \(cap) are the most for one.") }
    let drawn: AttendedProgram.Outcome
    do throws(SystemError) { drawn = try AttendedProgram.run("qrencode", ["-t", "UTF8", "-o", "-"], input: Array(line.utf8), cap: 1 << 20) } catch {
      return Terminal.say(error.isMissing ? "No QR code: qrencode is not installed (package qrencode)." : "No QR code: qrencode: \(error.sentence).")
    }
    guard drawn.status == 0 else { return Terminal.say("No QR code: qrencode failed (exit status \(drawn.status)).") }
    try Terminal.print(String(decoding: drawn.output.last == 10 ? drawn.output.dropLast() : drawn.output[...], as: UTF8.self))
  }
}
