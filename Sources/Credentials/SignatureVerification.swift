internal import CPlatform.Crypto

/// The signature schemes, by OpenSSL, over bytes as they were received. Every answer is false if any size is wrong.
enum SignatureVerification {
  /// RFC 8032. OpenSSL refuses signatures whose S is not reduced, which sshd 9.2 accepts.
  static func ed25519(_ signature: [UInt8], over message: [UInt8], by key: [UInt8]) -> Bool {
    guard signature.count == 64, key.count == 32 else { return false }
    // SAFETY: sizes are checked above: 32 bytes of key, 64 of signature; the message is read within its count; nothing is kept.
    return unsafe message.withUnsafeBufferPointer { text in
      unsafe signature.withUnsafeBufferPointer { sign in
        unsafe key.withUnsafeBufferPointer { point in
          guard let signStart = sign.baseAddress, let pointStart = point.baseAddress else { return false }
          return unsafe sojourn_ed25519_verify(pointStart, text.baseAddress, text.count, signStart) == 1
        }
      }
    }
  }

  /// FIPS 186-5, with the digest that belongs to the curve.
  static func ecdsa(r: [UInt8], s: [UInt8], over message: [UInt8], by point: [UInt8], on curve: Curve) -> Bool {
    // SAFETY: every buffer is read within its own count, and nothing is kept.
    unsafe message.withUnsafeBufferPointer { text in
      unsafe r.withUnsafeBufferPointer { first in
        unsafe s.withUnsafeBufferPointer { second in
          unsafe point.withUnsafeBufferPointer { place in
            guard let rStart = first.baseAddress, let sStart = second.baseAddress, let start = place.baseAddress else { return false }
            return unsafe sojourn_ecdsa_verify(curve.bits, start, place.count, rStart, first.count, sStart, second.count, text.baseAddress, text.count) == 1
          }
        }
      }
    }
  }

  /// RFC 8332 section 3. A signature that is shorter than the modulus is filled up on the left, as sshd does.
  /// - Parameter digestBits: 256 or 512.
  static func rsa(_ signature: [UInt8], over message: [UInt8], exponent: [UInt8], modulus: [UInt8], digestBits: Int32) -> Bool {
    guard signature.count <= modulus.count else { return false }
    let whole = [UInt8](repeating: 0, count: modulus.count - signature.count) + signature
    // SAFETY: the signature has as many bytes as the modulus; every other buffer is read within its own count; nothing is kept.
    return unsafe message.withUnsafeBufferPointer { text in
      unsafe whole.withUnsafeBufferPointer { sign in
        unsafe exponent.withUnsafeBufferPointer { e in
          unsafe modulus.withUnsafeBufferPointer { n in
            guard let signStart = sign.baseAddress, let eStart = e.baseAddress, let nStart = n.baseAddress else { return false }
            return unsafe sojourn_rsa_verify(digestBits, nStart, n.count, eStart, e.count, signStart, text.baseAddress, text.count) == 1
          }
        }
      }
    }
  }
}
