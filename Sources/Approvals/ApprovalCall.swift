public import Configuration

/// One HTTP call to a configured endpoint's server.
public struct ApprovalCall: Sendable {
  public enum Method: Sendable {
    case get
    case post([UInt8])
  }

  public var method: Method
  /// Where: host and port of a configured endpoint, with the path that is meant.
  public var target: PolicyEndpoint
  public var idempotencyKey: String?
  /// In milliseconds on the boot clock.
  public var until: Int64

  /// Empty: it is a GET.
  public var body: [UInt8] {
    guard case .post(let bytes) = method else { return [] }
    return bytes
  }
}
