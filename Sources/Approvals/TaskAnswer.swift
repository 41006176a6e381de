internal import DaemonProtocol
internal import Encoding
internal import Policy

/// An answer of the access request service, to a request or to a look at a task (profile, "Access Request Response", "Task
/// Status Endpoint", "Error Responses"). Whatever is not exactly of the form is no approval.
enum TaskAnswer {
  case task(TaskState)
  /// `application/problem+json` of the profile.
  case problem(Problem, detail: String)
  /// This host may not ask, or the service is out of order or busy.
  case unavailable(String, retryAfter: Int64?)
  /// No answer of the profile.
  case broken(String)

  enum Problem: String, CaseIterable {
    case notRequestable = "not_requestable"
    case expiredDenial = "expired_denial"
    case invalidBinding = "invalid_denial_binding"
    case duplicate = "duplicate_request"
    case unknownTask = "unknown_task"
    case taskExpired = "task_expired"
    case invalidState = "invalid_task_state"

    var type: String { "urn:openid:authzen:access-request:error:" + rawValue }
  }

  /// - Parameter isSubmission: an answer to a request, else to a look.
  static func read(_ answer: HTTPAnswer, isSubmission: Bool) -> TaskAnswer {
    let retryAfter = Pace.retryAfter(answer.retryAfter)
    switch answer.status {
    case 200 where !isSubmission, 201 where isSubmission, 202 where isSubmission: break
    case 401, 403: return .unavailable("status \(answer.status): the service does not let this host ask", retryAfter: nil)
    case 408, 425, 429, 500...599: return .unavailable("status \(answer.status)", retryAfter: retryAfter)
    case 400...499: return problem(answer)
    default: return .broken("status \(answer.status) is no answer of an access request service")
    }
    guard let type = answer.contentType, MediaType.holds(type, "application/json") else { return .broken("the answer is not application/json") }
    guard let body = try? JSONValue.parse(answer.body), body.members != nil else { return .broken("the answer is no JSON object") }
    guard let state = TaskState(body, retryAfter: retryAfter) else { return .broken("the answer holds no task with an id and a status") }
    return .task(state)
  }

  private static func problem(_ answer: HTTPAnswer) -> TaskAnswer {
    let status = "status \(answer.status)"
    guard let type = answer.contentType, MediaType.holds(type, "application/problem+json"), let body = try? JSONValue.parse(answer.body),
      let urn = body["type"]?.string, let problem = Problem.allCases.first(where: { $0.type.isExactly(urn) })
    else { return .broken(status) }
    let detail = body["detail"]?.string ?? body["title"]?.string ?? ""
    return .problem(problem, detail: Escape.visible("\(status), \(problem.rawValue) \(detail)", limit: 256))
  }
}

/// A task as an answer tells of it.
struct TaskState {
  let id: String
  /// `pending`, `approved`, `denied`, `expired`, `cancelled`, `failed`; everything else is not approved.
  let status: String
  let statusURL: String?
  /// Seconds since 1970; nil: the service did not say, or not so that it could be read.
  let expires: UInt64?
  let words: String
  let link: String
  let retryAfter: Int64?
  let result: JSONValue?

  /// Bytes.
  static var longestID: Int { 1024 }

  init?(_ body: JSONValue, retryAfter: Int64?) {
    guard let task = body["task"], let id = task["id"]?.string, !id.isEmpty, id.utf8.count <= TaskState.longestID, let status = task["status"]?.string else { return nil }
    self.id = id
    self.status = status
    statusURL = task["status_endpoint"]?.string
    expires = task["expires_at"]?.string.flatMap { Timestamp.parse($0) }
    if task["expires_at"] != nil, expires == nil { return nil }
    words = Display.words(task["display"])
    link = Display.link(task["links"]?["ticket"])
    self.retryAfter = retryAfter
    // One request asks for one thing: what a bundle's items came to would be read item by item, and is not asked for.
    result = task["items"] == nil ? body["result"] : nil
  }

  /// The approval of a task that was approved, and until when (seconds since 1970); nil if it is none that can be used.
  var approval: (value: JSONValue, until: UInt64)? {
    guard status.isExactly("approved"), let result, let mode = result["mode"]?.string, mode.isExactly("reevaluate"), let approval = result["approval"],
      let id = approval["id"]?.string, !id.isEmpty, let written = approval["approved_until"]?.string, let until = Timestamp.parse(written)
    else { return nil }
    return (approval, until)
  }
}

/// Content types (RFC 9110 section 8.3.1: names are case-insensitive, parameters follow a semicolon).
enum MediaType {
  static func holds(_ header: String, _ type: String) -> Bool {
    let name = header.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return name.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }.elementsEqual(type.utf8)
  }
}
