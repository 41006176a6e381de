internal import Encoding
internal import HostSystem

/// What `sshd -T` says its configuration comes to for one connection (sshd(8)): lower-case keywords and their values.
struct SSHServerSettings {
  private var values: [(keyword: String, value: String)] = []

  init(_ output: [UInt8]) {
    for line in output.split(separator: 10) {
      let text = String(decoding: line, as: UTF8.self)
      let keyword = text.before(32)
      values.append((keyword.lowerASCII, String(decoding: text.utf8.dropFirst(keyword.utf8.count + 1), as: UTF8.self)))
    }
  }

  /// All values of a keyword, each line one; empty if the version does not know it or it is not set.
  func all(_ keyword: String) -> [String] { values.filter { $0.keyword.isExactly(keyword) }.map { $0.value } }
  func one(_ keyword: String) -> String? { all(keyword).first }
  func isOn(_ keyword: String) -> Bool { one(keyword).map { $0.isExactly("yes") } ?? false }

  enum Outcome {
    case settings(SSHServerSettings)
    /// sshd did not take its configuration; its own words.
    case refused(String)
  }

  /// Asks the server's own program, so that includes, defaults and versions are its own business.
  static func ask(_ listener: SSHListener, user: String, run: HostView.Run) -> Outcome {
    let connection = "user=\(user),host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"
    do throws(SystemError) {
      let outcome = try run(listener.program, ["-T"] + listener.options + ["-C", connection])
      guard outcome.status == 0, !outcome.cutOff else {
        let words = outcome.cutOff ? "it did not answer in time" : String(decoding: outcome.errors, as: UTF8.self)
        return .refused(words.utf8.split(separator: 10).last.map { String(decoding: $0, as: UTF8.self) } ?? "exit status \(outcome.status)")
      }
      return .settings(SSHServerSettings(outcome.output))
    } catch { return .refused(error.sentence) }
  }
}
