internal import HostSystem
internal import Identity

/// What a lease's person may have left outside the home, where everybody may write or where services act on a name.
/// All of it is the lease's: at the opening there was none of it, or the opening would have been refused.
enum Belongings {
  /// What would start something new: gone before the processes are ended.
  static func removeStarters(name: AccountName, uid: UInt32) -> RemovalReport {
    var report = RemovalReport()
    for path in ["/var/spool/cron/crontabs/" + name.text, "/var/lib/systemd/linger/" + name.text] { remove(path, &report) }
    for spool in ["/var/spool/cron/atjobs", "/var/spool/at"] {
      for job in (try? Files.names(in: spool)) ?? [] {
        guard let facts = try? Files.facts(spool + "/" + job), facts.uid == uid, !facts.isDirectory else { continue }
        remove(spool + "/" + job, &report)
      }
    }
    return report
  }

  /// What services keep under the name.
  static func removeRecords(name: AccountName) -> RemovalReport {
    var report = RemovalReport()
    for path in ["/var/mail/" + name.text, "/run/sudo/ts/" + name.text, "/var/lib/sudo/lectured/" + name.text, "/run/faillock/" + name.text] {
      remove(path, &report)
    }
    return report
  }

  /// Directories where everybody may make files.
  static let commons = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock"]

  /// Removes what the uid owns there, whole trees of it.
  static func removeFromCommons(uid: UInt32) -> RemovalReport {
    var report = RemovalReport()
    for common in commons {
      guard let directory = try? FileDescriptor.open(common, .directory), let names = try? DirectoryStream.names(of: directory, cap: 1_000_000)
      else { continue }
      for name in names {
        guard let entry = DirectoryEntry(directory, name), let facts = try? entry.facts(), facts.uid == uid else { continue }
        do throws(SystemError) {
          if facts.isDirectory {
            report.add(try TreeRemoval(owner: uid, place: common, directory: directory).remove(entry))
          } else {
            try entry.remove()
            report.removed += 1
          }
        } catch {
          if !error.isMissing { report.add(RemovalReport(left: [common + "/" + name + ": " + error.sentence])) }
        }
      }
      // The trash of this place has done its work; a `.kept` shelf stays for the admin.
      try? Files.removeDirectory(common + "/" + TreeRemoval.trashName)
    }
    return report
  }

  /// What of it is still there, for the check at the end.
  static func remaining(uid: UInt32) -> [String] {
    var found: [String] = []
    for common in commons {
      for name in (try? Files.names(in: common)) ?? [] {
        if let facts = try? Files.facts(common + "/" + name), facts.uid == uid { found.append(common + "/" + name) }
      }
    }
    return found
  }

  private static func remove(_ path: String, _ report: inout RemovalReport) {
    do throws(SystemError) {
      try Files.remove(path)
      report.removed += 1
    } catch {
      if !error.isMissing { report.add(RemovalReport(left: [path + ": " + error.sentence])) }
    }
  }
}
