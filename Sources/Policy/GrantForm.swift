internal import Encoding

/// `context.host_grant` of a yes, strictly: a member that this version does not know may be a condition, so it is a
/// refusal, and so is a wrong type or null.
extension Grant {
  /// Bytes: PATH_MAX without its NUL.
  static var longestShell: Int { 4095 }

  init(_ value: JSONValue) throws(PolicyFailure) {
    guard let members = value.members else { throw .grant("host_grant is no object") }
    self.init()
    for member in members {
      if member.name.isExactly("uid") {
        guard let number = member.value.integer, let uid = UInt32(exactly: number) else { throw .grant("uid is no uid") }
        self.uid = uid
      } else if member.name.isExactly("groups") {
        guard let names = member.value.strings else { throw .grant("groups is no list of strings") }
        guard names.count <= Ceilings.mostGroups else { throw .grant("more than \(Ceilings.mostGroups) groups") }
        for name in names where !(1...Ceilings.longestGroupName).contains(name.utf8.count) {
          throw .grant("a group's name is empty or longer than \(Ceilings.longestGroupName) bytes")
        }
        groups = names
      } else if member.name.isExactly("shell") {
        guard let path = member.value.string, (1...Grant.longestShell).contains(path.utf8.count) else { throw .grant("shell is no path") }
        shell = path
      } else if member.name.isExactly("max_session_seconds") {
        guard let number = member.value.integer, let seconds = UInt64(exactly: number) else {
          throw .grant("max_session_seconds is no whole number from 0 on")
        }
        maxSessionSeconds = seconds
      } else if member.name.isExactly("reevaluate_seconds") {
        guard let number = member.value.integer, number > 0, let seconds = UInt64(exactly: number) else {
          throw .grant("reevaluate_seconds is no whole number from 1 on")
        }
        reevaluateSeconds = seconds
      } else if member.name.isExactly("record") {
        guard let word = member.value.string, word.isExactly("required") || word.isExactly("none") else {
          throw .grant("record is neither \"required\" nor \"none\"")
        }
        isRecorded = word.isExactly("required")
      } else {
        throw .grant("unknown member " + Escape.visible(member.name, limit: 64))
      }
    }
  }
}
