public import HostSystem
public import Identity

/// The directory that homes are made in: Sojourn's own, marked as such, and the only place where a home is ever removed
/// (THREATS T21). Nobody but root can make entries in it, so its direct children are what Sojourn put there.
public struct HomeRoot: ~Copyable {
  let directory: FileDescriptor
  public let path: String

  /// Opens it. One that stands without the mark is refused (EPERM).
  public static func open(_ path: String) throws(SystemError) -> HomeRoot {
    let directory = try FileDescriptor.open(path, .directory)
    let facts = try directory.facts()
    let mark: FileFacts
    do throws(SystemError) { mark = try Files.facts(Places.homeRootMark, at: directory.raw) } catch {
      throw SystemError("open", code: error.isMissing ? 1 : error.code)
    }
    guard facts.isTrusted, mark.isRegular, mark.isTrusted else { throw SystemError("open", code: 1) }
    return HomeRoot(directory: directory, path: path)
  }

  /// Opens it, and makes it first if nothing stands there: marked under another name and then moved into place, so that a
  /// power cut never leaves a directory that is refused for ever.
  public static func establish(_ path: String) throws(SystemError) -> HomeRoot {
    if !Files.exists(path) {
      let building = path + ".new"
      try Files.makeDirectory(building, mode: 0o711)
      try Files.replace(building + "/" + Places.homeRootMark, with: Array("Homes in this directory are Sojourn's to remove.\n".utf8), mode: 0o444, durable: true)
      try Files.move(building, to: path)
      try Files.synchronizeDirectory(of: path)
    }
    return try open(path)
  }

  public func home(of name: AccountName) -> String { path + "/" + name.text }

  /// Names that have a home here.
  public func homes() throws(SystemError) -> [AccountName] { try Files.names(in: path).compactMap { AccountName($0) } }

  /// Uids whose home is on the way to its end here.
  public func unfinished() throws(SystemError) -> [UInt32] {
    let prefix = TreeRemoval.trashPrefix(nil).dropLast("new-".count)
    return try Files.names(in: path).compactMap { name in
      guard name.hasPrefix(prefix) else { return nil }
      return ProcessTable.decimal(name.dropFirst(prefix.count).utf8.prefix { $0 != UInt8(ascii: "-") }).flatMap { UInt32(exactly: $0) }
    }
  }

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

  /// Removes the home, if it is the uid's, and what an earlier removal of it was interrupted in. What is in the way is
  /// reported, never hidden.
  public func remove(_ name: AccountName, uid: UInt32) throws(SystemError) -> RemovalReport {
    guard let home = DirectoryEntry(directory, name.text) else { throw SystemError("renameat2", code: 22) }
    let removal = TreeRemoval(owner: uid, place: path)
    let facts: FileFacts
    do throws(SystemError) {
      facts = try home.facts()
    } catch {
      if error.isMissing { return try removal.resume(in: directory) }
      throw error
    }
    guard facts.isDirectory, facts.uid == uid else {
      return RemovalReport(left: [path + "/" + name.text + ": not a directory of uid \(uid)"])
    }
    return try removal.remove(home, in: directory)
  }

  /// Is there anything here that is still to be removed for this name and uid?
  public func holds(_ name: AccountName, uid: UInt32) throws(SystemError) -> Bool {
    if try owner(of: name) == uid { return true }
    return try TreeRemoval(owner: uid, place: path).isUnfinished(in: directory)
  }

  /// Removes homes whose making was interrupted: small, and nobody ever had them.
  public func clean() throws(SystemError) -> RemovalReport {
    var report = RemovalReport()
    for entry in try Files.names(in: path) where entry.hasPrefix(".new-") {
      if let half = DirectoryEntry(directory, entry) { report.add(try discard(half)) }
    }
    report.add(try TreeRemoval(owner: nil, place: path).resume(in: directory))
    return report
  }

  private func discard(_ entry: DirectoryEntry) throws(SystemError) -> RemovalReport {
    try TreeRemoval(owner: nil, place: path).remove(entry, in: directory)
  }
}
