import Configuration
import Encoding
import HostSystem
import Readiness

/// sshd's part: /etc/ssh/sshd_config.d/00-sojourn.conf, tried out on a copy of the host's own configuration before it is put in place.
struct ServerDropIn {
  static let sshd = "/usr/sbin/sshd"
  static let folder = "/etc/ssh/sshd_config.d"
  static let name = "00-sojourn.conf"
  static let path = folder + "/" + name
  static let main = "/etc/ssh/sshd_config"
  /// All authorities in one file, where sshd needs more than one of Sojourn's.
  static let authorities = "/etc/sojourn/sshd_user_ca.pub"

  private(set) var steps: [SetupStep] = []
  private(set) var notes: [String] = []

  init(_ wish: SetupInputs.Wish, _ scratch: borrowing Scratch) throws {
    let keys = try keyFile(wish.configuration)
    let template: FileState?, stands: FileState?
    do throws(SystemError) {
      template = try HostFile.read(SetupInputs.templates + "/sshd_config.d/" + ServerDropIn.name)
      stands = try HostFile.read(ServerDropIn.path)
    } catch { throw SetupRefusal("\(ServerDropIn.path): \(error.sentence)") }
    guard let template else { throw SetupRefusal("\(SetupInputs.templates)/sshd_config.d/\(ServerDropIn.name) is missing", remedy: "install the package 'sojourn' again") }
    let wished = template.text.parts(10).map { $0.begins(with: "TrustedUserCAKeys ") ? "TrustedUserCAKeys " + keys : $0 }.joined(separator: "\n")
    if let stands, !stands.text.isExactly(wished) {
      let difference = try scratch.difference(.init(path: ServerDropIn.path, before: stands, after: FileState(wished)))
      notes.append("\(ServerDropIn.path) stands already and is kept as it is. It differs from what setup would write:\n\(difference)")
    } else if stands == nil {
      steps.append(SetupStep(.sshd, command: "sshd -t, and reload it", files: [.init(path: ServerDropIn.path, before: nil, after: FileState(wished))]))
    }
    try ServerDropIn.rehearse(stands?.text ?? wished, keys: keys, scratch)
  }

  /// The file that TrustedUserCAKeys must name: one of sshd's own, with all keys of the configuration. sshd reads it at every login, so
  /// without it no certificate of ours is taken, even by an sshd that has the line in its memory.
  private mutating func keyFile(_ configuration: PublishedConfiguration) throws -> String {
    var files: [String] = []
    for authority in configuration.certificate.trusted where !files.contains(where: { $0.isExactly(authority.file) }) { files.append(authority.file) }
    if let breakGlass = configuration.breakGlass { files.append(breakGlass.file) }
    var text = "# The authorities that /etc/sojourn/sojourn.toml names, for sshd. Made by 'sojourn setup'.\n"
    let stands: FileState?
    do throws(SystemError) {
      for file in files { text += (try HostFile.read(file)?.text ?? "") + "\n" }
      stands = try HostFile.read(ServerDropIn.authorities)
    } catch { throw SetupRefusal("the keys of the authorities cannot be read: \(error.sentence)") }
    if !(stands?.text.isExactly(text) ?? false) { steps.append(SetupStep(.authorities, files: [.init(path: ServerDropIn.authorities, before: stands, after: FileState(text))])) }
    return ServerDropIn.authorities
  }

  /// What sshd's configuration would come to with the drop-in, by sshd itself.
  /// - Throws: where another file of the host has the first word, which is the one that counts.
  private static func rehearse(_ text: String, keys: String, _ scratch: borrowing Scratch) throws {
    try test(nil)
    let draft = try scratch.put(name, text)
    let lines: [String]
    do throws(SystemError) { lines = try HostFiles().lines(main) } catch { throw SetupRefusal("\(main): \(error.sentence)") }
    var files: [(shown: String, read: String)] = []
    for name in (HostFiles().names(in: folder).filter { $0.ends(with: ".conf") && !$0.begins(with: ".") && !$0.isExactly(ServerDropIn.name) } + [ServerDropIn.name])
      .sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      files.append((folder + "/" + name, name.isExactly(ServerDropIn.name) ? draft : folder + "/" + name))
    }
    guard let place = lines.firstIndex(where: { includesFolder($0) }) else {
      throw SetupRefusal("\(main) does not include \(folder)/*.conf, so sshd would not read \(path); nothing was changed", remedy: "add the line 'Include \(folder)/*.conf' at its beginning")
    }
    let include = files.map { "Include \($0.read)" }
    let main = try scratch.put("sshd_config", (lines[..<place] + include + lines[(place + 1)...]).joined(separator: "\n"))
    try test(main)
    let readers = [(ServerDropIn.main, lines[..<place])] + files.map { file in (file.shown, ((try? HostFiles().lines(file.read)) ?? [])[...]) }
    let settings = try effective(["-f", main])
    guard settings.holds("usepam", "yes") else {
      throw SetupRefusal("UsePAM is off\(culprit("usepam", readers)), so logins would not pass pam_sojourn.so; nothing was changed", remedy: "set 'UsePAM yes' there, or take the line out")
    }
    guard settings.holds("trustedusercakeys", keys) else {
      throw SetupRefusal("TrustedUserCAKeys is another file than \(keys)\(culprit("trustedusercakeys", readers)), and for sshd the first line counts; nothing was changed",
        remedy: "put the keys of both into one file, or take that line out")
    }
  }

  private static func includesFolder(_ line: String) -> Bool {
    let words = line.lowerASCII.split { $0 == " " || $0 == "\t" || $0 == "=" }.map { String($0) }
    guard words.first?.isExactly("include") ?? false else { return false }
    return words.dropFirst().contains { [folder + "/*.conf", "sshd_config.d/*.conf"].contains($0) }
  }

  private static func culprit(_ keyword: String, _ files: [(String, ArraySlice<String>)]) -> String {
    for (file, lines) in files {
      for (index, line) in lines.enumerated() {
        guard let word = line.lowerASCII.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "=" }).first, String(word).isExactly(keyword) else { continue }
        if file.isExactly(path) { return "" }
        return " (\(file):\(index + 1))"
      }
    }
    return ""
  }

  /// `sshd -t`.
  static func test(_ file: String?) throws(SetupRefusal) {
    do throws(SetupRefusal) { try Command.run(sshd, ["-t"] + (file.map { ["-f", $0] } ?? []), seconds: 15) } catch {
      throw SetupRefusal(error.sentence + (file == nil ? "" : " (with the drop-in)"), remedy: "repair what sshd says, or start it once, then run 'sojourn setup' again")
    }
  }

  /// `sshd -T` for root.
  static func effective(_ options: [String] = []) throws(SetupRefusal) -> Settings {
    Settings(lines: try Command.run(sshd, ["-T"] + options + ["-C", "user=root,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"], seconds: 15).parts(10))
  }

  struct Settings {
    let lines: [String]
    func holds(_ keyword: String, _ value: String) -> Bool { lines.contains { $0.isExactly(keyword + " " + value) } }
  }
}
