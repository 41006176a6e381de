internal import CPlatform.NSS
internal import HostSystem

/// Why there is no answer. glibc knows four statuses and kills the process at any other, so there are just these.
enum Absence: Error {
  /// We have nobody of that name or number; the next source is asked.
  case nobody
  /// The caller's buffer is too small: he doubles it and asks again.
  case small
  /// What we should know cannot be read, or must not be believed: an `errno` value.
  case unavailable(CInt)

  static var damaged: Absence { .unavailable(EIO) }

  /// EPERM, which TrustedFile says of a file that is not root's, reads as "no such user" in getpwnam(3).
  init(_ error: SystemError) { self = .unavailable(error.code == EPERM ? EIO : error.code) }

  /// glibc takes ERANGE from `errnop` as "too small" whatever the status, so nothing else may say it.
  func report(_ errnop: UnsafeMutablePointer<CInt>?) -> nss_status {
    let (status, code): (nss_status, CInt) = switch self {
    case .nobody: (NSS_STATUS_NOTFOUND, ENOENT)
    case .small: (NSS_STATUS_TRYAGAIN, ERANGE)
    case .unavailable(let code): (NSS_STATUS_UNAVAIL, code == ERANGE ? EIO : code)
    }
    // SAFETY: glibc passes the address of its thread's errno.
    unsafe errnop?.pointee = code
    return status
  }
}

/// Runs one entry point. The caller's errno is as it was, but for what `errnop` says about a failure; that is errno too.
func answer(_ errnop: UnsafeMutablePointer<CInt>?, _ body: () throws(Absence) -> Void) -> nss_status {
  let before = CallerErrno.value
  do throws(Absence) {
    try body()
    CallerErrno.value = before
    return NSS_STATUS_SUCCESS
  } catch {
    CallerErrno.value = before
    return unsafe error.report(errnop)
  }
}
