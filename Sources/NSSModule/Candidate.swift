internal import HostSystem
internal import Identity

/// The account that a name without a lease would get, for sshd, which asks before anybody is authenticated (DESIGN 3.1).
/// Only the published programs, as root, hear of it; everybody else is told that there is nobody.
struct Candidate {
  let account: Account
  /// gid of the system group `sojourn`.
  let group: UInt32

  init(account: Account, group: UInt32) {
    self.account = account
    self.group = group
  }

  /// - Throws: `nobody` if the name is no candidate here and now.
  init(_ name: AccountName) throws(Absence) {
    guard ProcessTable.effectiveUser == 0 else { throw .nobody }
    let text: StackText<4097>
    do throws(SystemError) {
      text = try StackText<4097>(contentsOf: PathBuffer(ProjectionPlaces.candidate))
    } catch {
      throw error.isMissing ? .nobody : Absence(error)
    }
    guard let rules = text.withSpan({ CandidateRules($0) }) else { throw .damaged }
    guard text.withSpan({ Candidate.isServed(by: rules, $0) && rules.admits(name, $0) }) else { throw .nobody }
    try Published.check(ProjectionPlaces.uids)
    guard let uid = rules.range.uid(of: name, owner: { Candidate.owner(of: $0, asking: name) }) else { throw .nobody }
    guard let account = Account(Candidate.line(name, uid, rules, text)) else { throw .damaged }
    self.init(account: account, group: rules.group)
  }

  /// Is this process one of the programs that may see candidates? After an upgrade the link's target ends in " (deleted)",
  /// which is none of them.
  private static func isServed(by rules: CandidateRules, _ line: borrowing Span<UInt8>) -> Bool {
    var program = InlineArray<256, UInt8>(repeating: 0)
    do throws(SystemError) {
      let count = try PathBuffer("/proc/self/exe").readLink(into: &program)
      return count < 256 && rules.serves(program.span.extracting(0..<count), line)
    } catch {
      return false
    }
  }

  /// Whose the uid is: the registry's link names its owner. What cannot be read is somebody else's.
  private static func owner(of uid: UInt32, asking name: AccountName) -> UIDRange.Owner {
    var path = PathBuffer(ProjectionPlaces.uids)
    path.append("/")
    path.append(decimal: uid)
    var target = InlineArray<64, UInt8>(repeating: 0)
    do throws(SystemError) {
      let count = try path.readLink(into: &target)
      return name.isExactly(target.span.extracting(0..<count)) ? .this : .other
    } catch {
      return error.isMissing ? .nobody : .other
    }
  }

  private static func line(_ name: AccountName, _ uid: UInt32, _ rules: CandidateRules, _ text: borrowing StackText<4097>) -> LineText {
    var line = LineText()
    line.append(name)
    line.append(":*:")
    line.append(decimal: uid)
    line.append(":")
    line.append(decimal: uid)
    line.append(":Sojourn candidate:")
    // By spans of the text that `rules` was read from: a look at one byte through `text` would copy all of it.
    text.withSpan { line.append($0.extracting(rules.homeRoot)) }
    line.append("/")
    line.append(name)
    line.append(":")
    text.withSpan { line.append($0.extracting(rules.shell)) }
    line.append("\n")
    return line
  }
}
