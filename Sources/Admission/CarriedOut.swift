internal import DaemonProtocol
internal import Encoding
internal import Policy

/// What the policy demands besides its decision, done: on a yes and on a no, and also beside a demand that cannot be met.
extension Phase {
  /// Milliseconds for the daemon.
  private static var limit: Int32 { 5000 }

  /// - Returns: why not all of it could be done, for the log; nil if all was.
  func carryOut(_ obligations: Obligations, for question: Question) -> String? {
    var unmet = obligations.fault
    for obligation in obligations.list {
      switch obligation {
      case .notification(let notification):
        if let why = notify(notification, question) { unmet = unmet ?? why }
      case .sessionTermination(let subject):
        if let why = endSessions(of: subject) { unmet = unmet ?? why }
      }
    }
    if let unmet { log(.warning, "\(login.shownUser): not all that the policy demands can be done: \(unmet)") }
    return unmet
  }

  /// The person of this login is known by subject id and by login name; nobody else can be reached from here.
  private func notify(_ notification: Obligation.Notification, _ question: Question) -> String? {
    guard let recipient = notification.recipient(subject: question.subjectID, account: question.account) else { return notification.unreachable }
    let text = notification.text
    log(.notice, "\(login.shownUser): \(text)")
    guard case .person = recipient else { return nil }
    guard !login.isSilent else { return "a notification to a person whose program wants nothing shown" }
    voice.show(info: "Sojourn: " + text)
    return nil
  }

  /// All live sessions of that subject on this host, of transient and of local accounts. The one that is being decided is
  /// not among them: it is not open yet.
  private func endSessions(of subject: String) -> String? {
    let shown = Escape.visible(subject, limit: 64)
    do throws(DaemonSilence) {
      switch try world.daemon(.endSubject(subject), milliseconds: Phase.limit, patience: 2000) {
      case .done:
        log(.notice, "\(login.shownUser): the policy ends the sessions of " + shown)
        return nil
      case .failed(let why): return "the sessions of " + shown + " cannot be ended: " + Escape.sentence(why, limit: 256)
      default: return "the sessions of " + shown + " cannot be ended: sojournd answers another question"
      }
    } catch {
      return "the sessions of " + shown + " cannot be ended: " + Refusal(error).detail
    }
  }
}
