internal import Encoding

/// A certificate that an agent says it holds the key of. It has proved nothing.
public struct AgentIdentity: Sendable {
  public let certificate: ShownCertificate

  /// Keys of an agent that are looked at; more are left out.
  static var cap: Int { 64 }

  /// The certificates of an answer; plain keys are no certificates and are left out. Total.
  ///
  ///     byte 12 | uint32 count | count × (string key blob | string comment)         (SSH_AGENT_IDENTITIES_ANSWER)
  public static func list(_ answer: [UInt8]) throws(PresentationRefusal) -> [AgentIdentity] {
    let span = answer.span
    var cursor = ByteCursor(0..<answer.count)
    var found: [AgentIdentity] = []
    do throws(WireError) {
      guard try cursor.byte(span) == 12 else { throw WireError.badText }
      var left = try cursor.uint32(span)
      while left > 0 {
        left -= 1
        let blob = span.copy(try cursor.string(span))
        _ = try cursor.string(span)
        let type = KeyBlob.typeName(blob)
        if found.count < cap, ShownCertificate.isCertificateType(type) { found.append(AgentIdentity(certificate: ShownCertificate(typeName: type, blob: blob))) }
      }
      try cursor.finish()
    } catch { throw .agent("what it says of its keys is not understood") }
    return found
  }

  /// Makes of the agent's answer what would have been pasted.
  ///
  ///     byte 14 | string signature                                                   (SSH_AGENT_SIGN_RESPONSE)
  ///     byte 5                                                                       (SSH_AGENT_FAILURE)
  public func signature(_ answer: [UInt8]) throws(PresentationRefusal) -> UnverifiedSSHSignature {
    let span = answer.span
    var cursor = ByteCursor(0..<answer.count)
    do throws(WireError) {
      guard try cursor.byte(span) == 14 else { throw WireError.badText }
      let signature = span.copy(try cursor.string(span))
      try cursor.finish()
      return UnverifiedSSHSignature(publicKey: certificate.blob, signature: signature)
    } catch {
      throw .agent(answer.first == 5 ? "it did not sign (a key that is locked, bound to other hosts, or wants a touch that did not come)" : "its signature is not understood")
    }
  }
}
