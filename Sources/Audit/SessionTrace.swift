internal import Encoding

/// A session as the audit log tells of it. Texts are as they stand there: escaped.
public struct SessionTrace: Sendable {
  /// When it was over.
  public enum End: Sendable, Equatable {
    /// Seconds since 1970, and why: a token.
    case at(UInt64, reason: String)
    /// Its end has no line; the account was taken down then.
    case before(UInt64)
    /// Nothing tells of it.
    case unknown
  }

  public let id: String
  public let name: String
  public let uid: UInt32
  public let isLocal: Bool
  public let service: String
  public let remote: String
  public let keyID: String
  public let serial: String
  public let keyFingerprint: String
  public let caFingerprint: String
  public let endpoint: String
  public let requestID: String
  public let groups: [String]
  /// Seconds since 1970; nil if no line tells.
  public let since: UInt64?
  /// At the latest, as it was granted.
  public let expires: UInt64?
  public internal(set) var end: End

  /// From a line `grant` or `session-end`; nil if it is neither, or lacks what makes a session.
  init?(_ line: JSONValue, time: UInt64) {
    guard let id = line["session"]?.string, let name = line["name"]?.string, let uid = line["uid"]?.integer.flatMap({ UInt32(exactly: $0) }) else { return nil }
    self.id = id
    self.name = name
    self.uid = uid
    isLocal = line["local"]?.boolean ?? false
    func text(_ group: String, _ member: String) -> String { line[group]?[member]?.string ?? "" }
    service = text("login", "service")
    remote = text("login", "remote")
    keyID = text("credential", "key_id")
    serial = text("credential", "serial")
    keyFingerprint = text("credential", "key_fp")
    caFingerprint = text("credential", "ca_fp")
    endpoint = text("decision", "endpoint")
    requestID = text("decision", "request_id")
    groups = line["groups"]?.strings ?? []
    expires = line["expires"]?.string.flatMap { Timestamp.parse($0) }
    let begun = line["since"]?.string.flatMap { Timestamp.parse($0) }
    switch line["event"]?.string {
    case "grant":
      since = begun ?? time
      end = .unknown
    case "session-end":
      since = begun
      end = .at(line["until"]?.string.flatMap { Timestamp.parse($0) } ?? time, reason: line["reason"]?.string ?? "")
    default: return nil
    }
  }

  /// Decided by this host alone, in an emergency.
  public var isBreakGlass: Bool { endpoint.isExactly("break-glass") }

  /// Could it have lived at that second? One whose end nobody knows, as long as it was granted.
  public func mayHaveLived(at moment: UInt64) -> Bool {
    if let since, moment < since { return false }
    switch end {
    case .at(let end, _), .before(let end): return moment <= end
    case .unknown: return moment <= expires ?? .max
    }
  }
}
