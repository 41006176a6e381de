/// All rules about one certificate, each with what came of it: the one way to a `VerifiedCertificate`.
public struct CertificateVerdict: Sendable {
  public struct Line: Sendable {
    public let rule: CertificateRule
    public let outcome: Outcome
  }

  public enum Outcome: Sendable {
    case passed
    /// Half a sentence, fit to be shown and logged.
    case failed(String)
    /// An earlier rule left nothing that this one could look at.
    case notJudged
  }

  /// Every rule once, in the order in which they are judged.
  public private(set) var lines: [Line] = []
  /// The fields, if the bytes could be taken apart. Nothing of them is believed.
  public private(set) var fields: UnverifiedCertificate?
  /// Set if an authority of ours signed it, so that a refusal can say whose certificate it was.
  public private(set) var attested: AttestedCertificate?
  /// Set only if every rule passed.
  public private(set) var certificate: VerifiedCertificate?

  /// The first rule that it breaks.
  public var refusal: CertificateRefusal? {
    for line in lines { if case .failed(let detail) = line.outcome { return CertificateRefusal(line.rule, detail) } }
    return nil
  }

  /// Judges the bytes of a certificate: form and sizes, authority, signature, then the rules. Total: whatever the bytes
  /// are, every rule has an outcome.
  public static func of(_ blob: [UInt8], _ demands: CertificateDemands, _ revocations: some Revocations) -> CertificateVerdict {
    var verdict = CertificateVerdict()
    verdict.judge(blob, demands, revocations)
    return verdict
  }

  private mutating func judge(_ blob: [UInt8], _ demands: CertificateDemands, _ revocations: some Revocations) {
    let fields: UnverifiedCertificate
    do throws(CertificateRefusal) { fields = try UnverifiedCertificate(blob) } catch {
      for rule in CertificateRule.allCases { note(rule, rule == error.rule ? .failed(error.detail) : .notJudged) }
      return
    }
    self.fields = fields
    for rule in [CertificateRule.type, .form, .size] { note(rule, .passed) }

    // sshd's order: the CA key must be a plain key and a trusted one, then its signature over the received bytes.
    let isPlain: Void? = check(.authorityType) { () throws(CertificateRefusal) in try AuthorityTypeRule.judge(fields) }
    let limits = check(.authority) { () throws(CertificateRefusal) in try AuthorityRule.judge(fields, demands.authorities) }
    let key = check(.authorityKey, needing: isPlain) { _ throws(CertificateRefusal) in try AuthorityKeyRule.judge(fields) }
    let signed = check(.signature, needing: key) { key throws(CertificateRefusal) in try SignatureRule.judge(fields, key) }
    if limits != nil, refusal == nil { attested = signed }

    check(.publicKey) { () throws(CertificateRefusal) in try PublicKeyRule.judge(fields) }
    check(.userType) { () throws(CertificateRefusal) in try UserTypeRule.judge(fields) }
    check(.reservedFields) { () throws(CertificateRefusal) in try ReservedFieldsRule.judge(fields) }
    let keyID = check(.keyID) { () throws(CertificateRefusal) in try KeyIDRule.judge(fields) }
    check(.notYetValid) { () throws(CertificateRefusal) in try ValidityRule.judgeBegin(fields, now: demands.now, skew: demands.clockSkew) }
    check(.expired) { () throws(CertificateRefusal) in try ValidityRule.judgeEnd(fields, now: demands.now, skew: demands.clockSkew) }
    check(.lifetime) { () throws(CertificateRefusal) in
      try LifetimeRule.judge(fields, cap: min(demands.maxLifetime, limits?.maxLifetime ?? .max), skew: demands.clockSkew)
    }
    let principals = check(.principals) { () throws(CertificateRefusal) in try PrincipalsRule.judge(fields) }
    check(.loginName) { () throws(CertificateRefusal) in try LoginNameRule.judge(fields, demands.loginName) }
    check(.optionForm) { () throws(CertificateRefusal) in try OptionFormRule.judge(fields) }
    check(.criticalOption) { () throws(CertificateRefusal) in try CriticalOptionRule.judge(fields) }
    check(.securityKeyOption) { () throws(CertificateRefusal) in try SecurityKeyOptionRule.judge(fields) }
    check(.unenforcedOption) { () throws(CertificateRefusal) in try UnenforcedOptionRule.judge(fields, demands.enforcer) }
    check(.sourceAddress) { () throws(CertificateRefusal) in try SourceAddressRule.judge(fields, demands.client) }
    check(.extensionForm) { () throws(CertificateRefusal) in try ExtensionFormRule.judge(fields) }
    check(.selfSigned) { () throws(CertificateRefusal) in try SelfSignedRule.judge(fields) }
    check(.authorityPrincipals, needing: limits) { limits throws(CertificateRefusal) in try AuthorityPrincipalsRule.judge(limits, demands.loginName) }
    check(.authorityNetworks, needing: limits) { limits throws(CertificateRefusal) in try AuthorityNetworksRule.judge(limits, demands.client) }
    let subjectID = checkSubject(fields, demands, keyID: keyID)
    check(.authoritySubjects, needing: limits.flatMap { limits in subjectID.map { (limits, $0) } }) { needed throws(CertificateRefusal) in
      try AuthoritySubjectsRule.judge(needed.0, needed.1)
    }
    let attributes: [CertificateAttribute]? = check(.attributes, needing: limits) { limits throws(CertificateRefusal) in
      try AttributesRule.judge(fields, limits.attributes)
    }
    check(.serial) { () throws(CertificateRefusal) in
      try SerialRule.judge(fields, isRevocable: revocations.nameSerials, isSingleUse: demands.isSingleUse)
    }
    let answer = check(.revocationLists) { () throws(CertificateRefusal) in try RevocationAnswer(fields, revocations) }
    check(.revoked, needing: answer) { answer throws(CertificateRefusal) in try RevocationRule.judge(answer) }

    guard lines.allSatisfy({ line in if case .passed = line.outcome { true } else { false } }), lines.count == CertificateRule.allCases.count,
      let attested, let limits, let keyID, let subjectID, let principals, let attributes
    else { return }
    certificate = VerifiedCertificate(attested, keyID: keyID, subjectID: subjectID, principals: principals.filter { limits.admits($0.utf8) },
      attributes: attributes)
  }

  // Not inlined: one call a rule.
  @inline(never)
  private mutating func note(_ rule: CertificateRule, _ outcome: Outcome) { lines.append(Line(rule: rule, outcome: outcome)) }

  private mutating func checkSubject(_ fields: UnverifiedCertificate, _ demands: CertificateDemands, keyID: String?) -> String? {
    switch demands.subject {
    case .keyID: check(.subject, needing: keyID) { keyID throws(CertificateRefusal) in keyID }
    case .loginName: check(.subject) { () throws(CertificateRefusal) in demands.loginName }
    case .certificateExtension(let name): check(.subject) { () throws(CertificateRefusal) in try SubjectRule.judge(fields, extension: name) }
    }
  }

  @discardableResult
  private mutating func check<T>(_ rule: CertificateRule, _ judge: () throws(CertificateRefusal) -> T) -> T? {
    do throws(CertificateRefusal) {
      let value = try judge()
      note(rule, .passed)
      return value
    } catch {
      note(rule, .failed(error.detail))
      return nil
    }
  }

  @discardableResult
  private mutating func check<Need, T>(_ rule: CertificateRule, needing need: Need?, _ judge: (Need) throws(CertificateRefusal) -> T) -> T? {
    guard let need else {
      note(rule, .notJudged)
      return nil
    }
    return check(rule) { () throws(CertificateRefusal) in try judge(need) }
  }
}
