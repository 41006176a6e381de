internal import DaemonProtocol
internal import Encoding

/// What the phases have in common: one login, the world around it, and the handle that it speaks through.
/// (A class for the reason that `Published` is one.)
final class Phase<World: Surroundings, Voice: Dialogue> {
  let login: Login
  let world: World
  let voice: Voice

  init(login: Login, world: World, voice: Voice) {
    self.login = login
    self.world = world
    self.voice = voice
  }

  /// Milliseconds that the daemon may take to hear of a refusal: the refusal itself must not wait for it.
  private static var farewell: Int32 { 500 }
  /// Milliseconds until a daemon that died is there again, and has read the leases and answers.
  private static var afterADeath: (milliseconds: Int32, restart: Int64) { (5000, 2000) }

  @inline(never)
  func log(_ level: LogLevel, _ text: String) { voice.log(level, Escape.sentence(text, limit: 1500)) }

  @inline(never)
  func begin(_ phase: StaticString) {
    for option in login.options.unknown { log(.error, "unknown option \(option) on the line in /etc/pam.d: it has no effect") }
    if login.options.isDebug { log(.debug, "\(phase): user=\(login.shownUser) service=\(login.facts.service)") }
  }

  /// The person is told, the log is written, and then the daemon may know: in this order, because it ends the connection.
  @inline(never)
  func refuse(_ refusal: Refusal, _ trail: Trail, tellsDaemon: Bool = true) -> PAMResult {
    let row = refusal.row
    let facts = login.facts
    var line = (trail.isBreakGlass ? Trail.breakGlassMark : "") + "refused \(login.shownUser): \(refusal.token)"
    if !row.detail.utf8.isEmpty { line += ": " + refusal.detail }
    line += " (service=\(facts.service) from=\(facts.remote)" + trail.text + ")"
    log(trail.isBreakGlass ? .alert : row.level, line)
    voice.hear(refusal)
    if !login.isSilent { voice.show(error: refusal.sentence(for: login.shownUser, request: trail.isBreakGlass ? nil : trail.decision?.requestID)) }
    if tellsDaemon {
      let message = RefusedLogin(name: login.shownUser, isLocal: trail.isLocal, login: facts, credential: trail.credential, decision: trail.decision,
        token: refusal.token, detail: refusal.detail)
      // The daemon may have opened what this login never heard of: the next one is waited for, so that it ends that.
      var patience = (milliseconds: Phase.farewell, restart: Int64(0))
      if case .noAnswer = refusal { patience = Phase.afterADeath }
      do throws(DaemonSilence) {
        _ = try world.daemon(.refused(message), milliseconds: patience.milliseconds, patience: patience.restart)
      } catch {
        log(.debug, "the daemon did not hear of the refusal: " + Refusal(error).detail)
      }
    }
    return .refused(row.code)
  }
}

extension Trail {
  /// For one line of the log.
  var text: String {
    var text = ""
    if let credential {
      text += " key_id=" + Escape.quoted(credential.keyID, limit: 256) + " serial=" + credential.serial + " ca=" + credential.caFingerprint
    }
    if let decision, !decision.isBreakGlass { text += " request=" + Escape.visible(decision.requestID, limit: 64) }
    return text
  }
}
