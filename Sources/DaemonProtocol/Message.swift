internal import Encoding

/// The envelope that every message has.
enum Message {
  /// The object in the packet, if it is of this protocol's version.
  static func open(_ packet: [UInt8]) throws(MemberError) -> MemberReader {
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue.parse(packet) } catch { throw MemberError(member: "", reason: "not JSON: " + error.reason) }
    guard let version = json["version"]?.integer, version == Request.version else {
      throw MemberError(member: "version", reason: "module, daemon and command line must be of one version of Sojourn")
    }
    return MemberReader(json)
  }
}
