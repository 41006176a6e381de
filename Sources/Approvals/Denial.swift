internal import Encoding

/// A denial that can be asked about, as the endpoint said it: `context` of a `decision: false` (Access Request and Approval
/// Profile, "Requestable Denial Context"). What goes back goes back as it came; nothing of it is interpreted.
struct Denial: Sendable {
  /// At least one of these two is there: it ties the request to this denial.
  let evaluationID: String?
  let bindingToken: String?
  let evaluatedAt: String?
  let reason: String?
  let template: String?
  /// As it was written, and in seconds since 1970.
  let expiresAt: String
  let expires: UInt64
  /// Where to ask; nil: where the endpoint's metadata say.
  let endpoint: String?
  /// A form for people, if the service has one.
  let formURL: String?
  /// The service expects more than a login can say (`form_url`, `request_schema_url`, `request_catalogs_url`).
  let needsForm: Bool
  let words: String

  /// Bytes of any one text.
  static var longest: Int { 32 * 1024 }

  /// nil if the denial is none of this form, and so an ordinary no.
  init?(_ terms: JSONValue) {
    guard let offer = terms["access_request"], offer.members != nil else { return nil }
    var isSound = true
    func text(_ value: JSONValue?) -> String? {
      guard let value else { return nil }
      guard let text = value.string, !text.utf8.isEmpty, text.utf8.count <= Denial.longest else {
        isSound = false
        return nil
      }
      return text
    }
    evaluationID = text(terms["evaluation_id"])
    bindingToken = text(offer["binding_token"])
    evaluatedAt = text(terms["evaluated_at"])
    template = text(offer["template"])
    endpoint = text(offer["endpoint"])
    formURL = text(offer["form_url"])
    reason = terms["reason"]?.string  // the core specification leaves this name to everybody: another kind of value is not ours
    needsForm = offer["form_url"] != nil || offer["request_schema_url"] != nil || offer["request_catalogs_url"] != nil
    words = Display.words(offer["display"])
    guard isSound, evaluationID != nil || bindingToken != nil, let written = offer["expires_at"]?.string, let expires = Timestamp.parse(written) else { return nil }
    expiresAt = written
    self.expires = expires
  }

  /// Seconds that the clocks of two hosts may differ (the profile says at most 60).
  static var skew: UInt64 { 30 }

  func isOver(at unixSeconds: UInt64) -> Bool { unixSeconds > expires + Denial.skew }

  /// `denial` of an access request: byte for byte what came, and only that.
  var echo: JSONValue {
    var form = JSONObject()
    form.set("evaluation_id", evaluationID)
    form.set("evaluated_at", evaluatedAt)
    form.set("expires_at", expiresAt)
    form.set("reason", reason)
    form.set("binding_token", bindingToken)
    form.set("template", template)
    return form.value
  }
}

/// Texts of a service for people.
enum Display {
  /// Characters of all of it.
  static var longest: Int { 300 }

  /// `title` and `description` in one line, made fit to be shown; "" if there is neither.
  static func words(_ display: JSONValue?) -> String {
    let texts = [display?["title"], display?["description"]].compactMap { text($0) }
    return Escape.sentence(texts.joined(separator: ": "), limit: longest)
  }

  /// A text, or one of several by language: English, else the first.
  private static func text(_ value: JSONValue?) -> String? {
    let text = value?.string ?? value?["en"]?.string ?? value?.members?.lazy.compactMap { $0.value.string }.first
    return text.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// An address that a person may open: https, and nothing in it that a terminal or a person could take for something else.
  static func link(_ value: JSONValue?) -> String {
    guard let url = value?.string, url.utf8.count <= 512, url.begins(with: "https://"),
      url.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 92 && $0 != 34 && $0 != 60 && $0 != 62 && $0 != 96 })
    else { return "" }
    let authority = url.utf8.dropFirst(8).prefix { $0 != 47 && $0 != 63 && $0 != 35 }
    return authority.isEmpty || authority.contains(64) ? "" : url
  }
}
