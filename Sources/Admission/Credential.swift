internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import Policy

/// The certificate by which sshd let somebody through, or that was presented to us, judged by our own rules.
struct Credential {
  let certificate: VerifiedCertificate
  let facts: CredentialFacts
  /// The subject's type to the policy.
  let kind: SubjectKind
  /// Set if the emergency authority signed it: then this host decides, and no endpoint is asked.
  let breakGlass: BreakGlassRules?

  static func of(_ proof: Proof, _ login: Login, _ configuration: Published, now: UInt64, _ revocations: some Revocations,
    _ trail: inout Trail) throws(Refusal) -> Credential {
    switch proof {
    case .told(let info): try of(try only(info), .sshd, login, configuration, now: now, revocations, &trail)
    case .presented(let shown): try of(shown.certificate, .presented(shown.use), login, configuration, now: now, revocations, &trail)
    }
  }

  /// Exactly one certificate of an authority of ours; everything else is told apart, because each has another remedy.
  private static func only(_ info: AuthenticationInfo) throws(Refusal) -> ShownCertificate {
    guard info.certificates.count <= 1 else { throw .severalCertificates(info.certificates.count) }
    if let shown = info.certificates.first { return shown }
    if let type = info.plainKeys.first { throw .plainKey(type: type) }
    if let method = info.otherMethods.first { throw .noKey(method: method) }
    throw .noCredential
  }

  static func of(_ shown: ShownCertificate, _ enforcer: OptionEnforcer, _ login: Login, _ configuration: Published, now: UInt64, _ revocations: some Revocations,
    _ trail: inout Trail) throws(Refusal) -> Credential {
    let claimed = shown.claimedAuthority
    let (rules, breakGlass) = configuration.rules.certificateRules(for: claimed)
    if let authority = claimed, !configuration.trusts(authority) {
      throw .certificate(.foreign(authority: authority))
    }
    let demands = try CertificateDemands(rules, loginName: String(decoding: login.user, as: UTF8.self), now: now, client: IPAddress(login.remoteHost), enforcer: enforcer)
    var seen: AttestedCertificate?
    let certificate: VerifiedCertificate
    do throws(CertificateRefusal) {
      certificate = try VerifiedCertificate.verify(shown.blob, demands, revocations, seen: &seen)
    } catch {
      if let seen {
        trail.credential = CredentialFacts(seen)
        if breakGlass != nil { trail.decision = .breakGlass(subject: "") }
      }
      throw .certificate(error)
    }
    var facts = CredentialFacts(certificate.attested)
    facts.keyID = certificate.keyID
    facts.principals = certificate.principals
    trail.credential = facts
    if breakGlass != nil { trail.decision = .breakGlass(subject: certificate.subjectID) }
    let signer = certificate.subject.authority
    let certified = rules.trusted.first { $0.blob.elementsEqual(signer) }?.kind ?? .user
    let kind = rules.kind(certified: certified, loginName: String(decoding: login.user, as: UTF8.self), extensions: certificate.extensions.map { $0.name })
    return Credential(certificate: certificate, facts: facts, kind: kind, breakGlass: breakGlass)
  }

  /// What its authority says of the subject, as far as it is listed for that.
  var attributes: [SubjectAttribute] { certificate.attributes.map { SubjectAttribute(name: $0.name, values: $0.values) } }

  /// What the policy learns of the extensions: the flags of OpenSSH as they are, every other value only as its digest,
  /// because some are bearer tokens.
  var extensions: [CertificateExtension] {
    certificate.extensions.map { option in
      option.data.isEmpty ? CertificateExtension(name: option.name, value: "") : CertificateExtension(name: option.name, value: Fingerprint.text(of: option.data))
    }
  }
}

extension Credential {
  /// What the session is judged by again while it lasts.
  /// - Parameter approval: what the yes rests on.
  func subject(approval: JSONValue?) -> SubjectFacts {
    SubjectFacts(type: kind.text, attributes: attributes, extensions: extensions, approval: approval, key: certificate.subject.key,
      authority: certificate.subject.authority)
  }
}

extension TrustedAuthority {
  /// As `sojourn apply` has checked them; a limit that cannot be read lets nobody in.
  var limits: AuthorityLimits {
    get throws(Refusal) {
      var ranges: [AddressRange] = []
      for network in networks {
        guard let range = AddressRange(network.utf8) else { throw .configurationUnusable("certificate.trusted.networks: no range of addresses") }
        ranges.append(range)
      }
      var sources: [AttributeSource] = []
      for attribute in attributes {
        guard let source = AttributeSource(name: attribute.name, text: attribute.source) else {
          throw .configurationUnusable("certificate.trusted.attributes: one cannot be read")
        }
        sources.append(source)
      }
      return AuthorityLimits(blob: blob, principals: principals, subjects: subjects, maxLifetime: maxLifetime, networks: ranges, attributes: sources)
    }
  }
}

extension CertificateRules {
  /// A workload is what its authority certifies as one, what logs in under a workload's name, or what its extension calls so.
  func kind(certified: SubjectKind, loginName: String, extensions: [String]) -> SubjectKind {
    if workloadPrincipals.contains(where: { Wildcard.matches(Array($0.utf8), Array(loginName.utf8)) }) { return .workload }
    if !workloadExtension.utf8.isEmpty, extensions.contains(where: { $0.isExactly(workloadExtension) }) { return .workload }
    return certified
  }
}

extension CredentialFacts {
  /// Of a certificate that no rule has looked at yet: what is no clean text in it is escaped.
  init(_ certificate: AttestedCertificate) {
    self.init(kind: "ssh-cert", keyID: certificate.shownKeyID, serial: String(certificate.serial), keyFingerprint: certificate.keyFingerprint,
      caFingerprint: certificate.authorityFingerprint, principals: certificate.shownPrincipals, notBefore: certificate.validAfter,
      notAfter: certificate.validBefore)
  }
}

extension Published {
  /// An authority of ours, the emergency one included.
  func trusts(_ authority: [UInt8]) -> Bool {
    rules.certificateRules(for: authority).rules.trusted.contains { $0.blob.elementsEqual(authority) }
  }

  /// Does sshd's word hold a certificate that may be of an authority of ours? One whose authority cannot be told may, and so
  /// may one whose authority is spelled in a way that sshd takes for another key's.
  func mayTrustAny(of info: AuthenticationInfo) -> Bool {
    info.certificates.contains { certificate in
      guard let authority = certificate.claimedAuthority, PublicKey.hasOneSpelling(authority) else { return true }
      return trusts(authority)
    }
  }
}
