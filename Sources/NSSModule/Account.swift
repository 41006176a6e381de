internal import HostSystem
internal import Identity

/// The longest published line, whole, with room for the NUL of `StackText`.
typealias LineText = StackText<1025>

/// Somebody we answer for: a published line and what it says.
struct Account {
  let text: LineText
  let line: PasswdLine

  init?(_ text: LineText) {
    guard let line = text.withSpan({ PasswdLine($0) }) else { return nil }
    self.text = text
    self.line = line
  }

  /// The candidate that this process has been told of, the lease, or the candidate of this name.
  static func named(_ name: AccountName) throws(Absence) -> Account {
    if let kept = Slot.candidate(named: name) { return kept.account }
    if let leased = try published(name) { return leased }
    return Slot.keep(try Candidate(name)).account
  }

  /// The candidate that this process has been told of, or the lease; nobody is made a candidate by this question.
  static func known(_ name: AccountName) throws(Absence) -> Account {
    if let kept = Slot.candidate(named: name) { return kept.account }
    guard let leased = try published(name) else { throw .nobody }
    return leased
  }

  static func numbered(_ uid: UInt32) throws(Absence) -> Account {
    guard UIDRange.isPossible(uid) else { throw .nobody }
    if let kept = Slot.candidate(numbered: uid) { return kept.account }
    var path = PathBuffer(ProjectionPlaces.passwdByUID)
    path.append("/")
    path.append(decimal: uid)
    guard let text = try Published.text(path, in: ProjectionPlaces.passwdByUID) else { throw .nobody }
    guard let account = Account(text), account.line.uid == uid else { throw .damaged }
    return account
  }

  /// The account of the name's lease, or nil if there is none.
  static func published(_ name: AccountName) throws(Absence) -> Account? {
    guard let text = try Published.text(Published.path(ProjectionPlaces.passwd, name), in: ProjectionPlaces.passwd) else { return nil }
    guard let account = Account(text), account.line.name == name else { throw .damaged }
    return account
  }
}

/// The files under /run/sojourn/nss.
enum Published {
  static func path(_ directory: StaticString, _ name: AccountName) -> PathBuffer {
    var path = PathBuffer(directory)
    path.append("/")
    path.append(name)
    return path
  }

  /// The file's text, or nil if there is no such file in a directory that may be believed.
  static func text(_ path: borrowing PathBuffer, in directory: StaticString) throws(Absence) -> LineText? {
    do throws(SystemError) {
      return try LineText(contentsOf: path)
    } catch {
      guard error.isMissing else { throw Absence(error) }
    }
    try check(directory)
    return nil
  }

  /// That something is missing is believed only of a directory that is there, and root's alone.
  static func check(_ directory: StaticString) throws(Absence) {
    let facts: FileFacts
    do throws(SystemError) { facts = try PathBuffer(directory).facts() } catch { throw Absence(error) }
    guard facts.isDirectory, facts.isTrusted else { throw .damaged }
  }
}
