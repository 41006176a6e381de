public import Credentials
public import HostSystem

/// The certificates that have opened their one session (`certificate.single_use`): `/var/lib/sojourn/used/<64 hexadecimal
/// digits>` is a link whose text is `<end of the certificate, in seconds since 1970>:<serial>`. A link is made in one step,
/// whole or not at all, and fails if it stands: of two openings one wins.
public struct UsedCertificates: Sendable {
  private let directory: String

  /// How long a use is remembered after the certificate's end, in seconds: more than clocks may differ (`clock_skew` is ten
  /// minutes at most), and enough for a clock that was set back a little.
  public static var margin: UInt64 { 86400 }

  public init(directory: String) { self.directory = directory }

  private func path(_ use: CertificateUse) -> String { directory + "/" + use.name }

  /// Takes the certificate's one use, on the disk before it returns.
  /// - Returns: false if it was used before.
  public func take(_ use: CertificateUse, end: UInt64) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try Files.link(path(use), to: "\(end):\(use.serial)")
    } catch {
      if error.isExisting { return false }
      throw error
    }
    // A power cut must not bring the use back (T11).
    try Files.synchronizeDirectory(of: path(use))
    return true
  }

  /// Removes what was used by certificates that nobody accepts any more. What cannot be read stays: it may be one that is.
  /// - Parameter now: seconds since 1970.
  /// - Returns: how many were removed.
  @discardableResult
  public func forget(before now: UInt64) throws(SystemError) -> Int {
    var count = 0
    for name in try Files.names(in: directory) {
      guard let end = end(of: name) else { continue }
      let (last, overflow) = end.addingReportingOverflow(UsedCertificates.margin)
      guard !overflow, last < now else { continue }
      try Files.remove(directory + "/" + name)
      count += 1
    }
    return count
  }

  private func end(of name: String) -> UInt64? {
    do throws(SystemError) {
      let text = try Files.linkTarget(directory + "/" + name)
      return UInt64(String(decoding: text.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self))
    } catch { return nil }
  }
}
