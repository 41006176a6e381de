internal import Admission
internal import CPlatform.PAM
internal import CPlatform.System

// The six entry points that libpam looks up by name (pam_sm_*(3)). They translate, and nothing else: arguments and handle
// into a `Login`, the result into a code. errno stays as the host program had it.

@c @implementation
public func pam_sm_authenticate(_ pamh: OpaquePointer!, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>!) -> CInt {
  unsafe translated(pamh, flags, argc, argv, asks: true) { login, handle in AuthenticationPhase.run(login, ThisHost(), handle) }
}

@c @implementation
public func pam_sm_acct_mgmt(_ pamh: OpaquePointer!, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>!) -> CInt {
  unsafe translated(pamh, flags, argc, argv) { login, handle in AccountPhase.run(login, ThisHost(), handle) }
}

@c @implementation
public func pam_sm_open_session(_ pamh: OpaquePointer!, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>!) -> CInt {
  unsafe translated(pamh, flags, argc, argv) { login, handle in SessionOpening.run(login, ThisHost(), handle) }
}

@c @implementation
public func pam_sm_close_session(_ pamh: OpaquePointer!, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>!) -> CInt {
  unsafe translated(pamh, flags, argc, argv) { login, handle in SessionClosing.run(login, ThisHost(), handle) }
}

@c @implementation
public func pam_sm_setcred(_ pamh: OpaquePointer!, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>!) -> CInt {
  unsafe translated(pamh, flags, argc, argv) { login, handle in CredentialPhase.run(login, handle) }
}

@c @implementation
public func pam_sm_chauthtok(_ pamh: OpaquePointer!, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>!) -> CInt {
  SilentPhase.run().code
}

// SAFETY: the pointers are libpam's, valid for the call; they are only copied from, and the handle does not outlive it.
private func translated(_ pamh: OpaquePointer?, _ flags: CInt, _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafePointer<CChar>?>?, asks: Bool = false,
  _ phase: (Login, Handle) -> PAMResult) -> CInt {
  guard let pamh = unsafe pamh else { return PAM_SYSTEM_ERR }
  let saved = sojourn_errno()
  defer { sojourn_set_errno(saved) }
  let handle = unsafe Handle(pamh)
  return phase(unsafe handle.login(asks: asks, flags: flags, Arguments(argc, argv)), handle).code
}
