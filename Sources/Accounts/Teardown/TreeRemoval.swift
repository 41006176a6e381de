internal import HostSystem

/// What a removal did.
public struct RemovalReport: Sendable {
  /// Entries that are gone.
  public var removed: UInt64
  /// What could not be removed, or was not the lease's to remove, and why.
  public var left: [String]

  public init(removed: UInt64 = 0, left: [String] = []) {
    self.removed = removed
    self.left = left
  }

  public mutating func add(_ other: RemovalReport) {
    removed += other.removed
    left.append(contentsOf: other.left.prefix(100 - min(100, left.count)))
  }
}

/// Removes a tree that its owner filled with whatever they liked, as root, with two descriptors and no recursion:
/// the tree is moved into a root-only directory of the same file system, where no path of its owner's reaches it; there
/// each directory is emptied by unlinking its files and moving its subdirectories up beside it, so that depth costs nothing.
/// Names are only ever taken relative to a descriptor, links are never followed, and what is mounted inside is detached first.
struct TreeRemoval: ~Copyable {
  private let owner: UInt32?
  private let place: String
  private let trash: FileDescriptor
  private let kept: String

  static var trashName: String { ".trash" }
  static var keptName: String { ".kept" }

  /// - Parameters:
  ///   - owner: files of other people (not root's) are kept and reported; nil removes whatever is there.
  ///   - place: path of `directory`, for messages.
  init(owner: UInt32?, place: String, directory: borrowing FileDescriptor) throws(SystemError) {
    self.owner = owner
    self.place = place
    kept = place + "/" + TreeRemoval.keptName
    try Files.makeDirectory(place + "/" + TreeRemoval.trashName, mode: 0o700)
    trash = try FileDescriptor.open(TreeRemoval.trashName, .directory, at: directory.raw)
  }

  /// Removes one entry of the place, with all that is in it.
  func remove(_ entry: DirectoryEntry) throws(SystemError) -> RemovalReport {
    let label = entry.name + "-" + (try Random.hex(8))
    guard let target = DirectoryEntry(trash, label) else { throw SystemError("renameat2", code: 22) }
    do throws(SystemError) {
      try entry.move(to: target)
    } catch {
      // Something is mounted on it, or it is marked immutable: take that away and try once more.
      try? entry.unmount()
      if let directory = try? entry.open(.directory) { try? directory.clearImmutable() }
      try entry.move(to: target)
    }
    return try resume()
  }

  /// Empties the trash, whoever filled it: an interrupted removal goes on where it was.
  func resume() throws(SystemError) -> RemovalReport {
    var report = RemovalReport()
    var refused: Set<String> = []
    while true {
      let waiting = try Files.names(in: place + "/" + TreeRemoval.trashName).filter { !refused.contains($0) }
      if waiting.isEmpty { return report }
      for name in waiting {
        guard let entry = DirectoryEntry(trash, name) else { continue }
        do throws(SystemError) {
          if try entry.facts().isDirectory {
            try empty(entry, &report)
            try removing(entry, &report) { e throws(SystemError) in try e.removeDirectory() }
          } else {
            try removing(entry, &report) { e throws(SystemError) in try e.remove() }
          }
        } catch {
          if error.isMissing { continue }
          refused.insert(name)
          report.add(RemovalReport(left: [name + ": " + error.sentence]))
        }
      }
    }
  }

  private func empty(_ entry: DirectoryEntry, _ report: inout RemovalReport) throws(SystemError) {
    if (try? entry.open(.directory)) == nil { try? entry.unmount() }
    let directory = try entry.open(.directory)
    // In bites, because a directory may hold more names than there is memory for.
    while true {
      let names = try DirectoryBite.names(of: directory, atMost: 4096)
      if names.isEmpty { return }
      var progress = false
      for name in names {
        guard let child = DirectoryEntry(directory, name) else { continue }
        do throws(SystemError) {
          let facts = try child.facts()
          if let owner, facts.uid != owner, facts.uid != 0, !facts.isDirectory {
            try keep(child, facts, &report)
          } else if facts.isDirectory {
            let up = (try Random.hex(12))
            guard let target = DirectoryEntry(trash, up) else { throw SystemError("renameat2", code: 22) }
            try removing(child, &report, counts: false) { e throws(SystemError) in try e.move(to: target) }
          } else {
            try removing(child, &report) { e throws(SystemError) in try e.remove() }
          }
          progress = true
        } catch {
          if error.isMissing { progress = true } else { report.add(RemovalReport(left: [name + ": " + error.sentence])) }
        }
      }
      guard progress else { throw SystemError("unlinkat", code: 39) }
    }
  }

  /// Does it; if it is refused, takes away what may be in the way (a mount, an immutable mark on it or on its directory) and
  /// does it once more.
  private func removing(_ entry: DirectoryEntry, _ report: inout RemovalReport, counts: Bool = true,
    _ action: (DirectoryEntry) throws(SystemError) -> Void) throws(SystemError) {
    do throws(SystemError) {
      try action(entry)
    } catch {
      if error.isMissing { throw error }
      try? entry.unmount()
      if let facts = try? entry.facts(), facts.isDirectory || facts.isRegular, let file = try? entry.open(facts.isDirectory ? .directory : .file) {
        try? file.clearImmutable()
      }
      if let parent = try? FileDescriptor.open("/proc/self/fd/\(entry.directoryNumber)/.", .directory) { try? parent.clearImmutable() }
      try action(entry)
    }
    if counts { report.removed += 1 }
  }

  /// Somebody else's file in a directory of the lease's: not ours to destroy. Root keeps it, and the evidence says so.
  private func keep(_ entry: DirectoryEntry, _ facts: FileFacts, _ report: inout RemovalReport) throws(SystemError) {
    try Files.makeDirectory(kept, mode: 0o700)
    let shelf = try FileDescriptor.open(kept, .directory)
    let label = "uid\(facts.uid)-" + (try Random.hex(8))
    guard let target = DirectoryEntry(shelf, label) else { throw SystemError("renameat2", code: 22) }
    try entry.move(to: target)
    report.add(RemovalReport(left: ["\(entry.name): belongs to uid \(facts.uid), kept as \(kept)/\(label)"]))
  }
}
