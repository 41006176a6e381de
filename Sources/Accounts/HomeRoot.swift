public import HostSystem
public import Identity

/// The directory that homes are made in: Sojourn's own, marked as such, and the only place where a home is ever removed
/// (THREATS T21). Nobody but root can make entries in it, so its direct children are what Sojourn put there.
public struct HomeRoot: ~Copyable {
  let directory: FileDescriptor
  public let path: String

  /// Opens it; makes and marks it if it is not there. One that stands without the mark is refused (EPERM).
  public static func open(_ path: String) throws(SystemError) -> HomeRoot {
    let isNew = !Files.exists(path)
    if isNew {
      try Files.makeDirectory(path, mode: 0o711)
      try Files.replace(path + "/" + Places.homeRootMark, with: Array("Homes in this directory are Sojourn's to remove.\n".utf8), mode: 0o444, durable: true)
    }
    let directory = try FileDescriptor.open(path, .directory)
    let facts = try directory.facts()
    let mark = try Files.facts(Places.homeRootMark, at: directory.raw)
    guard facts.isTrusted, mark.isRegular, mark.isTrusted else { throw SystemError("open", code: 1) }
    return HomeRoot(directory: directory, path: path)
  }

  public func home(of name: AccountName) -> String { path + "/" + name.text }

  /// Names that have a home here.
  public func homes() throws(SystemError) -> [AccountName] { try Files.names(in: path).compactMap { AccountName($0) } }

  /// Whose the home is; nil if there is none.
  public func owner(of name: AccountName) throws(SystemError) -> UInt32? {
    guard let entry = DirectoryEntry(directory, name.text) else { return nil }
    do throws(SystemError) {
      return try entry.facts().uid
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  /// Makes the home from the skeleton: built under a name that is no account's, given to the uid, then moved into place,
  /// so that a half-made home is never a home. One that stands is an error (EEXIST).
  public func make(_ name: AccountName, uid: UInt32, skeleton: String) throws(SystemError) {
    guard let final = DirectoryEntry(directory, name.text), let building = DirectoryEntry(directory, ".new-" + name.text) else {
      throw SystemError("mkdirat", code: 22)
    }
    if (try? building.facts()) != nil { _ = try discard(building) }
    try building.makeDirectory(mode: 0o700)
    do throws(SystemError) {
      let home = try building.open(.directory)
      var budget = SkeletonBudget()
      try Skeleton.copy(try FileDescriptor.open(skeleton, .directory), into: home, uid: uid, depth: 8, budget: &budget)
      try home.setOwner(uid: uid, gid: uid)
      try building.move(to: final)
    } catch {
      _ = try? discard(building)
      throw error
    }
  }

  /// Removes the home, if it is the uid's. What is in the way is reported, never hidden.
  public func remove(_ name: AccountName, uid: UInt32) throws(SystemError) -> RemovalReport {
    guard let home = DirectoryEntry(directory, name.text) else { throw SystemError("renameat2", code: 22) }
    let facts: FileFacts
    do throws(SystemError) {
      facts = try home.facts()
    } catch {
      if error.isMissing { return RemovalReport() }
      throw error
    }
    guard facts.isDirectory, facts.uid == uid else {
      return RemovalReport(left: [path + "/" + name.text + ": not a directory of uid \(uid)"])
    }
    return try TreeRemoval(owner: uid, place: path, directory: directory).remove(home)
  }

  /// What an earlier removal was interrupted in, or a making left half done.
  public func clean() throws(SystemError) -> RemovalReport {
    var report = RemovalReport()
    for entry in try Files.names(in: path) where entry.hasPrefix(".new-") {
      if let half = DirectoryEntry(directory, entry) { report.add(try discard(half)) }
    }
    report.add(try TreeRemoval(owner: nil, place: path, directory: directory).resume())
    return report
  }

  private func discard(_ entry: DirectoryEntry) throws(SystemError) -> RemovalReport {
    try TreeRemoval(owner: nil, place: path, directory: directory).remove(entry)
  }
}
