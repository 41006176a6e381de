public import Configuration
internal import Encoding

/// What an answer means for a session that lives.
///
/// | answer                                                      | outcome                                                        |
/// |-------------------------------------------------------------|----------------------------------------------------------------|
/// | a yes whose grant this host allows, with all that it holds  | it goes on; its end may come nearer, never farther             |
/// | a yes that lacks a group which the session has              | ended: a process cannot be made to give a group back           |
/// | a yes that breaks a ceiling, with another uid, of no length | ended, as a login would be refused                             |
/// | a yes under conditions that this host cannot meet           | ended                                                          |
/// | a no, of whatever kind                                      | ended                                                          |
/// | OPA has no value: perhaps its policies are being loaded     | unconfirmed                                                    |
/// | anything else: nobody answered, or what came decides nothing| unconfirmed: `session.when_unreachable` says how long          |
public enum Standing: Sendable {
  case confirmed(Confirmation)
  /// `user`: the policy's word for the person, fit to be shown; `admin`: for the log.
  case withdrawn(user: String?, admin: String)
  /// A token of `PolicyFailure`'s, and what happened, for admins.
  case unconfirmed(token: String, detail: String)

  public struct Confirmation: Sendable {
    /// Seconds that the session may have in all, from its opening; nil: nothing new is said.
    public let seconds: UInt64?
    /// Seconds since 1970 at which it ends at the latest, by an approval.
    public let until: UInt64?
    /// Seconds within which the policy wants to be asked again; nil: as the host says.
    public let reevaluateSeconds: UInt64?
  }

  /// - Parameter groups: that the session has, by name.
  public static func of(_ verdict: Verdict, uid: UInt32, groups: [String], accounts: AccountRules, session: SessionRules) -> Standing {
    switch verdict {
    case .allowed(let grant): held(grant, uid: uid, groups: groups, accounts: accounts, session: session)
    case .denied(let user, let admin), .requestable(_, let user, let admin), .stepUp(_, let user, let admin):
      .withdrawn(user: user, admin: admin ?? user ?? "the policy says no")
    case .undefined(_, let admin): .unconfirmed(token: "policy-undefined", detail: admin)
    case .unavailable(let failure): of(failure)
    }
  }

  private static func of(_ failure: PolicyFailure) -> Standing {
    switch failure {
    case .obligation, .grant: .withdrawn(user: nil, admin: failure.token + ": " + failure.detail)
    default: .unconfirmed(token: failure.token, detail: failure.detail)
    }
  }

  private static func held(_ grant: Grant, uid: UInt32, groups: [String], accounts: AccountRules, session: SessionRules) -> Standing {
    var grant = grant
    // The shell runs already.
    grant.shell = nil
    let held: HeldGrant
    do throws(CeilingBreach) { held = try Ceilings.hold(grant, uid: uid, accounts: accounts, session: session) } catch {
      return .withdrawn(user: nil, admin: error.token + ": " + error.detail)
    }
    if let lost = groups.first(where: { !held.groups.holds($0) }) {
      return .withdrawn(user: nil, admin: "group " + Escape.visible(lost, limit: 64) + " is not granted any more")
    }
    return .confirmed(Confirmation(seconds: grant.maxSessionSeconds == nil ? nil : held.seconds, until: grant.approvedUntil, reevaluateSeconds: held.reevaluateSeconds))
  }
}
