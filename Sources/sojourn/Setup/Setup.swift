import ArgumentParser
import Encoding
import HostSystem
import Identity
import Readiness

struct Setup: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Set this host up for Sojourn, or take that back.",
    discussion: """
      Tests key and endpoint with a real question, shows what it will change as a diff, changes it after a yes, verifies it, and \
      takes it back by itself if that fails. Local accounts and root can log in at every moment. Done once, it changes nothing. \
      What was broken off is finished by the next run, or taken back by --undo.

      --undo ends all sessions and takes back what was changed; configuration, keys, registry and log stay.
      """,
    subcommands: [])

  @Option(help: ArgumentHelp("Public key of the authority that signs users: a file, or the line itself.", valueName: "file"))
  var ca: String?

  @Option(help: ArgumentHelp("Address of the policy endpoint.", valueName: "url"))
  var policy: String?

  @Option(help: ArgumentHelp("What the endpoint speaks: authzen or opa (default: authzen).", valueName: "name"))
  var dialect: String?

  @Option(help: ArgumentHelp("Authorities that may sign the endpoint's certificate.", valueName: "file"))
  var policyCA: String?

  @Option(help: ArgumentHelp("This host's certificate for the endpoint.", valueName: "file"))
  var clientCertificate: String?

  @Option(help: ArgumentHelp("Its key.", valueName: "file"))
  var clientKey: String?

  @Option(help: ArgumentHelp("This host's token for the endpoint.", valueName: "file"))
  var tokenFile: String?

  @Option(help: ArgumentHelp("A group that the policy may grant here; can be given again.", valueName: "name"))
  var group: [String] = []

  @Option(help: ArgumentHelp("What the policy may decide by; can be given again.", valueName: "key=value"))
  var label: [String] = []

  @Flag(help: "Take back what setup changed.")
  var undo = false

  @Flag(help: ArgumentHelp("With --undo: the package is being removed, which takes the rest away.", visibility: .hidden))
  var forRemoval = false

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @Flag(help: "Show what would be changed, and change nothing.")
  var dryRun = false

  func validate() throws {
    let given = [ca, policy, dialect, policyCA, clientCertificate, clientKey, tokenFile].contains { $0 != nil } || !group.isEmpty || !label.isEmpty
    guard !undo || !given else { throw ValidationError("--undo takes back what is there; it needs no key and no endpoint") }
    guard undo || !forRemoval else { throw ValidationError("--for-removal belongs to --undo") }
    guard label.allSatisfy({ SetupInputs.label($0) != nil }) else { throw ValidationError("expected --label KEY=VALUE") }
  }

  func run() throws {
    try Terminal.requireRoot("sojourn setup")
    do {
      if dryRun { return try change() }
      let lock = try SetupLock()
      try change()
      _ = consume lock
    } catch let refusal as SetupRefusal {
      refusal.say()
      throw Exit.refused
    }
  }

  private func change() throws {
    if undo { return try SetupUndo(isRemoval: forRemoval, isDry: dryRun, isAgreed: yes).run() }
    var journal = try SetupJournal.read()
    let scratch = try Scratch()
    let inputs = try SetupInputs(self, scratch)
    let wish = try inputs.wish(scratch)
    try Preconditions.require(wish.configuration)
    let plan = try SetupPlan(wish, journal, scratch)
    for note in plan.notes { Terminal.say(note) }
    guard !plan.steps.isEmpty || journal.isBroken else {
      return Terminal.say("Nothing is to be done: this host is set up. 'sojourn check' looks at all of it.")
    }
    try Setup.requireAnswer(yes || dryRun)
    // Who sets nothing up needs no endpoint.
    try EndpointTrial.require(wish)
    try plan.show(scratch)
    guard !dryRun else { return Terminal.say("Nothing was changed.") }
    try Setup.agree(yes, to: "Change this host now?")
    try SetupRun(plan).run(&journal)
  }

  /// - Throws: exit status 64, with that said, if there is neither a yes nor anybody who could say it.
  private static func requireAnswer(_ isGiven: Bool) throws {
    guard !isGiven, !Terminal.hasPerson else { return }
    Terminal.say("sojourn: nobody can be asked here; say --yes")
    throw ExitCode.validationFailure
  }

  /// - Throws: exit status 1, with that said, if somebody does not agree; 64 if nobody can be asked.
  static func agree(_ isAgreed: Bool, to question: String) throws {
    guard !isAgreed else { return }
    try requireAnswer(false)
    Terminal.ask("\(question) [y/N] ")
    guard let answer = readLine()?.lowercased(), answer == "y" || answer == "yes" else {
      Terminal.say("Nothing was changed.")
      throw Exit.refused
    }
  }
}

/// One setup at a time; and no program that an earlier, killed one started is still at work.
struct SetupLock: ~Copyable {
  private let lock: FileLock

  init() throws(SetupRefusal) {
    try SetupLock.waitForOrphans()
    lock = try SetupLock.take()
  }

  private static func take() throws(SetupRefusal) -> FileLock {
    do throws(SystemError) {
      if !Files.exists(Places.run) { try Files.makeDirectory(Places.run, mode: 0o755) }
      return try FileLock(Places.setupLock)
    } catch {
      throw SetupRefusal(error.isWouldBlock ? "another 'sojourn setup' is at work" : "\(Places.setupLock) cannot be locked: \(error.sentence)", remedy: error.isWouldBlock ? "wait for it" : "")
    }
  }

  private static func waitForOrphans() throws(SetupRefusal) {
    let deadline = Deadline(seconds: 60, after: Moment.now())
    while let program = orphan {
      guard !deadline.isOver(at: Moment.now()) else { throw SetupRefusal("\(program) has been running for 60 s", remedy: "wait for it, or end it") }
      Pause.milliseconds(100)
    }
  }

  /// What changes the same files as we do. By its executable: anybody can give a program of root's, such as su, whatever name and
  /// arguments they like, and nobody may hold setup up by that.
  private static var orphan: String? {
    for process in RunningProgram.all() where process.isRoot && process.view == .same {
      let program = process.program.parts(47).last ?? ""
      if program.isExactly("groupadd") || program.isExactly("groupdel") { return program }
      let script = process.commandLine.split(separator: 0).dropFirst().prefix(2).map { String(decoding: $0, as: UTF8.self) }
      if program.begins(with: "perl"), script.contains(where: { $0.isExactly(PAMProfile.program) }) { return "pam-auth-update" }
    }
    return nil
  }
}
