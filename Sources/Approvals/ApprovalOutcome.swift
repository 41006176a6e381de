internal import DaemonProtocol
internal import Encoding

/// What came of a question about an approval, and the one table of what people read of it.
enum ApprovalOutcome: Sendable {
  /// Nothing is remembered. With what the service says of the denial.
  case nothing(words: String)
  /// The approval as it was received, and its end in seconds since 1970.
  case approved(JSONValue, until: UInt64)
  case refused(ApprovalRefusal, ApprovalNotice)
}

/// Why there is no approval. Tokens stand in messages and in the audit log, and never change their meaning.
enum ApprovalRefusal: Sendable, CaseIterable {
  /// Asked for, and nobody has answered yet.
  case pending
  /// Approved, and the policy says that it does not have effect yet.
  case notYet
  case denied
  /// Nobody answered in time, or an approval is over.
  case expired
  case cancelled
  /// Approved, and the policy says no all the same.
  case notTaken
  /// It takes a form that only a person can fill in.
  case form
  /// The denial is one that nobody can lift: an ordinary no.
  case notRequestable
  /// The service said something that cannot be acted upon.
  case failed
  /// The service did not answer.
  case unavailable

  var token: String {
    switch self {
    case .pending: "approval-pending"
    case .notYet: "approval-not-yet"
    case .denied: "approval-denied"
    case .expired: "approval-expired"
    case .cancelled: "approval-cancelled"
    case .notTaken: "approval-not-taken"
    case .form: "approval-form"
    case .notRequestable: "denied"
    case .failed: "approval-failed"
    case .unavailable: "approval-unavailable"
    }
  }
}

/// What the person may be told, and what the log is. Never where the host polls or cancels, never what approves.
struct ApprovalNotice: Sendable {
  /// The service's own words (`display`), made fit to be shown; or empty.
  var words = ""
  /// Where the person can see the request, or fill in the form: https, printable; or empty.
  var link = ""
  /// Seconds after which it is worth trying again; 0: nobody said.
  var retryAfter: UInt64 = 0
  /// For the log.
  var detail = ""
}

extension ApprovalOutcome {
  var reply: ApprovalReply {
    switch self {
    case .nothing(let words): return ApprovalReply("nothing", happened: "this login needs an approval" + ApprovalOutcome.more(words, ""))
    case .approved(let approval, let until): return ApprovalReply("approved", approval: approval, until: until)
    case .refused(let refusal, let notice):
      let (happened, remedy) = ApprovalOutcome.sentences(refusal, notice)
      return ApprovalReply(refusal.token, happened: happened, remedy: remedy, detail: notice.detail, isFault: refusal == .failed || refusal == .unavailable)
    }
  }

  /// Half a sentence after "alice is not let in: ", and what to do.
  private static func sentences(_ refusal: ApprovalRefusal, _ notice: ApprovalNotice) -> (String, String) {
    let more = more(notice.words, notice.link)
    switch refusal {
    case .pending: return ("access was asked for, and nobody has answered yet" + more, "Log in again " + again(notice, "when it is approved") + ".")
    case .notYet: return ("it is approved, and has no effect yet.", "Log in again " + again(notice, "in a moment") + ".")
    case .denied: return ("whoever approves it said no" + more, "If that is wrong, ask them.")
    case .expired: return ("nobody approved it in time, or the approval is over.", "Log in again to ask anew.")
    case .cancelled: return ("the request for access was withdrawn" + more, "Log in again later to ask anew.")
    case .notTaken: return ("it was approved, and the policy says no all the same.", "If that is wrong, ask whoever answers for the policy.")
    case .form: return ("access has to be asked for in a form" + more, "Fill it in, and log in again.")
    case .notRequestable: return ("the policy said no.", "If that is wrong, ask whoever answers for the policy.")
    case .failed: return ("access could not be asked for.", "Tell this host's administrator.")
    case .unavailable:
      return ("whoever approves it could not be asked" + more, "Try again " + again(notice, "in a moment") + "; if it stays so, tell this host's administrator.")
    }
  }

  /// The service's words and the ticket: the rest of a sentence, with its end.
  private static func more(_ words: String, _ link: String) -> String {
    (words.isEmpty ? "." : ": " + words + (words.hasSuffix(".") ? "" : ".")) + (link.isEmpty ? "" : " See " + link + " .")
  }

  private static func again(_ notice: ApprovalNotice, _ otherwise: String) -> String {
    let seconds = notice.retryAfter
    if seconds == 0 { return otherwise }
    return seconds < 120 ? "in \(seconds) s" : seconds < 7200 ? "in \((seconds + 59) / 60) min" : "in \((seconds + 3599) / 3600) h"
  }
}
