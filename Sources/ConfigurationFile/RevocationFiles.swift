internal import Configuration
public import Credentials
internal import HostSystem
internal import Identity
public import Readiness

/// The revocation lists that a configuration names: OpenSSH KRLs, or lines of public keys.
public enum RevocationFiles {
  /// The most lists that a configuration may name.
  static let most = 16

  /// How often a list that changes while it is read is read once more.
  private static let attempts = 10

  /// What is published of the lists.
  /// - Throws: with the path of the list that cannot be used; a list is used whole or not at all.
  public static func form(_ paths: [String], _ files: HostFiles = HostFiles()) throws(RevocationFault) -> [UInt8] {
    var entries = RevocationEntries()
    for path in paths {
      do throws(RevocationFault) { try entries.add(list: try read(path, files)) } catch { throw RevocationFault("\(path): \(error.detail)") }
    }
    return try RevocationForm.bytes(entries, lists: paths)
  }

  /// Any list, for the command line: whose it is does not matter.
  public static func entries(_ paths: [String]) throws(RevocationFault) -> RevocationEntries {
    var entries = RevocationEntries()
    for path in paths {
      let bytes: [UInt8]
      do throws(SystemError) { bytes = try Files.read(path, cap: RevocationEntries.listCap) } catch { throw RevocationFault("\(path): \(error.sentence)") }
      do throws(RevocationFault) { try entries.add(list: bytes) } catch { throw RevocationFault("\(path): \(error.detail)") }
    }
    return entries
  }

  private static func read(_ path: String, _ files: HostFiles) throws(RevocationFault) -> [UInt8] {
    for _ in 0..<attempts {
      guard let found = files.resolve(path) else { throw RevocationFault("it is missing") }
      guard found.facts.isRegular else { throw RevocationFault("it is no regular file") }
      guard files.isTrusted(found.facts), files.untrustedDirectory(above: found.path) == nil else {
        throw RevocationFault("it or a directory above it can be changed by others than root, who could take themselves off it")
      }
      let bytes: [UInt8]
      do throws(SystemError) { bytes = try Files.read(files.prefix + path, cap: RevocationEntries.listCap) } catch { throw RevocationFault(error.sentence) }
      // A list that is written in place while it is read would be half of one, and lines of keys have no end that is missed.
      if UInt64(bytes.count) == found.facts.size, files.resolve(path)?.facts.stamp == found.facts.stamp { return bytes }
      Pause.milliseconds(100)
    }
    throw RevocationFault("it is being written again and again while it is read; write a list beside its place and rename it into place (mv)")
  }

  /// Publishes the lists of the published configuration anew, because one of them changed. One that cannot be used is
  /// published as that: it refuses everybody, and says why.
  /// - Returns: why nobody is let in; nil if the lists are in force, or none is configured.
  public static func publishAgain() throws(Publication.Failure) -> String? {
    // Longer than anybody who publishes may take, shorter than the daemon waits for us.
    let lock = try PublicationLock(seconds: 45)
    let reason = try publishCurrent()
    _ = consume lock
    return reason
  }

  private static func publishCurrent() throws(Publication.Failure) -> String? {
    let lists: [String]
    do throws(ConfigurationUnavailable) { lists = try PublishedConfiguration.current().certificate.revoked } catch {
      throw .notWritten(Places.publishedConfiguration, SystemError.untrusted)
    }
    guard !lists.isEmpty else {
      try Publication.publish(revocations: nil)
      return nil
    }
    do throws(RevocationFault) {
      let form = try form(lists)
      try keep(form)
      return nil
    } catch {
      do throws(RevocationFault) { try keep(try RevocationForm.unusable(error.detail, lists: lists)) } catch { throw .notEncodable }
      return error.detail
    }
  }

  private static func keep(_ form: [UInt8]) throws(RevocationFault) {
    do throws(Publication.Failure) { try Publication.publish(revocations: form) } catch {
      if case .notWritten(_, let reason) = error { throw RevocationFault("it cannot be published: " + reason.sentence) }
      throw RevocationFault("it cannot be published")
    }
  }
}
