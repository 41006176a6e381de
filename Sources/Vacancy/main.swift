// `vacancy name NAME UID [GROUP…]` and `vacancy number UID`: asks every source of names of this host but Sojourn's own
// whether it has a name or number, and what stands under them already. `vacancy member NAME UID [GROUP…]`: asks them about an
// account that is theirs, and which groups it has there. `vacancy answers NAME UID`: asks libc, as every other program does and
// with Sojourn's answers, what name and number are. `vacancy wait` loads the sources, reads one such question from its input, the
// words with a NUL between them, and answers it; without a question it just ends. A program of its own because a source may hang
// (LDAP) or crash, and because it must never hear Sojourn's own answers where it asks the others. What it finds, it writes a line each:
//
//     user-name SOURCE          group-name SOURCE       the name is somebody else's
//     user-number SOURCE        group-number SOURCE     the number is
//     right TEXT                                        something stands under the name or number already
//     failed SOURCE ERRNO                               a source could not say; not knowing is not vacancy
//     group NAME GID            no-group NAME           what the groups asked for are
//     account UID GID           no-account              whose the name is that should be an account of theirs
//     in GID                                            a group that the account has there, its primary one included
//     answer LINE                                       a line as of getent(1)
//     done                                              the last line of a whole answer
internal import CPlatform.System
internal import HostSystem
internal import Identity

/// The question, or nil if the input ended without one.
func awaited() -> [String]? {
  Sources(of: "passwd").load()
  Sources(of: "group").load()
  let input = FileDescriptor(owning: 0)
  guard let bytes = try? input.readAll(cap: 65_536), !bytes.isEmpty else { return nil }
  return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
}

func answer() -> Int32 {
  var words = ProgramArguments.own().dropFirst().map { String(decoding: $0, as: UTF8.self) }
  if words.count == 1, words[0].utf8.elementsEqual("wait".utf8) {
    guard let question = awaited() else { return 0 }
    words = question
  }
  guard words.count >= 2, let uid = ProcessTable.decimal(words[words[0].utf8.elementsEqual("number".utf8) || words.count < 3 ? 1 : 2].utf8)
    .flatMap({ UInt32(exactly: $0) })
  else { return 64 }
  var answer = Answer()
  if words[0].utf8.elementsEqual("member".utf8), words.count >= 3, let name = AccountName(words[1]) {
    let groups = Sources(of: "group")
    if let gid = Sources(of: "passwd").askAccount(name.text, &answer) { groups.askGroups(of: name.text, gid, &answer) }
    for group in words.dropFirst(3) { groups.resolve(group, &answer) }
  } else if words[0].utf8.elementsEqual("name".utf8), words.count >= 3, let name = AccountName(words[1]) {
    let users = Sources(of: "passwd")
    let groups = Sources(of: "group")
    users.askUser(name.text, uid, &answer)
    groups.askGroup(name.text, uid, &answer)
    groups.askMemberships(name.text, uid, &answer)
    StandingRights.look(name.text, uid, &answer)
    for group in words.dropFirst(3) { groups.resolve(group, &answer) }
  } else if words[0].utf8.elementsEqual("answers".utf8), words.count == 3, let name = AccountName(words[1]) {
    guard CommonAnswers.look(name.text, uid, &answer) else { return 1 }
  } else if words[0].utf8.elementsEqual("number".utf8) {
    Sources(of: "passwd").askUser(nil, uid, &answer)
    Sources(of: "group").askGroup(nil, uid, &answer)
  } else {
    return 64
  }
  answer.line("done")
  return answer.write() ? 0 : 1
}

exit(answer())
