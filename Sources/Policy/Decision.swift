internal import Encoding
internal import DaemonProtocol

/// Reads an HTTP answer to an evaluation. Everything that is not a proper yes is no yes.
///
/// | answer                                                        | outcome                                           |
/// |---------------------------------------------------------------|---------------------------------------------------|
/// | `X-Request-ID` other than the question's, or more than one     | refused, final (none is tolerated)                |
/// | 401, 403                                                       | this host may not ask: next endpoint              |
/// | 429, 503                                                       | one retry if `Retry-After` fits, else next one    |
/// | 400                                                            | refused, final: the question was not understood   |
/// | 2xx other than 200                                             | refused, final: not a decision                    |
/// | any other status (redirects are not followed)                  | next endpoint                                     |
/// | 200, not `application/json`, or that header not exactly once   | refused, final                                    |
/// | not JSON, not an object, `decision` not a boolean, context none| refused, final                                    |
/// | `decision` false                                              | denied; reasons for person and log are kept       |
/// | `decision` false with members of the approval profile         | denied too; they are kept, for an approval        |
/// | `decision` false with `acr_values`, or with a `step-up`       | denied, with what to get                          |
/// | `decision` true, an obligation not understood or not met      | refused, final                                    |
/// | `decision` true with a `step-up`                              | refused, with what to get                         |
/// | `decision` true, `host_grant` not understood to the last member| refused, final                                    |
/// | `decision` true                                               | allowed, with that grant or an empty one          |
/// | OPA: no `result`, an empty one, 404 `undefined_document`      | denied: no rule decides                           |
///
/// Members that are not named here are ignored. Obligations that are understood are handed out in every case: they are
/// carried out on a no too, and beside one that cannot be.
enum Decision {
  /// What it decides, without what it demands besides.
  static func read(_ answer: HTTPAnswer, requestID: String, _ wrapping: Wrapping) throws(PolicyFailure) -> Verdict {
    var obligations = Obligations()
    return try read(answer, requestID: requestID, wrapping, &obligations)
  }

  /// - Parameter obligations: replaced by those of this answer, also if it is then refused.
  static func read(_ answer: HTTPAnswer, requestID: String, _ wrapping: Wrapping, _ obligations: inout Obligations) throws(PolicyFailure) -> Verdict {
    obligations = Obligations()
    guard answer.requestIDCount == 0 || (answer.requestIDCount == 1 && answer.requestID.isExactly(requestID)) else { throw .foreignAnswer }
    if wrapping.saysUndefined(answer) { return undefined }
    switch answer.status {
    case 200: break
    case 400: throw .rejected(Escape.visible(answer.body, limit: 1024))
    case 401, 403: throw .hostNotAuthorized(answer.status)
    case 429, 503: throw .busy(answer.status)
    case 201...299: throw .malformed("status \(answer.status)")
    default: throw .status(answer.status)
    }
    guard let type = answer.contentType else { throw .contentType("missing or given twice") }
    guard isJSON(type) else { throw .contentType(Escape.visible(type, limit: 64)) }
    let body: JSONValue
    do throws(JSONError) { body = try JSONValue.parse(answer.body) } catch {
      throw .malformed("line \(error.line), column \(error.column): " + Escape.visible(error.reason, limit: 128))
    }
    return try read(body, wrapping, &obligations)
  }

  /// No rule of an OPA policy has a value for this question.
  private static var undefined: Verdict {
    .undefined(user: "none of its rules decides this login.", admin: "OPA has no value at the endpoint's path: the policy lacks the rule, or a default")
  }

  /// The body of an answer with status 200.
  static func read(_ body: JSONValue, _ wrapping: Wrapping, _ obligations: inout Obligations) throws(PolicyFailure) -> Verdict {
    guard let body = try wrapping.open(body) else { return undefined }
    guard let decision = body["decision"] else { throw .malformed("decision is missing") }
    guard let isYes = decision.boolean else { throw .malformed("decision is not true or false") }
    let context = body["context"]
    obligations = Obligations(context?["obligations"])
    guard isYes else {
      // A no stays one whatever comes with it: obligations, or an offer to ask for approval.
      let (user, admin) = (reason(context?["reason_user"]), reason(context?["reason_admin"]))
      if let stepUp = StepUp(context) ?? obligations.stepUp { return .stepUp(stepUp, user: user, admin: admin) }
      if let context, AccessTerms.areIn(context) { return .requestable(context, user: user, admin: admin) }
      return .denied(user: user, admin: admin)
    }
    guard let context else { return .allowed(Grant()) }
    guard context.members != nil else { throw .malformed("context is no object") }
    if let fault = obligations.fault { throw .obligation(fault) }
    let grant = try context["host_grant"].map { (value) throws(PolicyFailure) in try Grant(value) } ?? Grant()
    if let stepUp = obligations.stepUp { return .stepUp(stepUp, user: nil, admin: reason(context["reason_admin"])) }
    return .allowed(try grant.held(by: context["approval"]))
  }

  /// `application/json`, with or without parameters (RFC 9110 section 8.3.1: names are case-insensitive).
  static func isJSON(_ contentType: String) -> Bool {
    let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return type.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }.elementsEqual("application/json".utf8)
  }

  /// A text, or an object of texts by language (BCP 47: CAEP's form) or by code (AuthZEN's examples). A login tells for
  /// certain nobody's language (the host's `LANG` is not the person's), so English is taken if there is any, of whichever
  /// country, and else the first text. Made fit to be shown.
  static func reason(_ value: JSONValue?) -> String? {
    guard let value else { return nil }
    if let text = value.string { return fit(text) }
    var english: String?
    var first: String?
    for member in value.members ?? [] {
      guard let text = member.value.string.flatMap(fit) else { continue }
      if isEnglish(member.name, country: false) { return text }
      if english == nil, isEnglish(member.name, country: true) { english = text }
      first = first ?? text
    }
    return english ?? first
  }

  /// Tags are compared without regard to case (RFC 5646 section 2.1.1).
  private static func isEnglish(_ tag: String, country: Bool) -> Bool {
    let bytes = tag.utf8.map { $0 | 0x20 }
    return country ? bytes.starts(with: "en-".utf8) && bytes.count > 3 : bytes.elementsEqual("en".utf8)
  }

  private static func fit(_ text: String) -> String? { text.utf8.isEmpty ? nil : Escape.sentence(text) }
}
