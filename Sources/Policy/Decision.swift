internal import Encoding

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
/// | `decision` false                                               | denied; reasons for person and log are kept       |
/// | `decision` false with members of the approval profile          | denied too; they are kept, for an approval        |
/// | `decision` true with obligations                               | refused, final: none is known in this version     |
/// | `decision` true, `host_grant` not understood to the last member| refused, final                                    |
/// | `decision` true                                                | allowed, with that grant or an empty one          |
enum Decision {
  static func read(_ answer: HTTPAnswer, requestID: String) throws(PolicyFailure) -> Verdict {
    guard answer.requestIDCount == 0 || (answer.requestIDCount == 1 && answer.requestID.isExactly(requestID)) else { throw .foreignAnswer }
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
    return try read(body)
  }

  /// The body of an answer with status 200.
  static func read(_ body: JSONValue) throws(PolicyFailure) -> Verdict {
    guard body.members != nil else { throw .malformed("the answer is no object") }
    guard let decision = body["decision"] else { throw .malformed("decision is missing") }
    guard let isYes = decision.boolean else { throw .malformed("decision is not true or false") }
    let context = body["context"]
    guard isYes else {
      // A no stays one whatever comes with it: obligations, or an offer to ask for approval.
      let (user, admin) = (reason(context?["reason_user"]), reason(context?["reason_admin"]))
      if let context, AccessTerms.areIn(context) { return .requestable(context, user: user, admin: admin) }
      return .denied(user: user, admin: admin)
    }
    guard let context else { return .allowed(Grant()) }
    guard context.members != nil else { throw .malformed("context is no object") }
    if let obligations = context["obligations"] {
      guard let list = obligations.array else { throw .obligation("obligations is no list") }
      if let first = list.first { throw .obligation(Escape.visible(first["type"]?.string ?? "of no type", limit: 64)) }
    }
    guard let grant = context["host_grant"] else { return .allowed(try Grant().held(by: context["approval"])) }
    return .allowed(try Grant(grant).held(by: context["approval"]))
  }

  /// `application/json`, with or without parameters (RFC 9110 section 8.3.1: names are case-insensitive).
  static func isJSON(_ contentType: String) -> Bool {
    let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return type.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }.elementsEqual("application/json".utf8)
  }

  /// A text, or an object of texts by language or code: English if there is, else the first text. Made fit to be shown.
  static func reason(_ value: JSONValue?) -> String? {
    guard let value else { return nil }
    if let text = value.string { return fit(text) }
    if let english = value["en"]?.string { return fit(english) }
    for member in value.members ?? [] {
      if let text = member.value.string { return fit(text) }
    }
    return nil
  }

  private static func fit(_ text: String) -> String? { text.utf8.isEmpty ? nil : Escape.sentence(text) }
}
