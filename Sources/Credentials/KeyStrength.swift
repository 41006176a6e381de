internal import CPlatform.Crypto

/// Whether a key of the right form is worth anything.
public enum KeyStrength {
  /// Bits of an RSA modulus that may certify others. One who breaks it can be anybody, for years.
  public static var authorityBits: Int { 3072 }
  /// Bits of an RSA modulus that may be certified. sshd takes 1024.
  public static var personBits: Int { 2048 }
  /// OpenSSL and sshd verify none that is larger.
  static var largestBits: Int { 16384 }

  /// What is wrong with it, as half a sentence; nil if nothing is.
  public static func fault(of key: PublicKey, leastBits: Int) -> String? {
    switch key.material {
    case .ed25519: return nil
    case .ecdsa(let point):
      guard let curve = key.type.curve, isUsable(point, curve) else { return "is no point of its curve that a proper key has" }
      return nil
    case .rsa(let exponent, let modulus):
      let bits = bitCount(modulus)
      guard bits >= leastBits else { return "is an RSA key of \(bits) bits, and \(leastBits) are the least" }
      guard bits <= largestBits else { return "is an RSA key of \(bits) bits, and \(largestBits) are the most" }
      guard let unit = exponent.last, unit & 1 == 1, exponent.count > 1 || unit >= 3, exponent.count <= 8, modulus.last.map({ $0 & 1 == 1 }) == true else {
        return "is no usable RSA key"
      }
      return nil
    }
  }

  static func bitCount(_ number: [UInt8]) -> Int {
    guard let first = number.first else { return 0 }
    return number.count * 8 - first.leadingZeroBitCount
  }

  private static func isUsable(_ point: [UInt8], _ curve: Curve) -> Bool {
    // SAFETY: the point is read within its count, and nothing is kept.
    unsafe point.withUnsafeBufferPointer { place in
      guard let start = place.baseAddress else { return false }
      return unsafe sojourn_ecdsa_key_is_valid(curve.bits, start, place.count) == 1
    }
  }
}
