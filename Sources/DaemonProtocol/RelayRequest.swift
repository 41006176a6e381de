public import Encoding

/// What is asked of the relay (`Places.policySocket`), one packet and one reply each connection:
/// `{"version":1,"request":"evaluate",…}`. As with the daemon, only root is heard, by the kernel's word.
public enum RelayRequest: Sendable {
  case evaluate(RelayedQuestion)

  /// Bytes. JSON may write a byte of the question as six.
  public static var cap: Int { 128 * 1024 }
}

/// A question to the policy endpoints, written down already.
public struct RelayedQuestion: Sendable {
  /// Becomes `X-Request-ID`.
  public var requestID: String
  /// Within which the relay answers, whatever the endpoints do.
  public var milliseconds: Int64
  /// The JSON body of the POST.
  public var body: [UInt8]

  public init(requestID: String, milliseconds: Int64, body: [UInt8]) {
    self.requestID = requestID
    self.milliseconds = milliseconds
    self.body = body
  }
}

extension RelayRequest {
  /// The packet; nil if it would be too large, or the body is no text.
  public var packet: [UInt8]? {
    var o = JSONObject()
    o.set("version", .integer(Request.version))
    switch self {
    case .evaluate(let question):
      guard let body = String.ifValid(question.body) else { return nil }
      o.set("request", "evaluate")
      o.set("request_id", question.requestID)
      o.set("milliseconds", .integer(question.milliseconds))
      o.set("body", body)
    }
    guard let packet = o.value.text(), packet.count <= RelayRequest.cap else { return nil }
    return packet
  }

  public init(packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    let kind = try read.string("request")
    guard kind.isExactly("evaluate") else { throw read.wrong("request", "unknown") }
    let requestID = try read.string("request_id")
    // It becomes a header's value: nothing in it may end the line.
    guard !requestID.utf8.isEmpty, requestID.utf8.count <= 128, requestID.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw read.wrong("request_id", "not 1 to 128 visible ASCII characters")
    }
    let milliseconds = try read.integer("milliseconds")
    guard milliseconds > 0, milliseconds <= 600_000 else { throw read.wrong("milliseconds", "out of range") }
    self = .evaluate(RelayedQuestion(requestID: requestID, milliseconds: milliseconds, body: Array(try read.string("body").utf8)))
  }
}
