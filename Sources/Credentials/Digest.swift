internal import CPlatform.Crypto

/// SHA-256 and SHA-512, by OpenSSL.
public enum Digest {
  /// 32 bytes; nil if OpenSSL gives none.
  public static func sha256(_ bytes: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 32)
    // SAFETY: the digest has the 32 bytes that SHA-256 writes; the input is read within its count.
    let isDone = unsafe bytes.withUnsafeBufferPointer { input in
      unsafe digest.withUnsafeMutableBufferPointer { output in
        guard let start = output.baseAddress else { return false }
        return unsafe sojourn_sha256(input.baseAddress, input.count, start) == 1
      }
    }
    return isDone ? digest : nil
  }

  /// 64 bytes; nil if OpenSSL gives none.
  static func sha512(_ bytes: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 64)
    // SAFETY: the digest has the 64 bytes that SHA-512 writes; the input is read within its count.
    let isDone = unsafe bytes.withUnsafeBufferPointer { input in
      unsafe digest.withUnsafeMutableBufferPointer { output in
        guard let start = output.baseAddress else { return false }
        return unsafe sojourn_sha512(input.baseAddress, input.count, start) == 1
      }
    }
    return isDone ? digest : nil
  }
}
