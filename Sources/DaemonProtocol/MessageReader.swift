internal import Encoding

/// A message that is not of this protocol: which member, or what.
public struct ProtocolError: Error, Sendable {
  public let reason: String
  public init(_ reason: String) { self.reason = reason }
}

/// Typed access to a message's members. Unknown members are ignored, so that a newer peer may say more.
struct MessageReader {
  let value: JSONValue

  init(_ value: JSONValue) { self.value = value }

  func need<T>(_ member: String, _ value: T?) throws(ProtocolError) -> T {
    guard let value else { throw ProtocolError(member + " is missing or of the wrong type") }
    return value
  }
  func string(_ member: String) throws(ProtocolError) -> String { try need(member, value[member]?.string) }
  func strings(_ member: String) throws(ProtocolError) -> [String] { try need(member, value[member]?.strings) }
  func boolean(_ member: String) throws(ProtocolError) -> Bool { try need(member, value[member]?.boolean) }
  func object(_ member: String) throws(ProtocolError) -> MessageReader {
    let inner = try need(member, value[member])
    guard case .object = inner else { throw ProtocolError(member + " is no object") }
    return MessageReader(inner)
  }
  func array(_ member: String) throws(ProtocolError) -> [JSONValue] { try need(member, value[member]?.array) }
  func unsigned(_ member: String) throws(ProtocolError) -> UInt64 {
    try need(member, value[member]?.integer.flatMap { UInt64(exactly: $0) })
  }
  func uid(_ member: String) throws(ProtocolError) -> UInt32 { try need(member, UInt32(exactly: try unsigned(member))) }
  func pid(_ member: String) throws(ProtocolError) -> Int32 { try need(member, Int32(exactly: try unsigned(member))) }

  /// The object in the packet, if it is of this protocol's version.
  static func open(_ packet: [UInt8]) throws(ProtocolError) -> MessageReader {
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue.parse(packet) } catch { throw ProtocolError("not JSON: " + error.reason) }
    let reader = MessageReader(json)
    guard let version = json["version"]?.integer, version == Request.version else {
      throw ProtocolError("another version of the protocol: module, daemon and command line must be of one version")
    }
    return reader
  }
}
