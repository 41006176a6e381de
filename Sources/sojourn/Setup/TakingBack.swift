import Configuration
import Encoding
import HostSystem
import Identity
import Readiness

/// Steps of the journal, each brought back to what was there before it. Only what is still as setup left it is put back whole; of what
/// somebody changed since, only our words are taken out, and that is said.
enum TakingBack {
  /// - Parameter isRollback: what the run that failed wrote, and nothing of an earlier one; else all, except what stays after an undo.
  /// - Returns: whether all of it succeeded; what did not stays in the journal.
  static func all(_ journal: inout SetupJournal, isRollback: Bool, isRemoval: Bool = false) -> Bool {
    var failures = 0
    while true {
      // Those that failed stand last in the journal, and are not tried again. Of two at one file the later comes first.
      let open = journal.steps.indices.dropLast(failures).filter { isRollback ? journal.steps[$0].isPending : true }
      guard let index = open.min(by: { (journal.steps[$0].kind.undone, -$0) < (journal.steps[$1].kind.undone, -$1) }) else { break }
      let step = journal.steps[index]
      do throws(SetupRefusal) {
        if step.kind == .profile, !isRollback { try requireNoTrust() }
        if isRollback || !step.kind.stays, !(isRemoval && step.kind == .nameServices) {
          for note in try takeBack(step, isRollback: isRollback) { Terminal.say(note) }
          Terminal.say("Taken back: \(step.title)")
        }
        do throws(SystemError) { try journal.forget(at: index) } catch { throw SetupRefusal("\(Places.setupJournal) cannot be written: \(error.sentence)") }
      } catch {
        error.say()
        failures += 1
        journal.postpone(index)
        // As long as an sshd may trust our authorities, PAM must ask us about every certificate: so the package stays as well.
        if [.sshd, .authorities, .profile].contains(step.kind) { return false }
      }
    }
    return failures == 0
  }

  /// - Throws: while a server of this host, also one that setup knows nothing of, takes certificates of ours: without PAM's part
  /// nobody would decide about them.
  private static func requireNoTrust() throws(SetupRefusal) {
    let configuration: PublishedConfiguration
    do throws(ConfigurationUnavailable) { configuration = try PublishedConfiguration.current() } catch { return }
    let keys = configuration.certificate.trusted.map { $0.blob } + (configuration.breakGlass.map { [$0.authority] } ?? [])
    guard let server = TrustingServers.all(keys).first else { return }
    throw SetupRefusal(server + "; without the lines of pam_sojourn.so they would open local accounts undecided, so these lines stay",
      remedy: "take that file out of its TrustedUserCAKeys, reload it, and run 'sojourn setup --undo' again")
  }

  static func takeBack(_ step: SetupStep, isRollback: Bool) throws(SetupRefusal) -> [String] {
    for file in step.files { HostFile.sweep(file.path) }
    switch step.kind {
    case .group: return try group()
    case .shells: return try files(step) { text in text.parts(10).filter { !$0.isExactly(Places.gateShell) }.joined(separator: "\n") }
    case .nameServices: return try files(step) { NameSources.without($0) }
    case .profile: return try PAMProfile.disable(step.files)
    case .service:
      try HostService.stop(keepEnabled: step.wasEnabled)
      if isRollback, step.wasActive { try HostService.startAgain() }
      return []
    case .key, .configuration, .authorities:
      let notes = try files(step, edited: nil)
      try? Files.removeDirectory(Files.parent(of: Places.configurationFile))
      return notes
    case .publication:
      for file in step.files { try put(file.path, file.before) }
      return []
    case .sshd:
      var notes = try files(step, edited: nil)
      if let note = try ServerReload.all() { notes.append(note) }
      return notes
    }
  }

  /// - Parameter edited: takes our words out of what somebody changed; nil: the whole file is ours, and is moved aside.
  private static func files(_ step: SetupStep, edited: ((String) -> String)?) throws(SetupRefusal) -> [String] {
    var notes: [String] = []
    for file in step.files.reversed() {
      let found: FileState?
      do throws(SystemError) { found = try HostFile.read(file.path) } catch { throw SetupRefusal("\(file.path): \(error.sentence)") }
      func isFound(_ state: FileState?) -> Bool { state.map { state in found.map { $0.bytes.elementsEqual(state.bytes) } ?? false } ?? (found == nil) }
      if isFound(file.before) { continue }
      if isFound(file.after) {
        try put(file.path, file.before)
        continue
      }
      guard let found else {
        notes.append("\(file.path) is gone, and stays so.")
        continue
      }
      if let edited {
        try put(file.path, found.with(edited(found.text)))
        notes.append("\(file.path) was changed since: only Sojourn's words were taken out.")
      } else {
        // Not beside it: where sshd includes all of a directory, it would be read there.
        let folder = Files.parent(of: Places.configurationFile)
        let aside = folder + "/" + (file.path.parts(47).last ?? "") + ".undone"
        do throws(SystemError) {
          if !Files.exists(folder) { try Files.makeDirectory(folder, mode: 0o755) }
          try Files.move(file.path, to: aside)
          try Files.synchronizeDirectory(of: file.path)
        } catch { throw SetupRefusal("\(file.path): \(error.sentence)") }
        notes.append("\(file.path) was changed since: it is now \(aside), which nobody reads.")
      }
    }
    return notes
  }

  private static func files(_ step: SetupStep, _ edited: @escaping (String) -> String) throws(SetupRefusal) -> [String] { try files(step, edited: edited) }

  private static func put(_ path: String, _ state: FileState?) throws(SetupRefusal) {
    do throws(SystemError) { try HostFile.put(path, state) } catch { throw SetupRefusal("\(path): \(error.sentence)") }
  }

  private static func group() throws(SetupRefusal) -> [String] {
    let names: HostNames
    do throws(SystemError) { names = try HostNames(HostFiles()) } catch { throw SetupRefusal("/etc/group cannot be read: \(error.sentence)") }
    guard let group = names.group(Places.group) else { return [] }
    guard group.members.isEmpty, !names.users.contains(where: { $0.gid == group.gid }) else { return ["The group \(Places.group) has members by now, and stays."] }
    try Command.run("/usr/sbin/groupdel", [Places.group])
    return []
  }
}
