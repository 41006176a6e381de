/// What an agent is asked, as frames of its protocol (RFC 9987; PROTOCOL.agent).
///
///     uint32 length | byte type | contents
///     11  SSH_AGENTC_REQUEST_IDENTITIES   -
///     13  SSH_AGENTC_SIGN_REQUEST         string key blob | string data | uint32 flags (4: rsa-sha2-512)
public enum AgentQuestion {
  public static var identities: [UInt8] { frame(11, []) }

  /// The agent signs what `ssh-keygen -Y sign` would, and nothing of a shape of our own: agents of FIDO keys look at the shape,
  /// and a signature over other bytes could be one that something else takes (PROTOCOL.sshsig, PROTOCOL.u2f).
  /// nil if OpenSSL gives no digest.
  public static func sign(_ message: [UInt8], with identity: AgentIdentity) -> [UInt8]? {
    guard let signed = UnverifiedSSHSignature(publicKey: identity.certificate.blob, signature: []).signed(over: message) else { return nil }
    return frame(13, Wire.string(identity.certificate.blob) + Wire.string(signed) + Wire.uint32(4))
  }

  private static func frame(_ type: UInt8, _ contents: [UInt8]) -> [UInt8] {
    Wire.uint32(UInt32(truncatingIfNeeded: contents.count + 1)) + [type] + contents
  }
}
