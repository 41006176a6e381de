public import Encoding

/// Why a session ended. The token stands in the audit log for programs, the sentence beside it for people.
public enum EndReason: Sendable, Equatable {
  /// `close_session` ran in the process that had opened it.
  case closed
  /// That process is gone and never closed it.
  case processGone
  /// Its time was over.
  case deadline
  /// `sojourn end`, with the words given there; escaped already.
  case endedByAdministrator(String)
  /// Another login's obligation.
  case policyObligation
  /// The policy, asked again, said no; with its words for the person, escaped already.
  case policyNo(String?)
  /// Nobody confirmed it for that many seconds.
  case policyUnreachable(seconds: UInt64)
  /// A revocation list has come to name its certificate; by what, as half a sentence.
  case revoked(String)
  /// It was over when a daemon came back to look.
  case daemonWasAway
  /// Its opening failed after it had been written down.
  case notOpened
  /// The login was gone before it was told that it may go on.
  case loginGone

  public var token: String {
    switch self {
    case .closed: "closed"
    case .processGone: "process-gone"
    case .deadline: "deadline"
    case .endedByAdministrator: "ended-by-admin"
    case .policyObligation: "ended-by-policy"
    case .policyNo: "policy-no"
    case .policyUnreachable: "policy-unreachable"
    case .revoked: "revoked"
    case .daemonWasAway: "daemon-was-away"
    case .notOpened: "not-opened"
    case .loginGone: "login-gone"
    }
  }

  public var sentence: String {
    switch self {
    case .closed: "closed"
    case .processGone: "its process is gone"
    case .deadline: "its time was over"
    case .endedByAdministrator(let words): "ended by an administrator" + (words.isEmpty ? "" : ": " + words)
    case .policyObligation: "ended by the policy: an obligation"
    case .policyNo(let words): "the policy ended it" + (words.map { ": " + $0 } ?? "")
    case .policyUnreachable(let seconds): "the policy could not be asked for " + TimeSpan.text(seconds)
    case .revoked(let how): "its certificate is revoked: " + how
    case .daemonWasAway: "it ended while no daemon ran"
    case .notOpened: "it could not be opened"
    case .loginGone: "the login did not wait for its session"
    }
  }

  /// Nothing is asked or waited for, also not in what follows.
  public var isAtOnce: Bool {
    if case .revoked = self { true } else { false }
  }

  /// What the sentence says besides the token's own words; nil: nothing.
  private var detail: String? {
    switch self {
    case .endedByAdministrator(let text), .revoked(let text): text
    case .policyNo(let words): words
    case .policyUnreachable(let seconds): String(seconds)
    default: nil
    }
  }

  /// For the lease: an end that has begun goes on after a restart.
  public var json: JSONValue {
    var o = JSONObject()
    o.set("token", token)
    o.set("detail", detail)
    return o.value
  }

  /// Only reasons for which the daemon ends a session; the others are ends that have come already.
  public init(_ read: MemberReader) throws(MemberError) {
    let token = try read.string("token")
    let detail = read.has("detail") ? try read.string("detail") : nil
    let known: [EndReason] = [
      .deadline, .endedByAdministrator(detail ?? ""), .policyObligation, .policyNo(detail), .policyUnreachable(seconds: detail.flatMap { UInt64($0) } ?? 0),
      .revoked(detail ?? ""),
    ]
    guard let reason = known.first(where: { $0.token == token }) else { throw read.wrong("token", "no reason to end a session") }
    self = reason
  }
}
