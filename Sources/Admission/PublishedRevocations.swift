public import Credentials
internal import HostSystem
internal import Identity

/// The revocation lists as they were published for this boot, opened once for one login. Also for the daemon, which may ask
/// about sessions that live: nothing of it is kept from one opening to the next.
public struct PublishedRevocations: Revocations {
  private enum State {
    /// No list is configured.
    case nothing
    case index(RevocationIndex<RevocationFile>)
    case unusable(RevocationFault)
  }

  private let state: State

  /// - Parameter lists: those of the configuration that the login goes by.
  public init(_ lists: [String]) { self.init(lists, at: Places.revocations) }

  init(_ lists: [String], at path: String) {
    guard !lists.isEmpty else {
      state = .nothing
      return
    }
    do throws(RevocationFault) {
      state = .index(try RevocationIndex(try RevocationFile(path), lists: lists))
    } catch { state = .unusable(error) }
  }

  public var nameSerials: Bool {
    if case .index(let index) = state { return index.nameSerials }
    return false
  }

  public func reason(_ certificate: RevocationSubject) throws(RevocationFault) -> String? {
    switch state {
    case .nothing: return nil
    case .index(let index): return try index.reason(certificate)
    case .unusable(let fault): throw fault
    }
  }
}

/// The published file, root's only, read where it is asked. It is only ever replaced by rename(2), so what was opened is whole.
final class RevocationFile: RevocationStorage {
  private let file: FileDescriptor
  let size: UInt64

  init(_ path: String) throws(RevocationFault) {
    do throws(SystemError) {
      let file = try FileDescriptor.open(path, .read)
      let facts = try file.facts()
      guard facts.isRegular, facts.isTrusted else { throw SystemError.untrusted }
      size = facts.size
      self.file = file
    } catch {
      throw RevocationFault(error.isMissing ? "nothing was published of them: is sojournd running?" : error.sentence)
    }
  }

  func bytes(at offset: UInt64, count: Int) throws(RevocationFault) -> [UInt8] {
    do throws(SystemError) { return try file.bytes(at: offset, count: count) } catch { throw RevocationFault(error.sentence) }
  }
}
