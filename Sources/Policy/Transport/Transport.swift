public import Configuration

/// What a question needs of the world: HTTP, a clock, published addresses. A protocol, so that every way in which an
/// endpoint can fail is tested without one; always a generic parameter, never a value of protocol type.
public protocol Transport: EndpointKnowledge {
  /// Milliseconds on a clock that only goes forward, suspend included. Negative: it cannot be read.
  func milliseconds() -> Int64
  mutating func pause(milliseconds: Int64)
  mutating func post(_ request: HTTPRequest) -> HTTPReply
}

/// What a request needs besides the configuration.
public protocol EndpointKnowledge {
  /// Addresses that were published for the endpoint's name; empty if there are none.
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String]
  /// The host's bearer token, read anew.
  mutating func token(file: String) throws(PolicyFailure) -> String
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
