internal import HostSystem

/// What a removal did.
public struct RemovalReport: Sendable {
  /// Entries that are gone.
  public var removed: UInt64
  /// What could not be removed, or was not the lease's to remove, and why; at most 100.
  public private(set) var left: [String]

  public init(removed: UInt64 = 0, left: [String] = []) {
    self.removed = removed
    self.left = left
  }

  public mutating func add(_ other: RemovalReport) {
    removed += other.removed
    for text in other.left { note(text) }
  }

  mutating func note(_ text: String) {
    if left.count < 100, !left.contains(text) { left.append(text) }
  }
}

/// Removes a tree that its owner filled with whatever they liked, as root, with few descriptors and no recursion:
/// the tree is moved into a root-only directory of the same file system, where no path of its owner's reaches it; there
/// each directory is emptied by unlinking its files and moving its subdirectories up beside it, so that depth costs nothing.
/// It is root's alone before it is emptied: who stands in it, or holds it open, can put nothing into it any more.
/// Names are only ever taken relative to a descriptor, links are never followed, and what is mounted inside is detached first.
///
/// The trash is one uid's, so that two removals at once do not take each other's files for a stranger's, and its name
/// cannot be known before: in /tmp anybody could have made it. What is root's and has the prefix is ours.
struct TreeRemoval {
  /// Files of other people (not root's) are kept and reported; nil: whatever is there is removed.
  let owner: UInt32?
  /// Path of the directory, for messages.
  let place: String
  /// A place that was never the lease's alone: root's files are kept like everybody else's, and nothing is unmounted.
  var isElsewhere = false

  static func trashPrefix(_ owner: UInt32?) -> String { ".sojourn-trash-\(owner.map { String($0) } ?? "new")-" }
  static func keptPrefix(_ owner: UInt32) -> String { ".sojourn-kept-\(owner)-" }

  /// Removes one entry of the place, with all that is in it.
  func remove(_ entry: DirectoryEntry, in directory: borrowing FileDescriptor) throws(SystemError) -> RemovalReport {
    let trash: DirectoryEntry
    do throws(SystemError) { trash = try RootOnly.make(TreeRemoval.trashPrefix(owner), in: directory) } catch {
      guard error.isFull else { throw error }
      return try removeWithoutRoom(entry, in: directory)
    }
    let opened = try trash.open(.directory)
    guard let target = DirectoryEntry(opened, try Random.hex(8)) else { throw SystemError("renameat2", code: 22) }
    do throws(SystemError) {
      try insist(entry) { e throws(SystemError) in try e.move(to: target) }
    } catch {
      try? trash.removeDirectory()
      throw error
    }
    if let report = try putBack(target, entry, in: directory) {
      try trash.removeDirectory()
      return report
    }
    return try resume(in: directory, besides: trash)
  }

  /// Somebody may have put another's in its place between the look and the move.
  /// - Returns: nil if what was moved is the owner's.
  private func putBack(_ moved: DirectoryEntry, _ entry: DirectoryEntry, in directory: borrowing FileDescriptor) throws(SystemError) -> RemovalReport? {
    guard let owner else { return nil }
    let uid = try? moved.facts().uid
    if uid == owner { return nil }
    var report = RemovalReport()
    do throws(SystemError) {
      try moved.move(to: entry)
      report.note("\(place)/\(entry.name): belongs to \(uid.map { "uid \($0)" } ?? "nobody knows whom") by now, and was left")
    } catch {
      try keep(moved, try moved.facts(), owner, in: directory, &report)
    }
    return report
  }

  /// Where there is no room for one directory more (one person used up the inodes: THREATS T29), the tree is its own trash.
  private func removeWithoutRoom(_ entry: DirectoryEntry, in directory: borrowing FileDescriptor) throws(SystemError) -> RemovalReport {
    guard let trash = DirectoryEntry(directory, TreeRemoval.trashPrefix(owner) + (try Random.hex(8))) else { throw SystemError("renameat2", code: 22) }
    try insist(entry) { e throws(SystemError) in try e.move(to: trash) }
    if let report = try putBack(trash, entry, in: directory) { return report }
    return try resume(in: directory)
  }

  /// What of that name is the removal's: root's own, or a tree that became its own trash, which is the owner's still.
  private func standing(in directory: borrowing FileDescriptor) throws(SystemError) -> [[UInt8]] {
    try RootOnly.standing(TreeRemoval.trashPrefix(owner), in: directory, or: owner)
  }

  /// Empties the uid's trash, whoever filled it: an interrupted removal goes on where it was.
  func resume(in directory: borrowing FileDescriptor) throws(SystemError) -> RemovalReport {
    var report = RemovalReport()
    for name in try standing(in: directory) {
      if let trash = DirectoryEntry(directory, bytes: name) { clear(trash, in: directory, &report) }
    }
    return report
  }

  /// - Parameter own: emptied whether the directory lists it or not: a list that is read while others change the directory need
  ///   not be whole (readdir(3)).
  private func resume(in directory: borrowing FileDescriptor, besides own: DirectoryEntry) throws(SystemError) -> RemovalReport {
    var report = try resume(in: directory)
    if (try? own.facts()) != nil { clear(own, in: directory, &report) }
    return report
  }

  private func clear(_ trash: DirectoryEntry, in directory: borrowing FileDescriptor, _ report: inout RemovalReport) {
    do throws(SystemError) {
      let opened = try trash.open(.directory)
      opened.takeFromOthers()
      try emptyTrash(opened, in: directory, &report)
      try trash.removeDirectory()
    } catch {
      // Gone by another's hand is gone; anything else that is missing on the way is no reason to say nothing of what stands.
      if !error.isMissing || (try? trash.facts()) != nil { report.note("\(place)/\(trash.name): \(error.sentence)") }
    }
  }

  /// Is there something that a removal of this uid has not come to the end of?
  func isUnfinished(in directory: borrowing FileDescriptor) throws(SystemError) -> Bool {
    try !standing(in: directory).isEmpty
  }

  private func emptyTrash(_ trash: borrowing FileDescriptor, in directory: borrowing FileDescriptor, _ report: inout RemovalReport) throws(SystemError) {
    var refused: Set<[UInt8]> = []
    while true {
      // In bites, because a directory may hold more names than there is memory for.
      let waiting = try DirectoryBite.names(of: trash, atMost: 1024 + refused.count).filter { !refused.contains($0) }
      if waiting.isEmpty { return }
      for name in waiting {
        guard let entry = DirectoryEntry(trash, bytes: name) else { continue }
        do throws(SystemError) {
          guard try entry.facts().isDirectory else {
            try dispose(of: entry, into: trash, in: directory, &report)
            continue
          }
          try empty(entry, into: trash, in: directory, &report)
          try insist(entry) { e throws(SystemError) in try e.removeDirectory() }
          report.removed += 1
        } catch {
          if error.isMissing { continue }
          refused.insert(name)
          report.note("\(entry.name): \(error.sentence)")
        }
      }
    }
  }

  private func empty(_ entry: DirectoryEntry, into trash: borrowing FileDescriptor, in directory: borrowing FileDescriptor,
    _ report: inout RemovalReport) throws(SystemError) {
    let inside = try entry.open(.directory)
    inside.takeFromOthers()
    var refused: Set<[UInt8]> = []
    while true {
      let names = try DirectoryBite.names(of: inside, atMost: 4096 + refused.count).filter { !refused.contains($0) }
      if names.isEmpty { return }
      for name in names {
        guard let child = DirectoryEntry(inside, bytes: name) else { continue }
        do throws(SystemError) {
          try dispose(of: child, into: trash, in: directory, &report)
        } catch {
          if error.isMissing { continue }
          refused.insert(name)
          report.note("\(child.name): \(error.sentence)")
        }
      }
    }
  }

  private func dispose(of child: DirectoryEntry, into trash: borrowing FileDescriptor, in directory: borrowing FileDescriptor,
    _ report: inout RemovalReport) throws(SystemError) {
    // What is mounted on it hides whose it is and what it is; nearly always nothing is, and this is one failing call.
    if !isElsewhere, (try? child.unmount()) != nil { for _ in 0..<64 where (try? child.unmount()) == nil { break } }
    let facts = isElsewhere ? try child.open(.path).facts() : try child.facts()
    if facts.isDirectory {
      guard let target = DirectoryEntry(trash, try Random.hex(12)) else { throw SystemError("renameat2", code: 22) }
      try insist(child) { e throws(SystemError) in try e.move(to: target) }
    } else if let owner, facts.uid != owner, facts.uid != 0 || isElsewhere {
      try keep(child, facts, owner, in: directory, &report)
    } else {
      // It may have another name where nobody looks.
      if facts.isRegular, facts.isSetID { try insist(child) { e throws(SystemError) in try e.disarm() } }
      try insist(child) { e throws(SystemError) in try e.remove() }
      report.removed += 1
    }
  }

  /// Does it; if it is refused, takes away what may be in the way (mounts on it, an immutable mark on it or on the owner's
  /// directory) and does it once more.
  private func insist(_ entry: DirectoryEntry, _ action: (DirectoryEntry) throws(SystemError) -> Void) throws(SystemError) {
    do throws(SystemError) {
      try action(entry)
    } catch {
      if error.isBusy, !isElsewhere {
        for _ in 0..<64 where (try? entry.unmount()) == nil { break }
      } else if error.isDenied {
        try? entry.clearImmutable()
        entry.clearImmutableDirectory(of: owner)
      } else {
        throw error
      }
      try action(entry)
    }
  }

  /// Somebody else's file in a directory of the lease's: not ours to destroy. Root keeps it, and the evidence says so.
  private func keep(_ entry: DirectoryEntry, _ facts: FileFacts, _ owner: UInt32, in directory: borrowing FileDescriptor,
    _ report: inout RemovalReport) throws(SystemError) {
    let shelf: DirectoryEntry
    if let name = try RootOnly.standing(TreeRemoval.keptPrefix(owner), in: directory).first, let there = DirectoryEntry(directory, bytes: name) {
      shelf = there
    } else {
      shelf = try RootOnly.make(TreeRemoval.keptPrefix(owner), in: directory)
    }
    let opened = try shelf.open(.directory)
    let label = "uid\(facts.uid)-" + (try Random.hex(8))
    guard let target = DirectoryEntry(opened, label) else { throw SystemError("renameat2", code: 22) }
    try insist(entry) { e throws(SystemError) in try e.move(to: target) }
    report.note("\(entry.name): belongs to uid \(facts.uid), kept as \(place)/\(shelf.name)/\(label)")
  }
}

/// Directories of ours in a place where others may make some too: root's, for root only, and named so that nobody can
/// have made them before.
enum RootOnly {
  static func make(_ prefix: String, in directory: borrowing FileDescriptor) throws(SystemError) -> DirectoryEntry {
    guard let entry = DirectoryEntry(directory, prefix + (try Random.hex(8))) else { throw SystemError("mkdirat", code: 22) }
    try entry.makeDirectory(mode: 0o700)
    return entry
  }

  /// - Parameter owner: whose count besides root's.
  static func standing(_ prefix: String, in directory: borrowing FileDescriptor, or owner: UInt32? = nil) throws(SystemError) -> [[UInt8]] {
    let place = try FileDescriptor.open(".", .directory, at: directory.raw)
    var found: [[UInt8]] = []
    try DirectoryStream.each(place) { name in
      if name.starts(with: prefix.utf8) { found.append(name) }
      return true
    }
    var ours: [[UInt8]] = []
    for name in found {
      guard let entry = DirectoryEntry(directory, bytes: name), let facts = try? entry.facts() else { continue }
      if facts.isDirectory, facts.uid == 0 && facts.permissions == 0o700 || facts.uid == owner { ours.append(name) }
    }
    return ours
  }
}
