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
  /// sshd's own file of all authorities that Sojourn trusts.
  static let authorities = "/etc/sojourn/sshd_user_ca.pub"

  /// What must be done before the configuration is published.
  private(set) var first: [SetupStep] = []
  private(set) var steps: [SetupStep] = []
  private(set) var notes: [String] = []

  init(_ wish: SetupInputs.Wish, _ journal: SetupJournal, _ scratch: borrowing Scratch) throws {
    let ours = ServerDropIn.keys(of: wish.configuration)
    let joined = try ServerDropIn.joined(wish)
    let template: FileState?, stands: FileState?
    var file: FileState?
    do throws(SystemError) {
      template = try HostFile.read(SetupInputs.templates + "/sshd_config.d/" + ServerDropIn.name)
      stands = try HostFile.read(ServerDropIn.path)
      file = try HostFile.read(ServerDropIn.authorities)
    } catch { throw SetupRefusal("\(ServerDropIn.path): \(error.sentence)") }
    guard let template else { throw SetupRefusal("\(SetupInputs.templates)/sshd_config.d/\(ServerDropIn.name) is missing", remedy: "install the package 'sojourn' again") }
    let wished = template.text.parts(10).map { $0.begins(with: "TrustedUserCAKeys ") ? "TrustedUserCAKeys " + ServerDropIn.authorities : $0 }.joined(separator: "\n")
    let layout = try ServerLayout()

    // What setup wrote, and nobody changed, follows the configuration; what somebody changed is theirs.
    let isOurs = stands.map { stands in journal.wrote(stands, to: ServerDropIn.path) } ?? true
    let isKept = !isOurs && !(stands?.text.isExactly(wished) ?? false)
    let taken = try ServerDropIn.rehearse(isKept ? stands?.text ?? wished : wished, layout, scratch)
    if stands == nil { try ServerDropIn.requireNothingOverridden(ours, taken, layout, scratch) }
    let namesJoined = taken.isExactly(ServerDropIn.authorities)
    // A key that Sojourn no longer knows must be none of sshd's by then: its certificates would open local accounts unasked.
    if let wide = file, journal.wrote(wide, to: ServerDropIn.authorities) {
      let narrow = wide.text.parts(10).filter { line in SSHAuthorities.key(line).map { key in ours.contains { $0.elementsEqual(key) } } ?? true }.joined(separator: "\n")
      if !narrow.isExactly(wide.text) {
        first.append(SetupStep(.authorities, files: [.init(path: ServerDropIn.authorities, before: wide, after: wide.with(narrow))]))
        file = wide.with(narrow)
      }
    }
    if namesJoined, !(file?.text.isExactly(joined) ?? false) {
      steps.append(SetupStep(.authorities, files: [.init(path: ServerDropIn.authorities, before: file, after: FileState(joined))]))
    }
    if isKept, let stands {
      let difference = try scratch.difference(.init(path: ServerDropIn.path, before: stands, after: FileState(wished)))
      notes.append("\(ServerDropIn.path) stands already and is kept as it is. It differs from what setup would write:\n\(difference)")
    } else if !(stands?.text.isExactly(wished) ?? false) {
      steps.append(SetupStep(.sshd, command: "sshd -t, and reload it", files: [.init(path: ServerDropIn.path, before: stands, after: FileState(wished))]))
    }
    // Files that setup writes hold them by then.
    guard !namesJoined, !(wish.key != nil && taken.isExactly(SetupInputs.keyFile)) else { return }
    try ServerDropIn.require(ours, in: taken, wish.configuration, layout)
  }

  /// - Throws: if sshd would not know one of them.
  private static func require(_ ours: [[UInt8]], in file: String, _ configuration: PublishedConfiguration, _ layout: ServerLayout) throws(SetupRefusal) {
    let found: [[UInt8]]
    do throws(SystemError) { found = try SSHAuthorities.keys(in: file) } catch {
      throw SetupRefusal("TrustedUserCAKeys is another file, \(file)\(layout.place(of: "trustedusercakeys")), which cannot be read: \(error.sentence); nothing was changed", remedy: "put the file there, or take that line out")
    }
    guard let missing = ours.first(where: { key in !found.contains { $0.elementsEqual(key) } }) else { return }
    let other = layout.place(of: "trustedusercakeys")
    throw SetupRefusal("TrustedUserCAKeys is another file, \(file)\(other), which lacks the key \(Fingerprint.text(of: missing)) of \(Places.configurationFile), and for sshd the first line counts; nothing was changed",
      remedy: configuration.certificate.trusted.contains { $0.file.isExactly(file) }
        ? "let \(path) name \(authorities) instead, which setup writes with all of the keys: never add this key to \(file), where it would be an authority like that one"
        : "add the key to that file, which must be of sshd's own; or take the line out, and setup writes one that names all of the keys")
  }

  /// The text of the file that TrustedUserCAKeys is to name: one of sshd's own, with all keys of the configuration. sshd reads it at every
  /// login, so without it no certificate of ours is taken, not even by an sshd that has the line in its memory.
  private static func joined(_ wish: SetupInputs.Wish) throws -> String {
    var files: [String] = []
    for authority in wish.configuration.certificate.trusted where !files.contains(where: { $0.isExactly(authority.file) }) { files.append(authority.file) }
    if let breakGlass = wish.configuration.breakGlass { files.append(breakGlass.file) }
    var text = "# The authorities that /etc/sojourn/sojourn.toml names, for sshd. Made by 'sojourn setup'.\n"
    do throws(SystemError) { for file in files { text += (try HostFile.read(file)?.text ?? "") + "\n" } } catch { throw SetupRefusal("the keys of the authorities cannot be read: \(error.sentence)") }
    return text
  }

  private static func keys(of configuration: PublishedConfiguration) -> [[UInt8]] {
    configuration.certificate.trusted.map { $0.blob } + (configuration.breakGlass.map { [$0.authority] } ?? [])
  }

  /// Our file has the first word, so what another file says of these two would hold no longer: of that, nothing may be lost.
  /// - Parameter taken: the file with the keys of authorities that sshd would have with ours.
  /// - Throws: if local accounts log in with an authority that is not ours, or past PAM.
  private static func requireNothingOverridden(_ ours: [[UInt8]], _ taken: String, _ layout: ServerLayout, _ scratch: borrowing Scratch) throws {
    try test(nil)
    let settings = try effective(["-f", try scratch.put("sshd_config.now", layout.text(with: nil))])
    guard settings.holds("usepam", "yes") else {
      throw SetupRefusal("UsePAM is off\(layout.place(of: "usepam")): logins do not pass PAM now, and would with \(path); nothing was changed",
        remedy: "set 'UsePAM yes' there, see that everybody can still log in, then run 'sojourn setup' again")
    }
    guard let file = settings.value("trustedusercakeys"), !file.isExactly("none"), !file.isExactly(taken) else { return }
    let others: [[UInt8]]
    do throws(SystemError) { others = try SSHAuthorities.keys(in: file) } catch { throw SetupRefusal("TrustedUserCAKeys is another file, \(file)\(layout.place(of: "trustedusercakeys")), which cannot be read: \(error.sentence); nothing was changed", remedy: "put the file there, or take that line out") }
    guard let other = others.first(where: { key in !ours.contains { $0.elementsEqual(key) } }) else { return }
    throw SetupRefusal("TrustedUserCAKeys is another file, \(file)\(layout.place(of: "trustedusercakeys")), with a key that is none of ours (\(Fingerprint.text(of: other))): with \(path) sshd would no longer take its certificates, and local accounts could be locked out; nothing was changed",
      remedy: "take that line out if nobody needs it; else put its keys and those of \(Places.configurationFile) into one file of sshd's own, such as /etc/ssh/user_authorities.pub, copy \(SetupInputs.templates)/sshd_config.d/\(name) to \(path), and let TrustedUserCAKeys there name that file: what stands there is kept")
  }

  /// What sshd's configuration would come to with the drop-in, by sshd itself.
  /// - Returns: the file that TrustedUserCAKeys is then: another than the drop-in names, where another file of the host has the first word.
  private static func rehearse(_ text: String, _ layout: ServerLayout, _ scratch: borrowing Scratch) throws -> String {
    try test(nil)
    let main = try scratch.put("sshd_config", layout.text(with: try scratch.put(name, text)))
    try test(main)
    let settings = try effective(["-f", main])
    guard settings.holds("usepam", "yes") else {
      throw SetupRefusal("UsePAM is off\(layout.place(of: "usepam")), so logins would not pass pam_sojourn.so; nothing was changed", remedy: "set 'UsePAM yes' there, or take the line out")
    }
    guard let file = settings.value("trustedusercakeys"), file.begins(with: "/") else {
      throw SetupRefusal("TrustedUserCAKeys would not be set\(layout.place(of: "trustedusercakeys")), so sshd would take no certificate; nothing was changed", remedy: "move \(path) away, and setup writes one that names the keys")
    }
    return file
  }

  /// `sshd -t`.
  static func test(_ file: String?) throws(SetupRefusal) {
    do throws(SetupRefusal) { try ask(["-t"] + (file.map { ["-f", $0] } ?? [])) } catch {
      throw SetupRefusal(error.sentence + (file == nil ? "" : " (with the drop-in)"), remedy: "repair what sshd says, then run 'sojourn setup' again")
    }
  }

  /// `sshd -T` for root.
  static func effective(_ options: [String] = []) throws(SetupRefusal) -> Settings {
    Settings(lines: try ask(["-T"] + options + ["-C", "user=root,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"]).parts(10))
  }

  /// What sshd says of its configuration.
  @discardableResult
  static func ask(_ arguments: [String], _ program: String = sshd) throws(SetupRefusal) -> String {
    SSHPrivilegeSeparation.prepare()
    return try Command.run(program, arguments, seconds: 15)
  }

  struct Settings {
    let lines: [String]
    func holds(_ keyword: String, _ value: String) -> Bool { lines.contains { $0.isExactly(keyword + " " + value) } }
    func value(_ keyword: String) -> String? { lines.first { $0.begins(with: keyword + " ") }.map { String(decoding: $0.utf8.dropFirst(keyword.utf8.count + 1), as: UTF8.self) } }
  }
}
