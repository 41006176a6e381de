import Configuration
import ConfigurationFile
import Encoding
import HostSystem
import Identity
import Readiness

/// All that setup changes on this host as it is now, in the order in which it is done; empty if it is set up.
struct SetupPlan {
  let steps: [SetupStep]
  let notes: [String]
  let configuration: PublishedConfiguration

  init(_ wish: SetupInputs.Wish, _ journal: SetupJournal, _ scratch: borrowing Scratch) throws {
    configuration = wish.configuration
    let server = try ServerDropIn(wish, journal, scratch)
    var steps = server.first
    if !Preconditions.hasGroup { steps.append(SetupStep(.group, command: "groupadd --system \(Places.group)")) }
    if let step = try SetupPlan.shells() { steps.append(step) }
    if let key = wish.key { steps.append(SetupStep(.key, files: [.init(path: SetupInputs.keyFile, before: nil, after: FileState(key))])) }
    if let text = wish.text { steps.append(SetupStep(.configuration, files: [.init(path: Places.configurationFile, before: nil, after: FileState(text, mode: 0o600))])) }
    if try wish.text != nil || !SetupPlan.isPublished(wish) { steps.append(try SetupPlan.publication()) }
    if let step = try NameSources.step(scratch) { steps.append(step) }
    if let step = try PAMProfile.step(scratch) { steps.append(step) }
    if let step = HostService.step() { steps.append(step) }
    self.steps = steps + server.steps
    notes = server.notes
  }

  private static func isPublished(_ wish: SetupInputs.Wish) throws -> Bool {
    let read = ConfigurationFiles.read()
    return read.configuration.map { Publication.isCurrent($0, revocations: read.revocations) } ?? false
  }

  /// What stood there is kept for a setup that fails.
  private static func publication() throws -> SetupStep {
    do throws(SystemError) {
      return SetupStep(.publication, command: "sojourn apply", files: [
        .init(path: Places.lastGoodConfiguration, before: try HostFile.read(Places.lastGoodConfiguration), after: nil),
        .init(path: Places.publishedConfiguration, before: try HostFile.read(Places.publishedConfiguration), after: nil),
      ])
    } catch { throw SetupRefusal("\(Places.publishedConfiguration): \(error.sentence)") }
  }

  private static func shells() throws -> SetupStep? {
    let path = "/etc/shells"
    let state: FileState?
    do throws(SystemError) { state = try HostFile.read(path) } catch { throw SetupRefusal("\(path): \(error.sentence)") }
    let lines = state?.text.parts(10) ?? []
    guard !lines.contains(where: { $0.isExactly(Places.gateShell) }) else { return nil }
    let before = state?.text ?? ""
    let text = before + (before.isEmpty || before.ends(with: "\n") ? "" : "\n") + Places.gateShell + "\n"
    return SetupStep(.shells, files: [.init(path: path, before: state, after: state?.with(text) ?? FileState(text))])
  }

  /// Every change, as a diff or as the command that makes it.
  func show(_ scratch: borrowing Scratch) throws {
    for step in steps {
      if !step.command.isEmpty { try Terminal.print("run: " + step.command) }
      guard step.kind != .publication else { continue }
      for file in step.files { try Terminal.print(try scratch.difference(file)) }
    }
    if steps.isEmpty { Terminal.say("An earlier setup was broken off after its last change; what is left is to verify it.") }
  }
}
