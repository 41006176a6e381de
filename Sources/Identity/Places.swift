/// Where Sojourn's files are. Fixed: the NSS module has no configuration, and an admin finds them by heart.
public enum Places {
  public static var run: String { "/run/sojourn" }
  public static var publishedConfiguration: String { "/run/sojourn/config.json" }
  public static var lastGoodConfiguration: String { "/var/lib/sojourn/config.json" }
  public static var endpointAddresses: String { "/run/sojourn/addresses.json" }
  /// What of the revocation lists was published (Credentials/Revocation/RevocationForm), for root only.
  public static var revocations: String { "/run/sojourn/revoked" }
  /// Held by whoever publishes (ConfigurationFile/PublicationLock).
  public static var publicationLock: String { "/run/sojourn/publication.lock" }
  public static var socket: String { "/run/sojourn/sojournd.sock" }
  /// The relay's: questions to the policy endpoints.
  public static var policySocket: String { "/run/sojourn/policy.sock" }
  /// What logins asked approvers for, as long as it is not over.
  public static var approvals: String { "/run/sojourn/approvals" }
  public static var lock: String { "/run/sojourn/sojournd.lock" }
  /// There while `sojourn setup` changes the host, or was broken off doing so: no candidates meanwhile.
  public static var setupMark: String { "/var/lib/sojourn/setup-under-way" }
  /// What setup changed, and what was there before: for root only.
  public static var setupJournal: String { "/var/lib/sojourn/setup.json" }
  public static var setupLock: String { "/run/sojourn/setup.lock" }
  public static var leases: String { "/run/sojourn/leases" }
  /// Sessions of other sources' accounts, and those of them that are over and still being ended.
  public static var localSessions: String { "/run/sojourn/local" }
  public static var localEnds: String { "/run/sojourn/local-ends" }
  public static var projection: String { "/run/sojourn/nss" }
  public static var state: String { "/var/lib/sojourn" }
  public static var uids: String { "/var/lib/sojourn/uids" }
  /// The certificates that have opened their one session.
  public static var used: String { "/var/lib/sojourn/used" }
  /// Uids whose files are still to be looked for outside the places that an end empties.
  public static var strays: String { "/var/lib/sojourn/strays" }
  public static var trash: String { "/var/lib/sojourn/trash" }
  public static var auditLog: String { "/var/log/sojourn/audit.jsonl" }
  public static var auditSpool: String { "/run/sojourn/audit-spool.jsonl" }
  public static var configurationFile: String { "/etc/sojourn/sojourn.toml" }
  public static var configurationDirectory: String { "/etc/sojourn/sojourn.toml.d" }
  public static var gateShell: String { "/usr/libexec/sojourn/shell" }
  public static var vacancy: String { "/usr/libexec/sojourn/vacancy" }
  public static var reaper: String { "/usr/libexec/sojourn/reaper" }
  public static var commandLine: String { "/usr/sbin/sojourn" }
  public static var daemon: String { "/usr/sbin/sojournd" }
  /// The system group that every candidate and every lease is in.
  public static var group: String { "sojourn" }
  /// A file in a home root says that Sojourn made that directory: nothing is ever removed beneath any other.
  public static var homeRootMark: String { ".sojourn-home-root" }
  /// What the registry says of a uid that another source of the host holds.
  public static var takenMark: String { "!taken" }
}

/// The same for the NSS module and the gate shell, which have no heap for a String. Each ends where a name or a number
/// follows; a test holds them against `Places`.
public enum ProjectionPlaces {
  public static var passwd: StaticString { "/run/sojourn/nss/passwd" }
  public static var passwdByUID: StaticString { "/run/sojourn/nss/passwd-uid" }
  public static var group: StaticString { "/run/sojourn/nss/group" }
  public static var groupByGID: StaticString { "/run/sojourn/nss/group-gid" }
  public static var member: StaticString { "/run/sojourn/nss/member" }
  public static var shell: StaticString { "/run/sojourn/nss/shell" }
  public static var candidate: StaticString { "/run/sojourn/nss/candidate" }
  public static var uids: StaticString { "/var/lib/sojourn/uids" }
}
