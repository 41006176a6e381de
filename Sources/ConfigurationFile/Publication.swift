public import Configuration
internal import Credentials
internal import Encoding
public import HostSystem
internal import Identity

/// Puts a checked configuration where modules and daemon read it.
public enum Publication {
  public enum Failure: Error, Sendable {
    case notEncodable
    /// The path that could not be written, and why.
    case notWritten(String, SystemError)
    /// Somebody else has been publishing for that many seconds.
    case busy(UInt64)
  }

  /// First the last good copy, on the disk, then the published file: whoever sees the new one can count on the copy.
  /// Nothing of either is ever half written, and a failure leaves what was published.
  /// Whoever calls it holds the `PublicationLock`, and has held it since before the files were read.
  /// - Parameter revocations: what is published of the revocation lists; nil if none is configured.
  public static func publish(_ configuration: PublishedConfiguration, revocations: [UInt8]?) throws(Failure) {
    guard let text = configuration.json.text(), text.count < PublishedConfiguration.cap else { throw .notEncodable }
    let bytes = text + [10]
    try directory(Places.state, mode: 0o755)
    try directory(Places.run, mode: 0o755)
    // The lists first: a configuration that names them refuses everybody without them. (One that names other lists, too.)
    if let revocations { try publish(revocations: revocations) }
    try put(bytes, Places.lastGoodConfiguration)
    try put(bytes, Places.publishedConfiguration)
    if revocations == nil { try publish(revocations: nil) }
  }

  /// Puts the form of the revocation lists in place at once, or takes it away. Not durable: it is for this boot.
  static func publish(revocations: [UInt8]?) throws(Failure) {
    do throws(SystemError) {
      if let revocations {
        try Files.replace(Places.revocations, with: revocations, mode: 0o600, durable: false)
      } else if Files.exists(Places.revocations) {
        try Files.remove(Places.revocations)
      }
    } catch { throw .notWritten(Places.revocations, error) }
  }

  /// Is what is published the same as this would be?
  public static func isCurrent(_ configuration: PublishedConfiguration, revocations: [UInt8]?) -> Bool {
    guard let text = configuration.json.text() else { return false }
    if let revocations {
      do throws(SystemError) {
        guard try Files.readTrusted(Places.revocations, cap: RevocationForm.cap).elementsEqual(revocations) else { return false }
      } catch { return false }
    }
    do throws(SystemError) {
      return try Files.readTrusted(Places.publishedConfiguration, cap: PublishedConfiguration.cap).elementsEqual(text + [10])
    } catch { return false }
  }

  static func directory(_ path: String, mode: UInt32) throws(Failure) {
    guard !Files.exists(path) else { return }
    do throws(SystemError) { try Files.makeDirectory(path, mode: mode) } catch { throw .notWritten(path, error) }
  }

  private static func put(_ bytes: [UInt8], _ path: String) throws(Failure) {
    do throws(SystemError) { try Files.replace(path, with: bytes, mode: 0o600, durable: true) } catch { throw .notWritten(path, error) }
  }
}
