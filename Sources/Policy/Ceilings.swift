public import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// A grant that breaks what this host allows: the login is refused.
public enum CeilingBreach: Error, Sendable {
  /// The endpoint expects another uid than the account has here, or 0.
  case uid(granted: UInt32)
  /// Not in `accounts.groups`, or never granted.
  case group(String)
  /// Root-equivalent, and not in `accounts.root_equivalent_groups`.
  case rootEquivalentGroup(String)
  case tooManyGroups(Int)
  /// Not an absolute path, not in /etc/shells, not a program, or Sojourn's own gate.
  case shell(String)
  /// A session of no length.
  case noDuration
  /// The session is to be recorded, which this version does not do.
  case recording

  public var token: String {
    switch self {
    case .uid: "ceiling-uid"
    case .group: "ceiling-group"
    case .rootEquivalentGroup: "ceiling-root-equivalent-group"
    case .tooManyGroups: "ceiling-too-many-groups"
    case .shell: "ceiling-shell"
    case .noDuration: "ceiling-no-duration"
    case .recording: "ceiling-recording"
    }
  }

  /// For admins; fit to be logged.
  public var detail: String {
    switch self {
    case .uid(let granted): "the policy expects uid \(granted), which is not the account's here"
    case .group(let name): "group " + Escape.visible(name, limit: 64) + " is not one that accounts.groups lets be granted"
    case .rootEquivalentGroup(let name):
      "group " + Escape.visible(name, limit: 64) + " makes root and is not in accounts.root_equivalent_groups"
    case .tooManyGroups(let count): "\(count) groups granted, at most \(Ceilings.mostGroups) are taken"
    case .shell(let path): "shell " + Escape.visible(path, limit: 128) + " is no program that /etc/shells lists"
    case .noDuration: "the policy grants a session of no length"
    case .recording: "the policy demands that the session is recorded, and this host records none"
    }
  }
}

/// A grant within this host's ceilings. Only this can be opened, and only `Ceilings.hold` makes it.
public struct HeldGrant: Sendable {
  /// Names, each once, in the order in which they were granted.
  public let groups: [String]
  /// Those of `groups` whose members can become root: the evidence of the end says so.
  public let rootEquivalentGroups: [String]
  /// An absolute path.
  public let shell: String
  public let seconds: UInt64
  /// How often the session is to be decided anew; nil: as the host says.
  public let reevaluateSeconds: UInt64?
  /// What was cut, as sentences for the log.
  public let notes: [String]

  fileprivate init(groups: [String], rootEquivalentGroups: [String], shell: String, seconds: UInt64, reevaluateSeconds: UInt64?, notes: [String]) {
    self.groups = groups
    self.rootEquivalentGroups = rootEquivalentGroups
    self.shell = shell
    self.seconds = seconds
    self.reevaluateSeconds = reevaluateSeconds
    self.notes = notes
  }
}

/// The host's ceilings, which beat the policy (DESIGN 2, invariant 9).
///
/// | granted                                                   | outcome                                    |
/// |-----------------------------------------------------------|--------------------------------------------|
/// | uid other than the account's, or 0                        | refused                                    |
/// | a group that `accounts.groups` does not list              | refused                                    |
/// | `root` (gid 0), `sojourn` (marks our accounts), listed or not | refused                                |
/// | a root-equivalent group not in `root_equivalent_groups`   | refused                                    |
/// | more than 64 groups                                       | refused                                    |
/// | a group twice                                             | once, noted                                |
/// | a listed group that this host lacks                       | left out by the daemon, noted              |
/// | a shell that is no program or not in /etc/shells, or ours | refused                                    |
/// | no shell                                                  | `accounts.shell`                           |
/// | longer than `session.max_duration`                        | cut to it, noted                           |
/// | no duration                                               | `session.max_duration`                     |
/// | duration 0                                                | refused                                    |
/// | `reevaluate_seconds`                                      | kept: the daemon asks at least that often  |
/// | `record` "required"                                       | refused: not in this version               |
public enum Ceilings {
  public static var mostGroups: Int { 64 }
  /// Bytes: what Linux tools take as a group name (groupadd(8)).
  public static var longestGroupName: Int { 32 }

  /// - Parameter uid: the account's uid on this host.
  public static func hold(_ grant: Grant, uid: UInt32, accounts: AccountRules, session: SessionRules) throws(CeilingBreach) -> HeldGrant {
    try hold(grant, uid: uid, accounts: accounts, session: session, shells: ListedShells.current())
  }

  static func hold(_ grant: Grant, uid: UInt32, accounts: AccountRules, session: SessionRules, shells: ListedShells)
    throws(CeilingBreach) -> HeldGrant {
    var notes: [String] = []
    if let granted = grant.uid, granted != uid || granted == 0 { throw .uid(granted: granted) }

    guard grant.groups.count <= mostGroups else { throw .tooManyGroups(grant.groups.count) }
    var groups: [String] = []
    var rootEquivalent: [String] = []
    for name in grant.groups {
      guard accounts.groups.holds(name), !isNeverGranted(name), (1...longestGroupName).contains(name.utf8.count) else { throw .group(name) }
      let isNamedTwice = accounts.rootEquivalentGroups.holds(name)
      guard isNamedTwice || !RootEquivalence.holds(name) else { throw .rootEquivalentGroup(name) }
      guard !groups.holds(name) else {
        notes.append("group " + name + " was granted more than once")
        continue
      }
      groups.append(name)
      if isNamedTwice { rootEquivalent.append(name) }
    }

    var shell = accounts.shell
    if let granted = grant.shell {
      guard shells.admits(granted) else { throw .shell(granted) }
      shell = granted
    }

    var seconds = session.maxDuration
    if let granted = grant.maxSessionSeconds {
      if granted > seconds { notes.append("\(granted) seconds were granted, this host allows \(seconds)") }
      seconds = min(seconds, granted)
    }
    guard seconds > 0 else { throw .noDuration }

    if grant.isRecorded { throw .recording }
    return HeldGrant(groups: groups, rootEquivalentGroups: rootEquivalent, shell: shell, seconds: seconds, reevaluateSeconds: grant.reevaluateSeconds,
      notes: notes)
  }

  /// gid 0, and the group that every account of ours is in anyway.
  private static func isNeverGranted(_ group: String) -> Bool { group.isExactly("root") || group.isExactly(Places.group) }
}

extension [String] {
  /// Byte for byte.
  func holds(_ text: String) -> Bool { contains { $0.isExactly(text) } }
}
