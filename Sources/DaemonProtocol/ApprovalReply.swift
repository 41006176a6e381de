public import Encoding

/// What came of a question about an approval: `{"version":1,"reply":"approved",…}`. The relay writes the sentences, so that
/// the login carries texts only.
public struct ApprovalReply: Sendable {
  /// `nothing`: nothing is remembered, access can be asked for; `happened` then is what the person is asked.
  /// `approved`: with `approval`, which permits nothing by itself. `denied`: an ordinary no.
  /// Everything else is why there is no approval: a token for log and audit (`approval-pending`).
  public var word: String
  public var happened: String
  public var remedy: String
  /// For the log.
  public var detail: String
  /// The host, or the service, is to blame: nobody's no.
  public var isFault: Bool
  /// As it was received.
  public var approval: JSONValue?
  /// Seconds since 1970, its end.
  public var until: UInt64

  public init(_ word: String, happened: String = "", remedy: String = "", detail: String = "", isFault: Bool = false, approval: JSONValue? = nil, until: UInt64 = 0) {
    self.word = word
    self.happened = happened
    self.remedy = remedy
    self.detail = detail
    self.isFault = isFault
    self.approval = approval
    self.until = until
  }

  /// The relay's word could not be had.
  public static func unavailable(_ detail: String) -> ApprovalReply {
    ApprovalReply("approval-unavailable", happened: "whoever approves it could not be asked.", remedy: "Try again in a moment; if it stays so, tell this host's administrator.",
      detail: detail, isFault: true)
  }
}

extension ApprovalReply {
  public var packet: [UInt8]? {
    var o = JSONObject()
    o.set("version", .integer(Request.version))
    o.set("reply", word)
    o.set("happened", happened)
    o.set("remedy", remedy)
    o.set("detail", detail)
    o.set("fault", .boolean(isFault))
    o.set("approval", approval)
    o.set("until", .unsigned(until))
    return o.value.text()
  }

  public init(packet: [UInt8]) throws(MemberError) {
    let read = try Message.open(packet)
    self.init(try read.string("reply"), happened: try read.string("happened"), remedy: try read.string("remedy"), detail: try read.string("detail"),
      isFault: try read.boolean("fault"), approval: read.value["approval"], until: try read.unsigned("until"))
  }
}
