public import HostSystem

/// Looks through every file system of this host for what people left outside the places that an end empties (THREATS T14):
/// in directories that everybody may write it is removed; elsewhere it may be work that others need, so it is reported,
/// and loses its setuid and setgid bits. One search is for everybody whose account has gone since the last; for somebody
/// who goes on after a session with more rights it takes the setgid bits of those rights away.
///
/// It holds one descriptor a level and few names of each, follows no link, and leaves no file system.
public struct StraySearch {
  /// Whose files are looked for.
  public enum Wanted: Sendable {
    case gone
    /// Lives on, without these gids.
    case without(Set<UInt32>)
  }

  let people: [UInt32: Wanted]
  let places: LocalFileSystems
  /// Directories deeper than this are not looked into.
  var levels = 200
  var entries: UInt64 = 20_000_000
  var seconds: UInt64 = 1800
  private let begin = Moment.now()

  public init(people: [UInt32: Wanted], places: LocalFileSystems) {
    self.people = people
    self.places = places
  }

  /// One directory on the way down; a class, because a list cannot hold what owns a descriptor.
  private final class Level {
    let directory: FileDescriptor
    let name: [UInt8]
    /// Everybody may make files here.
    let isCommon: Bool
    var names: [[UInt8]] = []
    var isAtEnd = false

    init(_ directory: consuming FileDescriptor, name: [UInt8]) throws(SystemError) {
      let mode = try directory.facts().mode
      self.directory = directory
      self.name = name
      isCommon = mode & 0o002 != 0
    }

    func next() throws(SystemError) -> [UInt8]? {
      if names.isEmpty, !isAtEnd {
        names = try DirectoryBite.next(of: directory, atMost: 256)
        isAtEnd = names.isEmpty
      }
      return names.popLast()
    }
  }

  public func run() -> StrayReport {
    var report = StrayReport()
    for place in places.elsewhere { report.skip(place + ": not of this host") }
    for place in places.places {
      guard isWithin(report) else {
        report.isCutShort = true
        report.miss(place + ": no time was left")
        continue
      }
      look(place, &report)
    }
    if !isWithin(report) { report.isCutShort = true }
    if report.isCutShort { report.isWhole = false }
    report.seconds = UInt64(clamping: (Moment.now().boot - begin.boot) / 1_000_000_000)
    return report
  }

  private func isWithin(_ report: StrayReport) -> Bool {
    report.entries < entries && !Deadline(seconds: seconds, after: begin).isOver(at: Moment.now())
  }

  private func look(_ place: String, _ report: inout StrayReport) {
    var levels: [Level] = []
    do throws(SystemError) {
      levels.append(try Level(try FileDescriptor.open(place, .directory), name: []))
    } catch {
      // A file that is mounted on a file, or a place that went meanwhile.
      if !error.isMissing, !error.isNoDirectory { report.miss("\(place): \(error.sentence)") }
      return
    }
    report.places.append(place)
    while let level = levels.last {
      if report.entries % 4096 == 4095, !isWithin(report) {
        report.isCutShort = true
        return report.miss("\(path(place, levels, [])): the rest, because no time was left")
      }
      let name: [UInt8]
      do throws(SystemError) {
        guard let next = try level.next() else {
          levels.removeLast()
          continue
        }
        name = next
      } catch {
        report.miss("\(path(place, levels, [])): \(error.sentence)")
        levels.removeLast()
        continue
      }
      report.entries += 1
      do throws(SystemError) {
        guard let entry = DirectoryEntry(level.directory, bytes: name) else { continue }
        let seen = try entry.open(.path)
        let facts = try seen.facts()
        let isGone = try treat(entry, seen, facts, in: level, { path(place, levels, name) }, &report)
        guard facts.isDirectory, !isGone, !isOurs(name, facts) else { continue }
        guard levels.count < self.levels else {
          report.miss("\(path(place, levels, name)): deeper than \(self.levels) levels")
          continue
        }
        levels.append(try Level(try entry.open(.directory), name: name))
      } catch {
        // It went meanwhile, or another file system begins there, which has its own turn.
        if error.isMissing || error.isOtherSystem { continue }
        report.miss("\(path(place, levels, name)): \(error.sentence)")
      }
    }
  }

  private func path(_ place: String, _ levels: [Level], _ name: [UInt8]) -> String {
    var bytes = place == "/" ? [] : Array(place.utf8)
    for part in levels.dropFirst().map(\.name) + (name.isEmpty ? [] : [name]) { bytes += [47] + part }
    return String(decoding: bytes.isEmpty ? [47] : bytes, as: UTF8.self)
  }

  /// What a removal is at work in, or has put aside for root.
  private func isOurs(_ name: [UInt8], _ facts: FileFacts) -> Bool {
    facts.uid == 0 && facts.permissions == 0o700 && (name.starts(with: ".sojourn-trash-".utf8) || name.starts(with: ".sojourn-kept-".utf8))
  }

  /// - Returns: whether it is not there any more.
  private func treat(_ entry: DirectoryEntry, _ seen: borrowing FileDescriptor, _ facts: FileFacts, in level: Level, _ path: () -> String, _ report: inout StrayReport) throws(SystemError) -> Bool {
    switch people[facts.uid] {
    case nil:
      // Another's file that acts as the gid of somebody who is gone.
      guard facts.isRegular, facts.permissions & 0o2000 != 0, case .gone = people[facts.gid] else { return false }
      try disarm(entry, seen, facts, path(), &report)
    case .without(let gids):
      guard facts.isRegular, facts.permissions & 0o2000 != 0, gids.contains(facts.gid) else { return false }
      try disarm(entry, seen, facts, path(), &report)
    case .gone:
      // Whoever came back meanwhile may have made it: the next end sees to it.
      guard facts.changed.seconds < begin.wall / 1_000_000_000 else {
        report.miss("\(path()): changed since the search began")
        return false
      }
      if level.isCommon { return try remove(entry, seen, facts, in: level, path(), &report) }
      if facts.isRegular, facts.isSetID { try disarm(entry, seen, facts, path(), &report) }
      report.leave(path())
    }
    return false
  }

  private func remove(_ entry: DirectoryEntry, _ seen: borrowing FileDescriptor, _ facts: FileFacts, in level: Level, _ path: String,
    _ report: inout StrayReport) throws(SystemError) -> Bool {
    do throws(SystemError) {
      guard facts.isDirectory else {
        // It may have other names, where it is not found.
        if facts.isRegular, facts.isSetID { try change(entry, seen, facts) }
        try entry.insistOnRemoval(of: facts.uid)
        report.removed += 1
        return true
      }
      // Whoever mounted something there uses it.
      guard try !MountTable.read().contains(where: { $0.point.utf8.starts(with: (path + "/").utf8) }) else {
        report.leave("\(path): something is mounted in it")
        return false
      }
      let gone = try TreeRemoval(owner: facts.uid, place: Files.parent(of: path), isElsewhere: true).remove(entry, in: level.directory)
      report.removed += gone.removed
      for text in gone.left { report.leave(text) }
      return true
    } catch {
      report.leave("\(path): \(error.sentence)")
      if facts.isRegular, facts.isSetID { try disarm(entry, seen, facts, path, &report) }
      return false
    }
  }

  private func disarm(_ entry: DirectoryEntry, _ seen: borrowing FileDescriptor, _ facts: FileFacts, _ path: String, _ report: inout StrayReport) throws(SystemError) {
    try change(entry, seen, facts)
    report.disarm(path)
  }

  /// Takes the bits away from the very file that was seen.
  private func change(_ entry: DirectoryEntry, _ seen: borrowing FileDescriptor, _ facts: FileFacts) throws(SystemError) {
    do throws(SystemError) { try seen.setModeOfPath(facts.permissions & 0o1777) } catch {
      guard error.isDenied else { throw error }
      try entry.clearImmutable()
      try seen.setModeOfPath(facts.permissions & 0o1777)
    }
  }
}

extension DirectoryEntry {
  /// Removes it, taking an immutable mark away if that is what forbids it.
  func insistOnRemoval(of owner: UInt32) throws(SystemError) {
    do throws(SystemError) { try remove() } catch {
      guard error.isDenied else { throw error }
      try clearImmutable()
      clearImmutableDirectory(of: owner)
      try remove()
    }
  }
}
