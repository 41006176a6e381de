import DaemonProtocol
import Encoding
import HostSystem

/// The daemon as the commands ask it.
enum Daemon {
  /// - Throws: exit status 3, with the sentence said, if it does not answer; 1 if it cannot do what was asked.
  static func ask(_ request: Request) throws -> Reply {
    let reply: Reply
    do throws(DaemonSilence) { reply = try DaemonClient.ask(request, milliseconds: 5000, patience: 1000) } catch {
      Terminal.say("sojourn: \(sentence(error))")
      throw Exit.noDaemon
    }
    switch reply {
    case .failed(let reason):
      Terminal.say("sojourn: " + Escape.sentence(reason))
      throw Exit.refused
    case .refused(let refusal, let detail):
      Terminal.say("sojourn: \(refusal.token): " + Escape.sentence(detail))
      throw Exit.refused
    default: return reply
    }
  }

  static func sentence(_ silence: DaemonSilence) -> String {
    switch silence {
    case .unreachable(let error), .unanswered(let error): "sojournd does not answer (\(error.sentence)); see 'systemctl status sojournd'"
    case .garbled(let reason): "sojournd cannot be understood: \(Escape.visible(reason)); are both of one version?"
    }
  }

  static func unexpected() -> any Error {
    Terminal.say("sojourn: sojournd answered something else; are both of one version?")
    return Exit.refused
  }
}
