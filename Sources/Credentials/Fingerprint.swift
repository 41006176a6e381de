internal import CPlatform.Crypto
internal import Encoding

/// A public key's name for people: `SHA256:` and the unpadded base64 of the digest of its blob, as `ssh-keygen -l` prints.
public enum Fingerprint {
  /// "SHA256:unknown" if OpenSSL gives no digest: a fingerprint is shown and logged, nothing is decided by it.
  public static func text(of blob: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    // SAFETY: the digest has the 32 bytes that SHA-256 writes; the blob is read within its count.
    let isDone = unsafe blob.withUnsafeBufferPointer { input in
      unsafe digest.withUnsafeMutableBufferPointer { output in
        guard let start = output.baseAddress else { return false }
        return unsafe sojourn_sha256(input.baseAddress, input.count, start) == 1
      }
    }
    return isDone ? "SHA256:" + Base64.encode(digest, padded: false) : "SHA256:unknown"
  }
}
