internal import Encoding

/// A public key's name for people: `SHA256:` and the unpadded base64 of the digest of its blob, as `ssh-keygen -l` prints.
public enum Fingerprint {
  /// "SHA256:unknown" if OpenSSL gives no digest: a fingerprint is shown and logged, nothing is decided by it.
  public static func text(of blob: [UInt8]) -> String {
    guard let digest = Digest.sha256(blob) else { return "SHA256:unknown" }
    return "SHA256:" + Base64.encode(digest, padded: false)
  }
}
