public import Configuration
public import DaemonProtocol

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
