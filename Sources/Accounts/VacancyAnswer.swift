public import DaemonProtocol
internal import HostSystem

/// What the other sources of the host said about a name and a number (the program `vacancy`, one line each).
public struct VacancyAnswer: Sendable {
  /// Why the name cannot have an account here, or nil if nothing stands against it.
  public private(set) var refusal: (OpenRefusal, detail: String)?
  /// Somebody else's source has the number.
  public private(set) var numberIsTaken = false
  /// The groups that were asked for and exist.
  public private(set) var groups: [GrantedGroup] = []
  public private(set) var missingGroups: [String] = []

  /// Were all these groups asked about?
  public func speaks(ofAll wanted: [String]) -> Bool { wanted.allSatisfy { name in groups.contains { $0.name == name } || missingGroups.contains(name) } }

  /// - Parameters:
  ///   - output: nil if it did not come to its end.
  ///   - lease: the name has a lease now, so that files and jobs under it are the lease's own: its first session may have
  ///     used sudo or made a crontab. (Group memberships and rows of others' files are not.)
  ///   - groups: those that are granted, if more were asked about; nil: all of them.
  public init(_ output: [UInt8]?, lease: Bool = false, groups wanted: [String]? = nil) {
    let lines = (output ?? []).split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    guard output?.last == 10, lines.last == "done" else {
      refusal = (.sourceFailed, "the sources of names gave no whole answer in time")
      return
    }
    var rights: [String] = []
    var names: [String] = []
    var failures: [String] = []
    for line in lines.dropLast() {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      switch (words.first, words.count) {
      case ("user-name", 2): names.append("a user in \(words[1])")
      case ("group-name", 2): names.append("a group in \(words[1])")
      case ("user-number", 2), ("group-number", 2): numberIsTaken = true
      case ("right", 3): if !lease || (words[1] != "file" && words[1] != "job") { rights.append(words[1] + " " + words[2]) }
      case ("failed", 3): failures.append("\(words[1]) (error \(words[2]))")
      case ("group", 3), ("no-group", 2):
        if let wanted, !wanted.contains(words[1]) { continue }
        if words.count == 2 {
          missingGroups.append(words[1])
        } else if let gid = ProcessTable.decimal(words[2].utf8).flatMap({ UInt32(exactly: $0) }) {
          groups.append(GrantedGroup(name: words[1], gid: gid))
        } else {
          failures.append("an answer that is not understood")
        }
      default: failures.append("an answer that is not understood")
      }
    }
    if !names.isEmpty {
      refusal = (.nameOfOther, "the name is " + names.joined(separator: " and "))
    } else if !failures.isEmpty {
      refusal = (.sourceFailed, "not answered by " + failures.joined(separator: ", "))
    } else if numberIsTaken {
      refusal = (.numberOfOther, "another source of this host has the number")
    } else if !rights.isEmpty {
      refusal = (.rightsStand, rights.prefix(8).joined(separator: "; "))
    }
  }
}
