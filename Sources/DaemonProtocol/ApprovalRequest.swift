public import Encoding

/// What a login asks about an approval: `{"version":1,"request":"approval",…}` to the relay, which alone keeps what was
/// asked for from one login to the next. The login only carries texts to and fro.
public struct ApprovalRequest: Sendable {
  public enum Step: Sendable, CaseIterable {
    /// Is there something remembered for this subject, action and resource, and what became of it?
    case find
    /// Ask for access, with the person's reason if there is one.
    case submit
    /// The policy was asked with the approval, and said no.
    case rejected

    public var text: String {
      switch self {
      case .find: "find"
      case .submit: "submit"
      case .rejected: "rejected"
      }
    }
  }

  public var step: Step
  /// The endpoint that denied, as the configuration names it.
  public var endpoint: String
  /// The AuthZEN evaluation request that was denied.
  public var evaluation: JSONValue
  /// The members of the denial's context that the approval profile defines, as they were received.
  public var terms: JSONValue
  /// In the person's words, for `submit`; empty: none was to be had.
  public var reason: String
  /// Milliseconds that may be waited for an end of it, besides the calls themselves.
  public var milliseconds: UInt64
  /// How often this login has been rejected with its approval already.
  public var attempt: UInt64

  public init(_ step: Step, endpoint: String = "", evaluation: JSONValue = .null, terms: JSONValue = .null, reason: String = "", milliseconds: UInt64 = 0, attempt: UInt64 = 0) {
    self.step = step
    self.endpoint = endpoint
    self.evaluation = evaluation
    self.terms = terms
    self.reason = reason
    self.milliseconds = milliseconds
    self.attempt = attempt
  }

  /// Bytes of a message: a question, and a denial whose answer has 64 KiB at most.
  public static var cap: Int { 128 * 1024 }
}

extension ApprovalRequest {
  /// The packet; nil only if memory runs out or a text is not UTF-8.
  public var packet: [UInt8]? {
    var o = JSONObject()
    o.set("version", .integer(Request.version))
    o.set("request", "approval")
    o.set("step", step.text)
    o.set("endpoint", endpoint)
    o.set("evaluation", evaluation)
    o.set("terms", terms)
    o.set("reason", reason)
    o.set("milliseconds", .unsigned(milliseconds))
    o.set("attempt", .unsigned(attempt))
    return o.value.text()
  }

  public init(packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    guard try read.string("request").isExactly("approval") else { throw read.wrong("request", "unknown") }
    let word = try read.string("step")
    guard let step = Step.allCases.first(where: { $0.text.isExactly(word) }) else { throw read.wrong("step", "unknown") }
    self.init(step, endpoint: try read.string("endpoint"), evaluation: try read.object("evaluation").value,
      terms: try read.object("terms").value, reason: try read.string("reason"), milliseconds: try read.unsigned("milliseconds"), attempt: try read.unsigned("attempt"))
  }
}
