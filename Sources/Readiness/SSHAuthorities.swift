internal import Encoding
public import HostSystem

/// A file that TrustedUserCAKeys names: one public key in each line.
public enum SSHAuthorities {
  /// Key blobs, in their order; lines without one are left out.
  /// - Throws: what kept it from being read.
  public static func keys(in path: String, _ files: HostFiles = HostFiles()) throws(SystemError) -> [[UInt8]] {
    try files.lines(path).compactMap { key($0) }
  }

  /// The key blob of a line; nil if it has none.
  public static func key(_ line: String) -> [UInt8]? {
    let words = line.words
    guard words.count >= 2, !words[0].begins(with: "#") else { return nil }
    let base64 = Array(words[1].utf8)
    return Base64.decode(base64.span, 0..<base64.count)
  }
}
