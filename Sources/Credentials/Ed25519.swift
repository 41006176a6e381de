internal import CPlatform.Crypto

/// RFC 8032 Ed25519, by OpenSSL. It refuses signatures whose S is not reduced, which sshd 9.2 accepts.
enum Ed25519 {
  /// Is it this key's signature over the first `count` bytes of the message? False also if any size is wrong.
  static func isValid(signature: [UInt8], over message: [UInt8], count: Int, by key: PlainKey) -> Bool {
    guard signature.count == 64, key.point.count == 32, count >= 0, count <= message.count else { return false }
    // SAFETY: sizes are checked above: 32 bytes of key, 64 of signature, `count` of the message; nothing is kept.
    return unsafe message.withUnsafeBufferPointer { text in
      unsafe signature.withUnsafeBufferPointer { sign in
        unsafe key.point.withUnsafeBufferPointer { point in
          guard let signStart = sign.baseAddress, let pointStart = point.baseAddress else { return false }
          return unsafe sojourn_ed25519_verify(pointStart, text.baseAddress, count, signStart) == 1
        }
      }
    }
  }
}
