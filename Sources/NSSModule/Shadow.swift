public import CPlatform.NSS
internal import HostSystem
internal import Identity

// shadow: no password and no dates, for root's tools that insist on an entry (getspnam(3)). Nobody else is told anything.
// A candidate is never made up here: a local account may lack a row in /etc/shadow, and gets none from us.

@c @implementation
public func _nss_sojourn_getspnam_r(
  _ name: UnsafePointer<CChar>!, _ result: UnsafeMutablePointer<spwd>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
  _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    guard ProcessTable.effectiveUser == 0 else { throw .nobody }
    try unsafe Account.known(asked(name)).fill(result, CallerBuffer(buffer, length))
  }
}

@c @implementation
public func _nss_sojourn_setspent(_ stayopen: CInt) -> nss_status { unsafe shadowEntries.begin(ProjectionPlaces.passwd) }

@c @implementation
public func _nss_sojourn_endspent() -> nss_status { unsafe shadowEntries.finish() }

@c @implementation
public func _nss_sojourn_getspent_r(
  _ result: UnsafeMutablePointer<spwd>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int, _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    guard ProcessTable.effectiveUser == 0 else { throw .nobody }
    try unsafe shadowEntries.next(ProjectionPlaces.passwd) { name throws(Absence) in
      guard let account = try Account.published(name) else { throw .nobody }
      try unsafe account.fill(result, CallerBuffer(buffer, length))
    }
  }
}

// SAFETY: glibc holds a lock of its own around the *ent functions of a database (nss/getXXent_r.c).
nonisolated(unsafe) private var shadowEntries = Entries()

extension Account {
  /// -1 is "not set" in every field (shadow(5)), also in the unsigned last.
  // SAFETY: `result` is the caller's struct; its pointers come from CallerBuffer, which keeps to the caller's buffer.
  @unsafe func fill(_ result: UnsafeMutablePointer<spwd>?, _ buffer: CallerBuffer) throws(Absence) {
    guard let result = unsafe result else { throw .damaged }
    var buffer = buffer
    try buffer.reserve(line.name.count + 3)
    var entry = unsafe spwd()
    unsafe entry.sp_namp = try buffer.put(text, 0..<line.name.count)
    unsafe entry.sp_pwdp = try buffer.put(text, line.name.count + 1..<line.name.count + 2)
    unsafe entry.sp_lstchg = -1
    unsafe entry.sp_min = -1
    unsafe entry.sp_max = -1
    unsafe entry.sp_warn = -1
    unsafe entry.sp_inact = -1
    unsafe entry.sp_expire = -1
    unsafe entry.sp_flag = UInt.max
    unsafe result.pointee = entry
  }
}
