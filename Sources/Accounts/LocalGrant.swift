public import DaemonProtocol
public import Identity
internal import HostSystem

/// Which groups a session of another source's account gets, out of those that were granted: the end of such a session kills
/// what holds them, so that the account may have none of them by other ways.
public struct LocalGrant: Sendable {
  public private(set) var groups: [GrantedGroup] = []
  /// What was left out, and why, in sentences.
  public private(set) var notes: [String] = []
  /// Why the session cannot be opened at all. Never in an emergency: who comes in by break glass comes in with fewer groups.
  public private(set) var refusal: (OpenRefusal, detail: String)?

  /// Is there anything to ask the host's sources about (the program `vacancy`, `member`)?
  public static func isToBeAsked(_ request: OpenRequest) -> Bool { !request.groups.isEmpty && request.uid != 0 && AccountName(request.name) != nil }

  /// - Parameters:
  ///   - output: what the sources said; nil if it did not come to its end, or nothing was to be asked.
  ///   - marker: gid of the system group `sojourn`.
  ///   - held: gids that processes of the account act by already, without a session of ours.
  public init(_ request: OpenRequest, _ output: [UInt8]?, range: UIDRange, marker: UInt32?, held: Set<UInt32>) {
    guard !request.groups.isEmpty else { return }
    let isEmergency = request.decision.isBreakGlass
    if request.uid == 0 {
      leaveOut(request.groups, "root needs no groups")
      return
    }
    if AccountName(request.name) == nil {
      let why = "groups are granted only to names of at most 32 of a-z, 0-9, _ and - that begin with none of 0-9 and -"
      if isEmergency { leaveOut(request.groups, why) } else { refusal = (.ceiling, why) }
      return
    }
    let answer = MembershipAnswer(output)
    if let why = answer.failure(uid: request.uid) {
      guard isEmergency, !answer.isAboutAnother(than: request.uid) else {
        if isEmergency { leaveOut(request.groups, why) } else { refusal = (.sourceFailed, why) }
        return
      }
      notes.append(why)
    }
    // In an emergency what some of the sources said is better than nothing.
    for name in answer.missingGroups { notes.append("group \(name) does not exist on this host and was left out") }
    for group in answer.groups {
      if group.gid == 0 || group.gid == marker || range.contains(group.gid) {
        let why = "group \(group.name) has gid \(group.gid), which is never granted"
        if isEmergency { notes.append(why) } else { refusal = (.ceiling, why) }
      } else if answer.present.contains(group.gid) {
        notes.append("the account is in group \(group.name) anyway, so this session does not grant it")
      } else if held.contains(group.gid) {
        notes.append("processes of the account act by group \(group.name) already, and would be ended with the session: it was left out")
      } else {
        groups.append(group)
      }
    }
  }

  /// The gids that an account has by other sources, as far as they say.
  public static func gidsElsewhere(_ output: [UInt8]?) -> Set<UInt32> { MembershipAnswer(output).present }

  private mutating func leaveOut(_ names: [String], _ why: String) { notes.append(why + ": " + names.joined(separator: ", ") + " left out") }
}

/// What the other sources said about an account of theirs (the program `vacancy`, one line each).
struct MembershipAnswer {
  private(set) var groups: [GrantedGroup] = []
  private(set) var missingGroups: [String] = []
  /// gids that the account has there.
  private(set) var present: Set<UInt32> = []
  private var uid: UInt32?
  private var failures: [String] = []

  init(_ output: [UInt8]?) {
    let lines = (output ?? []).split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    guard output?.last == 10, lines.last == "done" else {
      failures = ["the sources of names gave no whole answer in time"]
      return
    }
    for line in lines.dropLast() {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      let number = words.count > 1 ? ProcessTable.decimal(words[words.count - 1].utf8).flatMap { UInt32(exactly: $0) } : nil
      switch (words.first, words.count) {
      case ("account", 3): uid = ProcessTable.decimal(words[1].utf8).flatMap { UInt32(exactly: $0) }
      case ("no-account", 1): continue
      case ("in", 2) where number != nil: present.insert(number ?? 0)
      case ("group", 3) where number != nil: groups.append(GrantedGroup(name: words[1], gid: number ?? 0))
      case ("no-group", 2): missingGroups.append(words[1])
      case ("failed", 3): failures.append("not answered by \(words[1]) (error \(words[2]))")
      default: failures.append("an answer that is not understood")
      }
    }
  }

  func isAboutAnother(than expected: UInt32) -> Bool { uid.map { $0 != expected } ?? false }

  /// Why it does not say all that must be known; nil if it does.
  func failure(uid expected: UInt32) -> String? {
    if !failures.isEmpty { return failures.joined(separator: ", ") }
    return uid == expected ? nil : "no source of this host has the name with uid \(expected) any more"
  }
}
