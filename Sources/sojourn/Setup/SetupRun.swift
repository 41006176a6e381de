import Configuration
import ConfigurationFile
import Encoding
import HostSystem
import Identity

/// A plan carried out: each step is in the journal before it is done, and names get accounts only after all of it is verified.
struct SetupRun {
  private let plan: SetupPlan

  init(_ plan: SetupPlan) { self.plan = plan }

  /// - Throws: exit status 1, after all of it has been taken back.
  func run(_ journal: inout SetupJournal) throws {
    // From here on a lost terminal or ^C leads to a host as it was, not to half of one.
    let signals = try? ScreenSignals()
    do throws(SetupRefusal) {
      try CandidateMark.put()
      let verification = Verification(plan.configuration)
      // What a setup that was broken off did is no state that a later one may find good enough.
      if journal.isPending { try verification.requireBeginning() }
      for step in plan.steps {
        if case .end = signals?.next(milliseconds: 0) { throw SetupRefusal("it was interrupted") }
        do throws(SystemError) { try journal.begin(step) } catch { throw SetupRefusal("\(Places.setupJournal) cannot be written: \(error.sentence)") }
        try SetupRun.perform(step)
        Terminal.say("Done: \(step.title)")
      }
      if case .end = signals?.next(milliseconds: 0) { throw SetupRefusal("it was interrupted") }
      let hasDaemon = try verification.require()
      // Last of all.
      try CandidateMark.remove()
      if hasDaemon { try verification.requireCandidates() }
      do throws(SystemError) { try journal.confirm() } catch { throw SetupRefusal("\(Places.setupJournal) cannot be written: \(error.sentence)") }
      Terminal.say(hasDaemon
        ? "This host is set up: people log in with certificates as the policy decides. 'sojourn setup --undo' takes it back."
        : "This host is set up, but sojournd does not run, and without it nobody is let in: start \(Places.daemon) as root, and whenever the host starts.")
    } catch {
      error.say()
      takeBack(&journal)
      throw Exit.refused
    }
  }

  private func takeBack(_ journal: inout SetupJournal) {
    Terminal.say("Taking back what this run changed.")
    do throws(SetupRefusal) {
      try CandidateMark.put()
      try CandidateMark.withdraw()
      guard TakingBack.all(&journal, isRollback: true) else {
        return Terminal.say("Not all of it could be taken back; until 'sojourn setup --undo' does it, nobody is let in by Sojourn. Local accounts are not concerned.")
      }
      try CandidateMark.remove()
      if HostService.daemon != nil { HostService.tellDaemon() }
      Terminal.say("This host is as it was before.")
    } catch { error.say() }
  }

  private static func perform(_ step: SetupStep) throws(SetupRefusal) {
    switch step.kind {
    case .group: try Command.run("/usr/sbin/groupadd", ["--system", Places.group])
    case .shells, .nameServices, .authorities: try put(step)
    case .key, .configuration:
      do throws(SystemError) {
        let folder = Files.parent(of: Places.configurationFile)
        if !Files.exists(folder) { try Files.makeDirectory(folder, mode: 0o755) }
      } catch { throw SetupRefusal("/etc/sojourn cannot be made: \(error.sentence)") }
      try put(step)
    case .publication: try publish()
    case .profile: try PAMProfile.enable()
    case .service: try HostService.start()
    case .sshd:
      try put(step)
      try ServerDropIn.test(nil)
      if let note = try ServerReload.all() { Terminal.say(note) }
    }
  }

  private static func put(_ step: SetupStep) throws(SetupRefusal) {
    for file in step.files {
      let found: FileState?
      do throws(SystemError) { found = try HostFile.read(file.path) } catch { throw SetupRefusal("\(file.path): \(error.sentence)") }
      guard (found?.bytes ?? []).elementsEqual(file.before?.bytes ?? []), (found == nil) == (file.before == nil) else {
        throw SetupRefusal("\(file.path) was changed by somebody else meanwhile", remedy: "run 'sojourn setup' again")
      }
      do throws(SystemError) { try HostFile.put(file.path, file.after) } catch { throw SetupRefusal("\(file.path): \(error.sentence)") }
    }
  }

  private static func publish() throws(SetupRefusal) {
    do throws(Publication.Failure) {
      let lock = try PublicationLock(seconds: 15)
      let read = ConfigurationFiles.read()
      for problem in read.errors { Terminal.say(problem.line) }
      guard let configuration = read.configuration else { throw Publication.Failure.notEncodable }
      try Publication.publish(configuration, revocations: read.revocations)
      _ = consume lock
    } catch { throw SetupRefusal("the configuration could not be published", remedy: "run 'sojourn apply', and see what it says") }
    if HostService.daemon != nil { HostService.tellDaemon() }
  }
}

/// While it stands, no daemon publishes candidates: neither one that runs nor one that a reboot starts.
enum CandidateMark {
  private static let candidates = Places.projection + "/candidate"

  static func put() throws(SetupRefusal) {
    do throws(SystemError) {
      if !Files.exists(Places.state) { try Files.makeDirectory(Places.state, mode: 0o755) }
      try Files.replace(Places.setupMark, with: [], mode: 0o600, durable: true)
    } catch { throw SetupRefusal("\(Places.setupMark) cannot be written: \(error.sentence)") }
  }

  static func remove() throws(SetupRefusal) {
    guard Files.exists(Places.setupMark) else { return }
    do throws(SystemError) {
      try Files.remove(Places.setupMark)
      try Files.synchronizeDirectory(of: Places.setupMark)
    } catch { throw SetupRefusal("\(Places.setupMark) cannot be removed: \(error.sentence)", remedy: "remove it, then run 'sojourn apply'") }
  }

  /// No name without an account is answered any more when this returns, whether the daemon lives, hangs or is dead.
  static func withdraw() throws(SetupRefusal) {
    guard Files.exists(candidates) else { return }
    HostService.tellDaemon()
    let deadline = Deadline(seconds: 10, after: Moment.now())
    while Files.exists(candidates), !deadline.isOver(at: Moment.now()), HostService.daemon != nil { Pause.milliseconds(50) }
    guard Files.exists(candidates) else { return }
    do throws(SystemError) { try Files.remove(candidates) } catch {
      if Files.exists(candidates) { throw SetupRefusal("\(candidates) cannot be removed: \(error.sentence)") }
    }
  }
}
