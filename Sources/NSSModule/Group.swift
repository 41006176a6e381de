public import CPlatform.NSS
internal import HostSystem
internal import Identity

// group: an account's own group, of its name and number (getgrnam(3), getgrent(3)). The system groups that a lease grants
// are other sources' and stay theirs.

@c @implementation
public func _nss_sojourn_getgrnam_r(
  _ name: UnsafePointer<CChar>!, _ result: UnsafeMutablePointer<group>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
  _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    try unsafe OwnGroup.named(asked(name)).fill(result, CallerBuffer(buffer, length))
  }
}

@c @implementation
public func _nss_sojourn_getgrgid_r(
  _ gid: gid_t, _ result: UnsafeMutablePointer<group>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
  _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    try unsafe OwnGroup.numbered(gid).fill(result, CallerBuffer(buffer, length))
  }
}

@c @implementation
public func _nss_sojourn_setgrent(_ stayopen: CInt) -> nss_status { unsafe groupEntries.begin(ProjectionPlaces.group) }

@c @implementation
public func _nss_sojourn_endgrent() -> nss_status { unsafe groupEntries.finish() }

@c @implementation
public func _nss_sojourn_getgrent_r(
  _ result: UnsafeMutablePointer<group>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int, _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    try unsafe groupEntries.next(ProjectionPlaces.group) { name throws(Absence) in
      try unsafe OwnGroup.published(name).fill(result, CallerBuffer(buffer, length))
    }
  }
}

// SAFETY: glibc holds a lock of its own around the *ent functions of a database (nss/getXXent_r.c).
nonisolated(unsafe) private var groupEntries = Entries()

/// The group that has an account's name and number.
struct OwnGroup {
  private let text: LineText
  private let name: AccountName
  private let gid: UInt32

  private init?(_ text: LineText) {
    guard let line = text.withSpan({ GroupLine($0) }) else { return nil }
    self.text = text
    name = line.name
    gid = line.gid
  }

  /// Both lines begin with `name:*`, which is all that an answer holds of them.
  private init(of account: Account) {
    text = account.text
    name = account.line.name
    gid = account.line.uid
  }

  /// The group of the candidate that this process has been told of, or of a lease. No candidate is made up for a group's
  /// name: PAM modules in sshd ask for groups of their own configuration, and two names that nobody has claimed yet may
  /// begin at one number, which would put a person into a group that does not exist.
  static func named(_ name: AccountName) throws(Absence) -> OwnGroup {
    if let kept = Slot.candidate(named: name) { return OwnGroup(of: kept.account) }
    return try published(name)
  }

  static func numbered(_ gid: UInt32) throws(Absence) -> OwnGroup {
    guard UIDRange.isPossible(gid) else { throw .nobody }
    if let kept = Slot.candidate(numbered: gid) { return OwnGroup(of: kept.account) }
    var path = PathBuffer(ProjectionPlaces.groupByGID)
    path.append("/")
    path.append(decimal: gid)
    guard let text = try Published.text(path, in: ProjectionPlaces.groupByGID) else { throw .nobody }
    guard let group = OwnGroup(text), group.gid == gid else { throw .damaged }
    return group
  }

  static func published(_ name: AccountName) throws(Absence) -> OwnGroup {
    guard let text = try Published.text(Published.path(ProjectionPlaces.group, name), in: ProjectionPlaces.group) else { throw .nobody }
    guard let group = OwnGroup(text), group.name == name else { throw .damaged }
    return group
  }

  // SAFETY: `result` is the caller's struct; its pointers come from CallerBuffer, which keeps to the caller's buffer.
  @unsafe func fill(_ result: UnsafeMutablePointer<group>?, _ buffer: CallerBuffer) throws(Absence) {
    guard let result = unsafe result else { throw .damaged }
    var buffer = buffer
    var entry = unsafe group()
    unsafe entry.gr_mem = try buffer.emptyList(andThen: name.count + 3)
    unsafe entry.gr_name = try buffer.put(text, 0..<name.count)
    unsafe entry.gr_passwd = try buffer.put(text, name.count + 1..<name.count + 2)
    unsafe entry.gr_gid = gid
    unsafe result.pointee = entry
  }
}
