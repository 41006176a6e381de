public import CPlatform.NSS
internal import HostSystem
internal import Identity

// passwd: who is this name, who is this number (getpwnam(3), getpwent(3)).

@c @implementation
public func _nss_sojourn_getpwnam_r(
  _ name: UnsafePointer<CChar>!, _ result: UnsafeMutablePointer<passwd>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
  _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    try unsafe Account.named(asked(name)).fill(result, CallerBuffer(buffer, length))
  }
}

@c @implementation
public func _nss_sojourn_getpwuid_r(
  _ uid: uid_t, _ result: UnsafeMutablePointer<passwd>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
  _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    try unsafe Account.numbered(uid).fill(result, CallerBuffer(buffer, length))
  }
}

@c @implementation
public func _nss_sojourn_setpwent(_ stayopen: CInt) -> nss_status { unsafe passwdEntries.begin(ProjectionPlaces.passwd) }

@c @implementation
public func _nss_sojourn_endpwent() -> nss_status { unsafe passwdEntries.finish() }

@c @implementation
public func _nss_sojourn_getpwent_r(
  _ result: UnsafeMutablePointer<passwd>!, _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int, _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    try unsafe passwdEntries.next(ProjectionPlaces.passwd) { name throws(Absence) in
      guard let account = try Account.published(name) else { throw .nobody }
      try unsafe account.fill(result, CallerBuffer(buffer, length))
    }
  }
}

// SAFETY: glibc holds a lock of its own around the *ent functions of a database (nss/getXXent_r.c).
nonisolated(unsafe) private var passwdEntries = Entries()

/// The name that a function was asked for.
// SAFETY: glibc passes a C string.
@unsafe func asked(_ name: UnsafePointer<CChar>?) throws(Absence) -> AccountName {
  guard let name = unsafe name, let asked = unsafe AccountName(cString: name) else { throw .nobody }
  return asked
}

extension Account {
  // SAFETY: `result` is the caller's struct; its pointers come from CallerBuffer, which keeps to the caller's buffer.
  @unsafe func fill(_ result: UnsafeMutablePointer<passwd>?, _ buffer: CallerBuffer) throws(Absence) {
    guard let result = unsafe result else { throw .damaged }
    var buffer = buffer
    let name = 0..<line.name.count
    let password = line.name.count + 1..<line.name.count + 2
    try buffer.reserve(name.count + password.count + line.gecos.count + line.home.count + line.shell.count + 5)
    var entry = unsafe passwd()
    unsafe entry.pw_name = try buffer.put(text, name)
    unsafe entry.pw_passwd = try buffer.put(text, password)
    unsafe entry.pw_uid = line.uid
    unsafe entry.pw_gid = line.uid
    unsafe entry.pw_gecos = try buffer.put(text, line.gecos)
    unsafe entry.pw_dir = try buffer.put(text, line.home)
    unsafe entry.pw_shell = try buffer.put(text, line.shell)
    unsafe result.pointee = entry
  }
}
