import ArgumentParser
import Credentials
import Encoding
import HostSystem

struct Sign: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer the challenge that a host shows at login, su or sudo.",
    discussion: """
      Prints one line, to be pasted where the host asks for it. Runs where your certificate is: needs no configuration, no daemon \
      and no root, only ssh-keygen, which asks for a passphrase or a touch itself.

      Without --key the certificates ~/.ssh/*-cert.pub are looked through, then those of the agent: of those that are valid now and \
      for that user, the one that ends last signs.

      Exit status: 0 signed, 1 no certificate fits, the challenge is over or ssh-keygen failed, 2 no challenge, or a file that \
      cannot be read.
      """)

  @Argument(help: "The challenge, as the host shows it, in one word or several; '-', or nothing, reads it from standard input.")
  var challenge: [String] = []

  @Option(help: ArgumentHelp("The key to sign with: a file whose certificate is FILE-cert.pub, or that one.", valueName: "file"), completion: .file())
  var key: String?

  @Flag(help: "Only a certificate of the agent.")
  var agent = false

  @Flag(help: "Show the line as a QR code too.")
  var qr = false

  func validate() throws {
    guard key?.isEmpty != true else { throw ValidationError("expected a file after --key") }
    guard key == nil || !agent else { throw ValidationError("--key and --agent exclude each other") }
    if challenge.isEmpty, Terminal.isTypedInto { throw ValidationError("expected the challenge that the host shows: sojourn sign 'sojourn-1 host=...'") }
  }

  func run() throws {
    let now = Moment.now().unixSeconds
    let given = try read()
    show(given, at: now)
    guard !given.isOver(at: now) else {
      throw stop("The challenge is over since \(Timestamp.text(given.until)); this machine's clock says \(Timestamp.text(now)). Have the host show a new one.")
    }
    let certificate = try choose(given, at: now)
    let answer = try answer(given, certificate)
    if let warning = answer.warning { Terminal.say(warning) }
    if Terminal.isShown { Terminal.say("Paste this one line at the prompt of \(given.value("host") ?? ""):") }
    try Terminal.print(answer.line)
    if qr { try QRCode.show(answer.line) }
  }

  private func read() throws -> GivenChallenge {
    do throws(ChallengeFault) { return try GivenChallenge(try text()) } catch {
      Terminal.say("sojourn: that is no challenge, and is not signed: \(error.sentence)")
      throw Exit.unreadable
    }
  }

  private func text() throws(ChallengeFault) -> [UInt8] {
    guard challenge.isEmpty || challenge == ["-"] else { return Array(challenge.joined(separator: " ").utf8) }
    let input = FileDescriptor(owning: 0)
    var read: [UInt8]?
    do throws(SystemError) { read = try input.readAll(cap: 2 * GivenChallenge.cap) } catch { read = nil }
    // Standard input outlives this.
    _ = input.release()
    guard let read else { throw ChallengeFault("standard input cannot be read, or is too long for one") }
    return read
  }

  /// So that the person sees what is signed.
  private func show(_ given: GivenChallenge, at now: UInt64) {
    let labels = ["host": "Host", "user": "User", "service": "Service", "by": "Asked by", "as": "To become", "tty": "Terminal", "until": "Until"]
    Terminal.say("To be signed, for one login:")
    for (name, value) in given.members {
      guard let label = labels[name] else { continue }
      let left = name == "until" && given.until > now ? " (\(given.until - now) s from now)" : ""
      Terminal.say("        \(label): \(Escape.visible(value, limit: 256))\(left)")
    }
  }

  private func choose(_ given: GivenChallenge, at now: UInt64) throws -> SigningCertificate {
    var search = CertificateSearch(for: given.user, at: now)
    if let key {
      try search.lookAt(named: key)
    } else {
      if !agent { search.lookIntoHome() }
      if search.count == 0 { search.askAgent() }
    }
    guard let best = search.best else {
      throw stop("No certificate fits: one is wanted that is valid now and names \(Escape.visible(given.user, limit: 64)). Looked at:"
        + search.misfits.map { "\n        \($0)" }.joined())
    }
    Terminal.say((search.count > 1 ? "\(search.count) certificates fit; the one that ends last signs: " : "It signs: ") + best.description)
    return best
  }

  private func answer(_ given: GivenChallenge, _ certificate: SigningCertificate) throws -> PastedLine {
    // With a terminal ssh-keygen asks there, as it does when nothing is piped into it, whatever a desktop may have for that.
    if OwnProcess.variable("SSH_ASKPASS_REQUIRE") == nil, OwnProcess.hasTerminal { OwnProcess.setVariable("SSH_ASKPASS_REQUIRE", "never") }
    let signed: AttendedProgram.Outcome
    let message = Array((given.line + "\n").utf8)
    do throws(SystemError) { signed = try sign(message, certificate) } catch {
      throw stop(error.isMissing ? "ssh-keygen is not installed (package openssh-client)." : "ssh-keygen cannot be run: \(error.sentence).")
    }
    guard signed.status == 0 else { throw stop("ssh-keygen did not sign (exit status \(signed.status)).") }
    do throws(PastedLineFault) { return try PastedLine(signed.output, by: certificate.blob, over: message) } catch {
      throw stop("What ssh-keygen printed cannot be used: \(error.sentence).")
    }
  }

  private func sign(_ message: [UInt8], _ certificate: SigningCertificate) throws(SystemError) -> AttendedProgram.Outcome {
    // The agent knows it by its bytes; ssh-keygen wants them from a file.
    let file = try MemoryFile(Array("\(KeyFile.type(of: certificate.blob)) \(Base64.encode(certificate.blob))\n".utf8))
    let path = switch certificate.place {
    case .file(let path): path
    case .agent: file.path
    }
    let signed = try AttendedProgram.run("ssh-keygen", ["-Y", "sign", "-n", "\(Presentation.namespace)", "-f", path], input: message, cap: 65536)
    file.close()
    return signed
  }

  private func stop(_ sentence: String) -> any Error {
    Terminal.say(sentence)
    return Exit.refused
  }
}
