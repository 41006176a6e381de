internal import Encoding

/// What is remembered of an access request from one login to the next: `/run/sojourn/approvals/<scope>.json`, root only.
/// It holds what only the host and the service may know (where the task is polled, what approves).
struct ApprovalTask: Sendable {
  enum State: Sendable {
    /// On its way. Written before it is sent, so that a request whose answer was lost is sent again as it was.
    case submitting(Submission)
    case pending(Handle)
    /// The approval as it was received, for as long as it holds.
    case approved(JSONValue)
    /// It came to nothing. For a while nobody is asked again: a client that tries for ever must not flood those who approve.
    case refused(ApprovalRefusal)
  }

  struct Submission: Sendable {
    var url: String
    var body: String
    /// `Idempotency-Key`.
    var key: String
    /// When it was sent, in milliseconds on the boot clock.
    var sent: Int64
  }

  struct Handle: Sendable {
    var id: String
    var statusURL: String
    /// On the boot clock, in milliseconds: the service said not to come earlier.
    var notBefore: Int64
  }

  var state: State
  /// Seconds since 1970; then it is forgotten.
  var ends: UInt64
  /// For the person.
  var words: String
  var link: String
}

extension ApprovalTask {
  static var version: Int64 { 1 }
  /// Seconds that anything is remembered, whatever a service says.
  static var longest: UInt64 { 86_400 }
  /// Seconds for which something that came to nothing keeps the next request back.
  static var quiet: UInt64 { 600 }

  var json: JSONValue {
    var form = JSONObject()
    form.set("version", .integer(ApprovalTask.version))
    form.set("ends", .unsigned(ends))
    form.set("words", words)
    form.set("link", link)
    switch state {
    case .submitting(let submission):
      form.set("state", "submitting")
      form.set("url", submission.url)
      form.set("body", submission.body)
      form.set("key", submission.key)
      form.set("sent", .integer(submission.sent))
    case .pending(let handle):
      form.set("state", "pending")
      form.set("id", handle.id)
      form.set("status_url", handle.statusURL)
      form.set("not_before", .integer(handle.notBefore))
    case .approved(let approval):
      form.set("state", "approved")
      form.set("approval", approval)
    case .refused(let refusal):
      form.set("state", "refused")
      form.set("token", refusal.token)
    }
    return form.value
  }

  init(json: JSONValue) throws(MemberError) {
    let read = MemberReader(json)
    guard try read.integer("version") == ApprovalTask.version else { throw read.wrong("version", "another version of Sojourn wrote it") }
    let word = try read.string("state")
    if word.isExactly("submitting") {
      state = .submitting(Submission(url: try read.string("url"), body: try read.string("body"), key: try read.string("key"), sent: try read.integer("sent")))
    } else if word.isExactly("pending") {
      state = .pending(Handle(id: try read.string("id"), statusURL: try read.string("status_url"), notBefore: try read.integer("not_before")))
    } else if word.isExactly("approved") {
      state = .approved(try read.object("approval").value)
    } else if word.isExactly("refused") {
      let token = try read.string("token")
      guard let refusal = ApprovalRefusal.allCases.first(where: { $0.token.isExactly(token) }) else { throw read.wrong("token", "unknown") }
      state = .refused(refusal)
    } else {
      throw read.wrong("state", "unknown")
    }
    ends = try read.unsigned("ends")
    words = try read.string("words")
    link = try read.string("link")
  }
}
