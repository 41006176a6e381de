import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Policy

/// When a session's policy is asked again, as its watch keeps it.
struct AskingAgain {
  /// Milliseconds since boot; nil: never.
  var due: Int64?
  var isUnderWay = false
  /// What the policy's notices said: a text is told when it is new, not with every answer.
  var told: Set<String> = []
}

/// The policy is asked again while a session lasts: a no ends it, and so does a long silence, as the host says. Not for break
/// glass: who came in because the policy fails is not thrown out by it.
extension Daemon {
  /// Seconds: a policy cannot have this host ask more often, whatever it demands.
  static let leastInterval: UInt64 = 10
  /// Notices that one answer, and one session in all, may give: each is a line on the disk.
  static let notices = (ofAnAnswer: 4, ofASession: 32)
  /// Questions under way; the relay has places for logins besides.
  static let questionsToTheRelay = 128
  /// Milliseconds after which a question that nobody answered is put again, at the latest.
  static let retry: Int64 = 15_000

  /// Within which the policy must have been asked again, in milliseconds; nil: not at all.
  private func interval(of session: Session) -> Int64? {
    guard session.subject != nil, !session.decision.isBreakGlass else { return nil }
    let host = configuration?.session.reevaluate ?? 0
    let wanted = [host == 0 ? nil : host, session.reevaluateSeconds.map { max($0, Daemon.leastInterval) }].compactMap { $0 }.min()
    return wanted.map { Int64(clamping: min($0, 86_400 * 366)) * 1000 }
  }

  /// A time of its own for each, well before the interval is over: hosts that started together do not ask together.
  func scheduleAsking(_ session: Session, isRestart: Bool = false) {
    guard let watch = watches[session.id] else { return }
    guard let interval = interval(of: session) else { return watch.again.due = nil }
    let wait = isRestart ? Int64.random(in: 0...min(interval, 10_000)) : Int64.random(in: interval * 3 / 4...interval * 19 / 20)
    watch.again.due = loop.now + wait
  }

  /// Another configuration may want it more often, or not at all.
  func rescheduleAsking() {
    for id in Array(watches.keys) {
      guard let watch = watches[id], let (_, session) = session(id) else { continue }
      guard let interval = interval(of: session) else {
        watch.again.due = nil
        continue
      }
      if let due = watch.again.due, due <= loop.now + interval { continue }
      scheduleAsking(session)
    }
  }

  /// Once a second.
  func askAgain() {
    guard let configuration else { return }
    let now = loop.now
    // The one that has waited longest first: with a slow endpoint all have their turn.
    let due = watches.filter { $0.value.endReason == nil && !$0.value.again.isUnderWay && ($0.value.again.due ?? .max) <= now }
    for (id, watch) in due.sorted(by: { ($0.value.again.due ?? 0) < ($1.value.again.due ?? 0) }) {
      guard let due = watch.again.due else { continue }
      guard questionsUnderWay < Daemon.questionsToTheRelay else {
        // Its turn never comes: that is no confirmation either.
        if now - due > 60_000 { take(.unconfirmed(token: "policy-not-asked", detail: "too many questions are under way"), nil, of: id) }
        continue
      }
      // A relay that takes nothing now is not asked for each: the loop would wait for it each time.
      guard ask(id, watch, configuration) else { return }
    }
  }

  /// - Returns: false if the relay takes no question now.
  private func ask(_ id: String, _ watch: SessionWatch, _ configuration: PublishedConfiguration) -> Bool {
    guard let (holder, session) = session(id), let subject = session.subject else {
      watch.again.due = nil
      return true
    }
    var question = Question(subjectID: session.decision.subject, account: holder.name, login: session.login, credential: session.credential,
      extensions: subject.extensions, attributes: subject.attributes, subjectType: subject.type, now: Moment.now().unixSeconds)
    question.approval = subject.approval
    question.session = (id, session.opened)
    let asked: Reevaluation
    do throws(PolicyFailure) {
      asked = try Reevaluation(question, rules: configuration.policy, host: configuration.host)
    } catch {
      take(.unconfirmed(token: error.token, detail: error.detail), nil, of: id)
      return true
    }
    watch.again.isUnderWay = true
    questionsUnderWay += 1
    return RelayQuestion.ask(asked.packet, patience: asked.patience, loop) { [weak self] outcome in
      guard let self else { return }
      questionsUnderWay -= 1
      switch outcome {
      case .replied(let packet): answered(asked.answer(packet), of: id)
      case .silent(let error): answered(asked.answer(error), of: id)
      }
    }
  }

  private func answered(_ answer: Answer, of id: String) {
    guard let watch = watches[id] else { return }
    watch.again.isUnderWay = false
    guard watch.endReason == nil, let configuration, let (holder, session) = session(id) else { return }
    let unmet = carryOut(answer.obligations, for: session, of: holder)
    // What it demands may have ended it.
    guard watch.endReason == nil else { return }
    var standing = Standing.of(answer.verdict, uid: holder.uid, groups: session.groups.map(\.name), accounts: configuration.accounts,
      session: configuration.session)
    if case .confirmed = standing, let unmet { standing = .withdrawn(user: nil, admin: "not all that the policy demands can be done: \(unmet)") }
    take(standing, answer.facts, of: id)
  }

  /// When a session ends that nobody confirms; nil: when its time is over.
  func unconfirmedEnd(_ watch: SessionWatch) -> Deadline? {
    guard let since = watch.unconfirmed, case .end(let seconds)? = configuration?.session.whenUnreachable else { return nil }
    return since.later(milliseconds: Int64(clamping: seconds) * 1000)
  }

  private func take(_ standing: Standing, _ facts: DecisionFacts?, of id: String) {
    guard let watch = watches[id], let (holder, session) = session(id) else { return }
    switch standing {
    case .confirmed(let word): confirm(session, holder, word, watch, facts)
    case .withdrawn(let user, let admin):
      record.reevaluation(holder.name, session, "denied", "the policy ends session \(id) of \(Escape.visible(holder.name)): \(Escape.visible(admin))", facts, .notice)
      end(id, why: .policyNo(user.map { Escape.visible($0) }))
    case .unconfirmed(let token, let detail):
      notConfirmed(session, holder, watch, token: token, detail: detail, facts)
    }
  }

  /// It ends by that only when a question that was put after its time was over had no answer either: a host that slept, or a
  /// daemon that was away, finds an endpoint that is back.
  private func notConfirmed(_ session: Session, _ holder: Holder, _ watch: SessionWatch, token: String, detail: String, _ facts: DecisionFacts?) {
    let id = session.id
    let now = Moment.now()
    if let over = unconfirmedEnd(watch), over.isOver(at: now), case .end(let seconds)? = configuration?.session.whenUnreachable {
      return end(id, why: .policyUnreachable(seconds: seconds))
    }
    let isFirst = !watches.values.contains { $0.unconfirmed != nil }
    let isNew = watch.unconfirmed == nil
    if isNew {
      let since = Deadline(seconds: 0, after: now)
      watch.warned = .max
      change(id) { $0.unconfirmed = since }
    }
    let pause = min(interval(of: session) ?? Daemon.retry, Int64.random(in: Daemon.retry * 3 / 4...Daemon.retry))
    watch.again.due = loop.now + min(pause, unconfirmedEnd(watch).map { max(1, $0.millisecondsLeft(at: now)) } ?? pause)
    guard isNew else { return }
    var until = "; it goes on (session.when_unreachable)"
    if case .end(let seconds)? = configuration?.session.whenUnreachable {
      until = "; unless it answers, the session ends in \(TimeSpan.text(seconds)) (session.when_unreachable)"
      tell(id, "nobody can be asked whether this session may go on. If that lasts, it ends in \(TimeSpan.text(seconds))\(cost(of: holder)). Your administrators can see it.")
    }
    // One that wakes somebody is enough: an endpoint that is down concerns every session.
    record.reevaluation(holder.name, session, "unconfirmed",
      "nobody confirms session \(id) of \(Escape.visible(holder.name)) (\(token): \(Escape.visible(detail)))\(until)", facts, isFirst ? .alert : .notice)
  }

  /// What an end takes from the person, as the end of a sentence.
  func cost(of holder: Holder) -> String {
    guard !holder.isLocal else { return ", and what still runs in it" }
    return leases[holder.name]?.sessions.count == 1 ? ", and your processes and your home directory on this host go: copy what you need" : ", and its processes"
  }

  private func confirm(_ session: Session, _ holder: Holder, _ word: Standing.Confirmation, _ watch: SessionWatch, _ facts: DecisionFacts?) {
    let id = session.id
    var end = session.deadline
    if let seconds = word.seconds { end = end.earlier(unixSeconds: session.opened.addingReportingOverflow(seconds).overflow ? .max : session.opened + seconds, now: Moment.now()) }
    if let until = word.until { end = end.earlier(unixSeconds: until, now: Moment.now()) }
    let wasUnconfirmed = watch.unconfirmed != nil
    let isShorter = end != session.deadline
    let isOther = word.reevaluateSeconds != session.reevaluateSeconds
    if wasUnconfirmed || isShorter || isOther {
      change(id) {
        $0.unconfirmed = nil
        $0.deadline = end
        $0.reevaluateSeconds = word.reevaluateSeconds
      }
    }
    if wasUnconfirmed {
      record.reevaluation(holder.name, session, "confirmed", "the policy confirms session \(id) of \(Escape.visible(holder.name)) again", facts, .info)
      tell(id, "the policy was asked, and this session goes on.")
    }
    if isShorter {
      watch.warned = .max
      let until = Timestamp.text(Moment(wall: end.wall, boot: 0).unixSeconds)
      record.reevaluation(holder.name, session, "shortened", "the policy lets session \(id) of \(Escape.visible(holder.name)) last until \(until) only", facts, .notice)
      tell(id, "the policy has decided anew: this session ends in \(EndWarning.span(UInt64(clamping: end.millisecondsLeft(at: Moment.now()) / 1000))), at \(until).")
    }
    if let (_, now) = self.session(id) { scheduleAsking(now) }
  }

  /// - Returns: why not all of it could be done; nil if all was.
  private func carryOut(_ obligations: Obligations, for session: Session, of holder: Holder) -> String? {
    var unmet = obligations.fault
    var notices = 0
    for obligation in obligations.list {
      switch obligation {
      case .notification(let notice):
        guard let recipient = notice.recipient(subject: session.decision.subject, account: holder.name) else {
          unmet = unmet ?? notice.unreachable
          continue
        }
        let text = notice.text
        guard let watch = watches[session.id], notices < Daemon.notices.ofAnAnswer, watch.again.told.count < Daemon.notices.ofASession,
          watch.again.told.insert(text).inserted
        else { continue }
        notices += 1
        record.reevaluation(holder.name, session, "notice", "session \(session.id) of \(Escape.visible(holder.name)): \(text)", nil, .notice)
        // A session without a terminal has nobody who could read it: the log has it.
        if case .person = recipient { tell(session.id, text) }
      case .sessionTermination(let subject):
        if case .failed(let why) = endOnObligation(subject, sparing: session.id) { unmet = unmet ?? why }
      }
    }
    return unmet
  }
}

extension Deadline {
  /// This one, or that moment on the wall clock, whichever comes first.
  fileprivate func earlier(unixSeconds: UInt64, now: Moment) -> Deadline {
    let left = unixSeconds > now.unixSeconds ? unixSeconds - now.unixSeconds : 0
    let other = Deadline(seconds: left, after: now)
    // A second of rounding is no news.
    return other.wall.advanced(by: 1_500_000_000) < wall ? Deadline(wall: min(wall, other.wall), boot: min(boot, other.boot)) : self
  }
}
