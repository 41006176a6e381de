public import Encoding

/// What the relay answers: `{"version":1,"reply":"answered",…}`. It judges nothing: what an answer is worth is seen where
/// the login is decided.
public enum RelayReply: Sendable {
  /// The HTTP answer that ended the asking, as it came.
  case answered(HTTPAnswer, endpoint: String)
  /// No whole answer came of any endpoint; of the last one that was tried, or "" if there was none.
  case failed(token: String, detail: String, endpoint: String)

  /// Bytes: an answer of 64 KiB in base64, and what goes around it.
  public static var cap: Int { 128 * 1024 }
}

extension RelayReply {
  /// The packet; nil if a text is not UTF-8, or it would be too large.
  public var packet: [UInt8]? {
    var o = JSONObject()
    o.set("version", .integer(Request.version))
    switch self {
    case .answered(let answer, let endpoint):
      o.set("reply", "answered")
      o.set("endpoint", endpoint)
      o.set("status", .integer(Int64(answer.status)))
      o.set("content_type", answer.contentType)
      o.set("request_id_count", .integer(Int64(answer.requestIDCount)))
      o.set("request_id", answer.requestID)
      o.set("retry_after", answer.retryAfter.map { JSONValue.integer($0) })
      o.set("body", Base64.encode(answer.body))
    case .failed(let token, let detail, let endpoint):
      o.set("reply", "failed")
      o.set("token", token)
      o.set("detail", detail)
      o.set("endpoint", endpoint)
    }
    guard let packet = o.value.text(), packet.count <= RelayReply.cap else { return nil }
    return packet
  }

  public init(packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    let kind = try read.string("reply")
    let endpoint = try read.string("endpoint")
    if kind.isExactly("answered") {
      let text = Array(try read.string("body").utf8)
      guard let body = Base64.decode(text.span, 0..<text.count) else { throw read.wrong("body", "not base64") }
      guard let status = Int(exactly: try read.integer("status")), let count = Int(exactly: try read.integer("request_id_count")), body.count <= HTTPAnswer.cap
      else { throw read.wrong("status", "none of an HTTP answer") }
      self = .answered(HTTPAnswer(status: status, contentType: read.has("content_type") ? try read.string("content_type") : nil,
        requestIDCount: count, requestID: try read.string("request_id"),
        retryAfter: read.has("retry_after") ? try read.integer("retry_after") : nil, body: body), endpoint: endpoint)
    } else if kind.isExactly("failed") {
      self = .failed(token: try read.string("token"), detail: try read.string("detail"), endpoint: endpoint)
    } else {
      throw read.wrong("reply", "unknown")
    }
  }
}
