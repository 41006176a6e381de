import Credentials
import Encoding
import HostSystem

/// The person's certificates, in the order in which they are looked for: which of them fit, and why the others do not.
struct CertificateSearch {
  let user: String
  /// Seconds since 1970.
  let now: UInt64
  private var fitting: [SigningCertificate] = []
  /// "WHERE: WHY", a line each.
  private(set) var misfits: [String] = []

  init(for user: String, at now: UInt64) {
    self.user = user
    self.now = now
  }

  /// The one that ends last.
  var best: SigningCertificate? { fitting.max { $0.fields.validBefore < $1.fields.validBefore } }
  var count: Int { fitting.count }

  /// A private key's file, its .pub, or FILE-cert.pub itself, as the person named it.
  static func path(named name: String) -> String {
    if name.hasSuffix("-cert.pub") { return name }
    return (name.hasSuffix(".pub") ? String(name.dropLast(4)) : name) + "-cert.pub"
  }

  /// `~/.ssh/*-cert.pub` with their private keys beside them.
  mutating func lookIntoHome() {
    guard let home = OwnProcess.variable("HOME"), home.begins(with: "/") else { return misfits.append("~/.ssh: HOME is not set") }
    let directory = home + "/.ssh"
    let names: [String]
    // The directory itself may be a link, which `names` does not follow at the end of a path.
    do throws(SystemError) { names = try Files.names(in: directory + "/.").filter { $0.hasSuffix("-cert.pub") }.sorted() } catch {
      return misfits.append("\(Escape.visible(directory, limit: 256)): \(error.sentence)")
    }
    if names.isEmpty { misfits.append("\(Escape.visible(directory, limit: 256)): no file *-cert.pub") }
    for name in names {
      let path = directory + "/" + name
      do throws(KeyTextFault) {
        let blobs = try KeyFile.blobs(try KeyFile.text(path))
        guard blobs.count == 1, let blob = blobs.first else { throw KeyTextFault(sentence: "it holds \(blobs.count) keys; expected one certificate") }
        guard Files.exists(String(path.dropLast("-cert.pub".utf8.count))) else { throw KeyTextFault(sentence: "its private key is not beside it") }
        try take(blob, .file(path))
      } catch { misfits.append("\(Escape.visible(path, limit: 256)): \(error.sentence)") }
    }
  }

  /// What `ssh-add -L` lists.
  mutating func askAgent() {
    guard OwnProcess.variable("SSH_AUTH_SOCK").map({ !$0.isEmpty }) == true else { return misfits.append("the agent: there is none (SSH_AUTH_SOCK is not set)") }
    do throws(SystemError) {
      let listed = try AttendedProgram.run("ssh-add", ["-L"], cap: KeyFile.cap)
      // 1: it answered that it has none.
      guard listed.status == 0 else { return misfits.append(listed.status == 1 ? "the agent: it holds no key" : "the agent: ssh-add -L failed (exit status \(listed.status))") }
      do throws(KeyTextFault) {
        let blobs = try KeyFile.blobs(listed.output)
        let certificates = blobs.filter { KeyFile.isCertificate($0) }
        if certificates.isEmpty { misfits.append("the agent: \(blobs.count) plain \(blobs.count == 1 ? "key" : "keys") and no certificate (ssh-add FILE takes FILE-cert.pub along)") }
        for blob in certificates { do throws(KeyTextFault) { try take(blob, .agent) } catch { misfits.append("the agent: \(error.sentence)") } }
      } catch { misfits.append("the agent: what ssh-add -L listed cannot be read: \(error.sentence)") }
    } catch { misfits.append(error.isMissing ? "the agent: ssh-add is not installed (package openssh-client)" : "the agent: ssh-add: \(error.sentence)") }
  }

  /// The one that was named.
  /// - Throws: exit status 2, with what is wrong said, if it cannot be read.
  mutating func lookAt(named name: String) throws {
    let path = CertificateSearch.path(named: name)
    let blob = try KeyFile.certificate(path)
    do throws(KeyTextFault) { try take(blob, .file(path)) } catch { misfits.append("\(Escape.visible(path, limit: 256)): \(error.sentence)") }
  }

  private mutating func take(_ blob: [UInt8], _ place: SigningCertificate.Place) throws(KeyTextFault) {
    let fields: UnverifiedCertificate
    do throws(CertificateRefusal) { fields = try UnverifiedCertificate(blob) } catch {
      throw KeyTextFault(sentence: "no certificate that can be used: " + Escape.sentence(error.detail))
    }
    guard let why = SigningCertificate.misfit(fields, user, at: now) else { return fitting.append(SigningCertificate(place: place, blob: blob, fields: fields)) }
    if case .agent = place { throw KeyTextFault(sentence: "the certificate \(SigningCertificate.keyID(fields)) of \(fields.keyFingerprint): \(why)") }
    throw KeyTextFault(sentence: why)
  }
}
