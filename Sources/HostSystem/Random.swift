internal import CPlatform.System

/// The kernel's random numbers (getrandom(2)).
public enum Random {
  public static func bytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the pointer is the array's own storage, whose count is passed.
    let result = unsafe bytes.withUnsafeMutableBytes { buffer -> CInt in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe sojourn_random(base, buffer.count)
    }
    guard result == 0 else { throw .last("getrandom") }
    return bytes
  }

  /// `count` random bytes in lower-case hexadecimal.
  public static func hex(_ count: Int) throws(SystemError) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in try bytes(count) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
