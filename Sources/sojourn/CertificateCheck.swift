import Admission
import ArgumentParser
import Configuration
import ConfigurationFile
import Credentials
import Encoding
import HostSystem

struct CertificateCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Judge a certificate by every rule, as a login does.",
    discussion: """
      Without --ca it goes by the published configuration of this host, its limits and its revocation lists; with --ca by \
      these authorities, the default limits, and the lists of --krl. The policy is not asked, and whether a certificate for \
      one use was used before is not looked up. Exit status 0 accepted, 1 refused, 2 unreadable.
      """)

  @Argument(help: "A certificate, such as id_ed25519-cert.pub.")
  var file: String

  @Option(help: "Who would log in.")
  var user: String

  @Option(help: "A file with public keys of authorities; may be given several times.")
  var ca: [String] = []

  @Option(help: "A revocation list: an OpenSSH KRL or lines of keys; may be given several times. Goes with --ca.")
  var krl: [String] = []

  @Option(help: "The moment of the login, such as 2026-11-21T08:00:00Z; now if not given.")
  var at: String?

  @Option(help: "The client's address.")
  var from: String?

  @Option(help: "The longest lifetime that is taken, such as 12h.")
  var maxLifetime: String?

  func validate() throws {
    guard !user.isEmpty else { throw ValidationError("expected a name after --user") }
    // This host's own lists would be left out, and "accepted" would not be what the login says.
    if !krl.isEmpty, ca.isEmpty { throw ValidationError("--krl goes with --ca; without both, this host's configuration judges") }
    if let at, Timestamp.parse(at) == nil { throw ValidationError("expected a time such as 2026-11-21T08:00:00Z after --at") }
    if let from, IPAddress(from.utf8) == nil { throw ValidationError("expected an IP address after --from") }
    if let maxLifetime, WrittenDuration.seconds(maxLifetime) == nil { throw ValidationError("expected a duration such as 12h after --max-lifetime") }
  }

  func run() throws {
    let blob = try KeyFile.certificate(file)
    let rules = ca.isEmpty ? try published(for: blob) : CertificateRules(trusted: [], maxLifetime: 12 * 3600, clockSkew: 30, subject: .keyID)
    var demands: CertificateDemands
    do throws(Refusal) {
      demands = try CertificateDemands(rules, loginName: user, now: at.flatMap { Timestamp.parse($0) } ?? Moment.now().unixSeconds,
        client: from.flatMap { IPAddress($0.utf8) })
    } catch { throw stop(error) }
    if !ca.isEmpty { demands.authorities = try KeyFile.authorities(ca) }
    if let maxLifetime, let seconds = WrittenDuration.seconds(maxLifetime) { demands.maxLifetime = seconds }
    let verdict = krl.isEmpty ? CertificateVerdict.of(blob, demands, PublishedRevocations(rules.revoked)) : CertificateVerdict.of(blob, demands, try lists())
    try show(verdict, at: demands.now)
  }

  /// Those of the authority that it says it is of: the emergency one has rules of its own.
  private func published(for blob: [UInt8]) throws -> CertificateRules {
    try Terminal.requireRoot("sojourn certificate check without --ca")
    let claimed = try? UnverifiedCertificate(blob).authority
    do throws(ConfigurationUnavailable) { return try PublishedConfiguration.current().certificateRules(for: claimed).rules } catch { throw stop(Refusal(error)) }
  }

  private func lists() throws -> RevocationIndex<RevocationMemory> {
    do throws(RevocationFault) {
      return try RevocationIndex(RevocationMemory(try RevocationForm.bytes(try RevocationFiles.entries(krl), lists: krl)), lists: krl)
    } catch { throw stop(.certificate(CertificateRefusal(.revocationLists, Escape.sentence(error.detail, limit: 1024)))) }
  }

  private func stop(_ refusal: Refusal) -> any Error {
    let sentence = refusal.sentence(for: user, request: nil)
    Terminal.say(sentence + (refusal.detail.isEmpty || sentence.contains(refusal.detail) ? "" : " (\(refusal.detail))"))
    return ExitCode(refusal.exitStatus)
  }

  private func show(_ verdict: CertificateVerdict, at now: UInt64) throws {
    for line in verdict.lines {
      switch line.outcome {
      case .passed: try Terminal.print(Terminal.coloured("ok      ", .green) + line.rule.token)
      case .failed(let detail): try Terminal.print(Terminal.coloured("refused ", .red) + "\(line.rule.token): \(Escape.sentence(detail, limit: 1024))")
      case .notJudged: try Terminal.print(Terminal.coloured("-       ", .yellow) + "\(line.rule.token): not judged, for want of what comes before it")
      }
    }
    if let refusal = verdict.refusal { throw stop(.certificate(refusal)) }
    guard let certificate = verdict.certificate else { throw Exit.refused }
    Terminal.say("Every rule lets \(Escape.visible(user, limit: 64)) in with this certificate; the policy decides next, about the subject"
      + " \(Escape.quoted(certificate.subjectID, limit: 256)).")
    if now < certificate.attested.validAfter || now >= certificate.attested.validBefore {
      Terminal.say("But it is out of its time, by less than clock_skew. sshd knows no skew and refuses it before Sojourn is asked.")
    }
  }
}
