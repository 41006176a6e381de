public import Configuration

/// What a question needs of the world: HTTP, a clock, published addresses. A protocol, so that every way in which an
/// endpoint can fail is tested without one; always a generic parameter, never a value of protocol type.
public protocol Transport {
  /// Milliseconds on a clock that only goes forward, suspend included. Negative: it cannot be read.
  func milliseconds() -> Int64
  mutating func pause(milliseconds: Int64)
  /// Addresses that were published for the endpoint's name; empty if there are none.
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String]
  /// The host's bearer token, read anew.
  mutating func token(file: String) throws(PolicyFailure) -> String
  mutating func post(_ request: HTTPRequest) -> HTTPReply
}

/// One POST of JSON.
public struct HTTPRequest: Sendable {
  public var url: String
  public var host: String
  public var port: UInt16
  /// http instead of https.
  public var isPlain: Bool
  /// `host` is an address. Else `addresses` is all that is known of it, and nothing is looked up.
  public var isLiteral: Bool
  public var addresses: [String]
  public var caFile: String
  public var clientCertificate: String?
  public var clientKey: String?
  public var bearerToken: String?
  public var requestID: String
  public var userAgent: String
  public var body: [UInt8]
  /// For everything from connecting to the answer's last byte.
  public var milliseconds: Int64
}

public enum HTTPReply: Sendable {
  case answered(HTTPAnswer)
  /// No whole answer came.
  case failed(PolicyFailure)
}

/// An HTTP answer, whole and within the cap.
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
