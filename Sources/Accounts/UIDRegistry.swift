public import HostSystem
public import Identity

/// Who has which uid, for ever: `/var/lib/sojourn/uids/<uid>` is a link whose text is the name. A symbolic link is made in
/// one step, whole or not at all, and fails if the number is taken: two claims cannot both win.
public struct UIDRegistry: Sendable {
  private let directory: String

  public init(directory: String) { self.directory = directory }

  private func path(_ uid: UInt32) -> String { "\(directory)/\(uid)" }

  public enum Holder: Sendable, Equatable {
    case nobody
    case name(AccountName)
    /// Another source of the host has the number.
    case taken
  }

  /// What is no link, or no name, holds the number too: it is never given to anybody.
  public func holder(of uid: UInt32) throws(SystemError) -> Holder {
    let target: [UInt8]
    do throws(SystemError) {
      target = try Files.linkTarget(path(uid))
    } catch {
      if error.isMissing { return .nobody }
      throw error
    }
    guard let name = AccountName(target.span) else { return .taken }
    return .name(name)
  }

  /// Gives the number to the name for ever, on the disk before it returns.
  /// - Returns: false if it is somebody else's.
  public func claim(_ uid: UInt32, for name: AccountName) throws(SystemError) -> Bool {
    try enter(uid, name.text)
    return try holder(of: uid) == .name(name)
  }

  /// Writes down that another source has the number.
  public func markTaken(_ uid: UInt32) throws(SystemError) { try enter(uid, Places.takenMark) }

  private func enter(_ uid: UInt32, _ target: String) throws(SystemError) {
    do throws(SystemError) {
      try Files.link(path(uid), to: target)
    } catch {
      // It may stand there since a moment ago, made by a daemon that was killed before the next line.
      if !error.isExisting { throw error }
    }
    // The claim must outlive a power cut before anything is owned by the number (invariant 6).
    try Files.synchronizeDirectory(of: path(uid))
  }

  /// The uid that a name would get, as NSS computes it.
  public func uid(of name: AccountName, in range: UIDRange) -> UInt32? {
    range.uid(of: name) { uid in
      switch try? holder(of: uid) {
      case .nobody: .nobody
      case .name(let holder) where holder == name: .this
      default: .other
      }
    }
  }
}
