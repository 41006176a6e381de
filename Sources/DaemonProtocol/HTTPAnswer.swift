/// An HTTP answer of a policy endpoint, whole and within the cap: as libcurl took it, and as the relay hands it on.
public struct HTTPAnswer: Sendable {
  public var status: Int
  /// The header's value, or nil if it did not come exactly once.
  public var contentType: String?
  /// Every `X-Request-ID`: none, one, or more than one (the last value then stands for all).
  public var requestIDCount: Int
  public var requestID: String
  /// Seconds; nil if the header is absent or is no time from now on.
  public var retryAfter: Int64?
  public var body: [UInt8]

  public init(status: Int, contentType: String?, requestIDCount: Int, requestID: String, retryAfter: Int64?, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.requestIDCount = requestIDCount
    self.requestID = requestID
    self.retryAfter = retryAfter
    self.body = body
  }

  /// Bytes of an answer, headers included.
  public static var cap: Int { 64 * 1024 }
}
