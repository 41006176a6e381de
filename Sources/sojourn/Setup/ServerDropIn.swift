import Configuration
import Credentials
import Encoding
import HostSystem
import Identity
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
    let layout = try ServerLayout()
    if stands == nil { try ServerDropIn.requireNothingOverridden(ServerDropIn.keys(of: wish.configuration), layout, scratch) }
    try ServerDropIn.rehearse(stands?.text ?? wished, keys: keys, layout, scratch)
  }

  private static func keys(of configuration: PublishedConfiguration) -> [[UInt8]] {
    configuration.certificate.trusted.map { $0.blob } + (configuration.breakGlass.map { [$0.authority] } ?? [])
  }

  /// Our file has the first word, so what another file says of these two would hold no longer: of that, nothing may be lost.
  /// - Throws: if local accounts log in with an authority that is not ours, or past PAM.
  private static func requireNothingOverridden(_ ours: [[UInt8]], _ layout: ServerLayout, _ scratch: borrowing Scratch) throws {
    try test(nil)
    let settings = try effective(["-f", try scratch.put("sshd_config.now", layout.text(with: nil))])
    guard settings.holds("usepam", "yes") else {
      throw SetupRefusal("UsePAM is off\(layout.place(of: "usepam")): logins do not pass PAM now, and would with \(path); nothing was changed",
        remedy: "set 'UsePAM yes' there, see that everybody can still log in, then run 'sojourn setup' again")
    }
    guard let file = settings.value("trustedusercakeys"), !file.isExactly("none") else { return }
    let others: [[UInt8]]
    do throws(SystemError) { others = try SSHAuthorities.keys(in: file) } catch { throw SetupRefusal("TrustedUserCAKeys is another file, \(file)\(layout.place(of: "trustedusercakeys")), which cannot be read: \(error.sentence); nothing was changed", remedy: "put the file there, or take that line out") }
    guard let other = others.first(where: { key in !ours.contains { $0.elementsEqual(key) } }) else { return }
    throw SetupRefusal("TrustedUserCAKeys is another file, \(file)\(layout.place(of: "trustedusercakeys")), with a key that is none of ours (\(Fingerprint.text(of: other))): with \(path) sshd would no longer take its certificates, and local accounts could be locked out; nothing was changed",
      remedy: "take that line out if nobody needs it; else put its keys and those of \(Places.configurationFile) into one file of sshd's own, such as /etc/ssh/user_authorities.pub, copy \(SetupInputs.templates)/sshd_config.d/\(name) to \(path), and let TrustedUserCAKeys there name that file: what stands there is kept")
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
  private static func rehearse(_ text: String, keys: String, _ layout: ServerLayout, _ scratch: borrowing Scratch) throws {
    try test(nil)
    let main = try scratch.put("sshd_config", layout.text(with: try scratch.put(name, text)))
    try test(main)
    let settings = try effective(["-f", main])
    guard settings.holds("usepam", "yes") else {
      throw SetupRefusal("UsePAM is off\(layout.place(of: "usepam")), so logins would not pass pam_sojourn.so; nothing was changed", remedy: "set 'UsePAM yes' there, or take the line out")
    }
    guard settings.holds("trustedusercakeys", keys) else {
      throw SetupRefusal("TrustedUserCAKeys is another file than \(keys)\(layout.place(of: "trustedusercakeys")), and for sshd the first line counts; nothing was changed",
        remedy: "put the keys of both into one file, or take that line out")
    }
  }

  /// `sshd -t`.
  static func test(_ file: String?) throws(SetupRefusal) {
    do throws(SetupRefusal) { try ask(["-t"] + (file.map { ["-f", $0] } ?? [])) } catch {
      throw SetupRefusal(error.sentence + (file == nil ? "" : " (with the drop-in)"), remedy: "repair what sshd says, or start it once, then run 'sojourn setup' again")
    }
  }

  /// `sshd -T` for root.
  static func effective(_ options: [String] = []) throws(SetupRefusal) -> Settings {
    Settings(lines: try ask(["-T"] + options + ["-C", "user=root,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"]).parts(10))
  }

  /// What sshd says of its configuration.
  @discardableResult
  static func ask(_ arguments: [String], _ program: String = sshd) throws(SetupRefusal) -> String {
    try Command.run(program, arguments, seconds: 15)
  }

  struct Settings {
    let lines: [String]
    func holds(_ keyword: String, _ value: String) -> Bool { lines.contains { $0.isExactly(keyword + " " + value) } }
    func value(_ keyword: String) -> String? { lines.first { $0.begins(with: keyword + " ") }.map { String(decoding: $0.utf8.dropFirst(keyword.utf8.count + 1), as: UTF8.self) } }
  }
}
