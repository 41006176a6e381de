internal import HostSystem
internal import Identity

/// What a lease's person may have left outside the home, where everybody may write or where services act on a name.
/// All of it is the lease's: at the opening there was none of it, or the opening would have been refused.
enum Belongings {
  static let jobSpools = ["/var/spool/cron/atjobs", "/var/spool/at"]
  static let queues = "/dev/mqueue"
  /// Directories where everybody may make files.
  static let commons = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/run/screen"]

  /// What would start something new: gone before the processes are ended.
  static func removeStarters(name: AccountName, uid: UInt32) -> RemovalReport {
    var report = RemovalReport()
    for path in ["/var/spool/cron/crontabs/" + name.text, "/var/lib/systemd/linger/" + name.text] { remove(path, &report) }
    for spool in jobSpools { empty(spool, of: uid, directoriesToo: false, &report) }
    return report
  }

  /// What services keep under the name; each of it would stand in the way of the next opening.
  static func removeRecords(name: AccountName) -> RemovalReport {
    var report = RemovalReport()
    for path in ["/var/mail/", "/run/sudo/ts/", "/var/lib/sudo/lectured/", "/run/faillock/", "/var/lib/AccountsService/users/"] {
      remove(path + name.text, &report)
    }
    return report
  }

  /// FUSE mounts that nobody serves any more.
  static func removeMounts(uid: UInt32) -> RemovalReport {
    var report = RemovalReport()
    // What cannot be read now is no emptiness: `remaining` says so.
    for mount in MountTable.fuseMounts(of: uid, among: MountTable.all()) {
      do throws(SystemError) {
        try MountTable.detach(mount)
        report.removed += 1
      } catch { report.note("mount " + mount.point + ": " + error.sentence) }
    }
    return report
  }

  /// Mounts that stand in the host's own view: where their points went with a home they went too; elsewhere they stand, and
  /// nobody serves them.
  static func mountsOfHost(uid: UInt32) -> [String] {
    ((try? MountTable.readOfHost()).map { MountTable.fuseMounts(of: uid, among: $0) } ?? []).map { "mount " + $0.point + ": the host has it still, and nobody serves it; 'umount -l' takes it away" }
  }

  /// What System V IPC and POSIX message queues keep without any process.
  static func removeObjects(uid: UInt32) -> RemovalReport {
    var report = RemovalReport()
    // What cannot be read now is no emptiness: `remaining` says so.
    for object in (try? InterprocessObject.of(uid)) ?? [] {
      do throws(SystemError) {
        try object.remove()
        report.removed += 1
      } catch { report.note("\(object.kind) \(object.id): " + error.sentence) }
    }
    empty(queues, of: uid, directoriesToo: false, &report)
    return report
  }

  /// Removes what the uid owns in the common directories, whole trees of it.
  static func removeFromCommons(uid: UInt32) -> RemovalReport {
    var report = RemovalReport()
    for common in commons { empty(common, of: uid, directoriesToo: true, &report) }
    return report
  }

  /// What of it is still there, for the check at the end.
  static func remaining(uid: UInt32) -> (files: [String], ipc: [String], mounts: [String]) {
    var files: [String] = []
    for common in commons { files += remaining(of: uid, in: common) }
    var objects: [String] = []
    do throws(SystemError) { objects = try InterprocessObject.of(uid).map { "\($0.kind) \($0.id)" } } catch {
      objects = ["what there is of System V IPC cannot be read: " + error.sentence]
    }
    var mounts: [String] = []
    do throws(SystemError) { mounts = MountTable.fuseMounts(of: uid, among: try MountTable.read()).map { "mount " + $0.point } } catch {
      mounts = ["what is mounted cannot be read: " + error.sentence]
    }
    return (files, objects + remaining(of: uid, in: queues), mounts)
  }

  private static func remaining(of uid: UInt32, in place: String) -> [String] {
    var found: [String] = []
    do throws(SystemError) {
      let directory = try FileDescriptor.open(place, .directory)
      for entry in try owned(by: uid, in: directory) { found.append(place + "/" + entry.name) }
      if try TreeRemoval(owner: uid, place: place).isUnfinished(in: directory) { found.append(place + ": a removal that has not come to its end") }
    } catch {
      // A host may lack one of them; one that cannot be read has not been seen to be clean.
      if !error.isMissing { found.append(place + ": " + error.sentence) }
    }
    return found
  }

  private static func empty(_ place: String, of uid: UInt32, directoriesToo: Bool, _ report: inout RemovalReport) {
    do throws(SystemError) {
      let directory = try FileDescriptor.open(place, .directory)
      let removal = TreeRemoval(owner: uid, place: place)
      if directoriesToo { report.add(try removal.resume(in: directory)) }
      for entry in try owned(by: uid, in: directory) {
        do throws(SystemError) {
          let facts = try entry.facts()
          guard facts.isDirectory else {
            // It may have other names, where it is not found.
            if facts.isRegular, facts.isSetID { try entry.disarm() }
            try entry.remove()
            report.removed += 1
            continue
          }
          if directoriesToo { report.add(try removal.remove(entry, in: directory)) }
        } catch {
          if !error.isMissing { report.note(place + "/" + entry.name + ": " + error.sentence) }
        }
      }
    } catch {
      if !error.isMissing { report.note(place + ": " + error.sentence) }
    }
  }

  /// Names are bytes here: anybody can make one that is no UTF-8.
  private static func owned(by uid: UInt32, in directory: borrowing FileDescriptor) throws(SystemError) -> [DirectoryEntry] {
    let place = try FileDescriptor.open(".", .directory, at: directory.raw)
    var names: [[UInt8]] = []
    try DirectoryStream.each(place) { name in
      names.append(name)
      return true
    }
    var entries: [DirectoryEntry] = []
    for name in names {
      guard let entry = DirectoryEntry(directory, bytes: name), let facts = try? entry.facts(), facts.uid == uid else { continue }
      entries.append(entry)
    }
    return entries
  }

  private static func remove(_ path: String, _ report: inout RemovalReport) {
    do throws(SystemError) {
      try Files.remove(path)
      report.removed += 1
    } catch {
      if !error.isMissing { report.note(path + ": " + error.sentence) }
    }
  }
}
