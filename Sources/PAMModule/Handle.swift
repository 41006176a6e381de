internal import Admission
internal import CPlatform.PAM
internal import Credentials

/// The PAM handle that the host program passed: everything read from it is copied, within bounds, and everything said
/// goes through it.
@safe struct Handle: Dialogue {
  private let pointer: OpaquePointer

  /// Bytes: longer items are cut, a longer name is no name (LOGIN_NAME_MAX).
  private static var itemCap: Int { 256 }

  init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

  /// - Parameter asks: let libpam ask for the name if the host program has none yet (login, in authenticate).
  func login(asks: Bool, flags: CInt, _ arguments: Arguments) -> Login {
    // SAFETY: libpam owns the strings and keeps them until the next call that changes them; each is copied at once.
    let user = unsafe asks ? sojourn_pam_user(pointer) : sojourn_pam_string(pointer, PAM_USER)
    let name = unsafe Handle.copy(user, cap: Handle.itemCap + 1) ?? []
    let cap = AuthenticationInfo.cap + 1  // one more than is believed, so that too much is seen to be too much
    var login = unsafe Login(user: name.count <= Handle.itemCap ? name : [], service: item(PAM_SERVICE), tty: item(PAM_TTY), remoteHost: item(PAM_RHOST),
      authenticationInfo: Handle.copy(sojourn_pam_environment(pointer, "SSH_AUTH_INFO_0"), cap: cap),
      isSilent: UInt32(bitPattern: flags) & UInt32(PAM_SILENT) != 0, options: ModuleOptions(arguments.copies))
    login.requester = item(PAM_RUSER)
    login.reference = unsafe Handle.copy(sojourn_pam_environment(pointer, Handle.referenceName), cap: 64)
    return login
  }

  /// sshd keeps variables of this beginning out of the person's environment (session.c, PAM_ENV_DENYLIST).
  private static var referenceName: String { "SSH_AUTH_INFO_SOJOURN_REF" }

  // SAFETY: see `login`.
  private func item(_ kind: CInt) -> [UInt8] { unsafe Handle.copy(sojourn_pam_string(pointer, kind), cap: Handle.itemCap) ?? [] }

  // SAFETY: the handle is libpam's for the whole call of the entry point; every text is a NUL-terminated temporary.
  func log(_ level: LogLevel, _ text: String) {
    let priority = switch level {
    case .alert: LOG_ALERT
    case .error: LOG_ERR
    case .warning: LOG_WARNING
    case .notice: LOG_NOTICE
    case .info: LOG_INFO
    case .debug: LOG_DEBUG
    }
    unsafe sojourn_pam_log(pointer, priority, text)
  }
  func show(error text: String) { unsafe sojourn_pam_error(pointer, text) }
  func show(info text: String) { unsafe sojourn_pam_info(pointer, text) }
  func ask(_ text: String, limit: Int) -> [UInt8]? {
    guard let answer = unsafe sojourn_pam_ask(pointer, text) else { return nil }
    defer { unsafe sojourn_pam_forget(answer) }
    return unsafe Handle.copy(answer, cap: limit)
  }
  func keep(_ kind: KeptKind, _ kept: Kept) -> Bool {
    unsafe sojourn_pam_keep(pointer, Handle.name(of: kind), kept.text, String(decoding: kept.user, as: UTF8.self)) == PAM_SUCCESS
  }
  func kept(_ kind: KeptKind) -> Kept? {
    guard let kept = unsafe sojourn_pam_kept(pointer, Handle.name(of: kind)) else { return nil }
    guard let text = unsafe Handle.copy(sojourn_pam_kept_text(kept), cap: 48), let user = unsafe Handle.copy(sojourn_pam_kept_user(kept), cap: Handle.itemCap + 1) else { return nil }
    return Kept(text: String(decoding: text, as: UTF8.self), user: user)
  }
  func pass(reference: String) -> Bool { unsafe sojourn_pam_set_environment(pointer, Handle.referenceName + "=" + reference) == PAM_SUCCESS }
  private static func name(of kind: KeptKind) -> String {
    switch kind {
    case .session: "sojourn_session"
    case .reference: "sojourn_reference"
    case .elevation: "sojourn_elevation"
    case .presence: "sojourn_presence"
    }
  }
  func limitRuntime(seconds: UInt64) -> Bool { unsafe sojourn_pam_runtime_max(pointer, String(seconds)) == PAM_SUCCESS }

  // SAFETY: reads up to the NUL, or `cap` bytes, whichever comes first.
  static func copy(_ text: UnsafePointer<CChar>?, cap: Int) -> [UInt8]? {
    guard let text = unsafe text else { return nil }
    var bytes: [UInt8] = []
    while bytes.count < cap, unsafe text[bytes.count] != 0 { bytes.append(UInt8(bitPattern: unsafe text[bytes.count])) }
    return bytes
  }
}

/// The words after the module's name on its line in /etc/pam.d: at most 64, of 256 bytes each.
struct Arguments {
  let copies: [[UInt8]]

  // SAFETY: argv has argc entries, as libpam builds it (pam_sm_*(3)).
  init(_ count: CInt, _ values: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
    var copies: [[UInt8]] = []
    if let values = unsafe values {
      for index in 0..<Int(min(max(count, 0), 64)) { unsafe copies.append(Handle.copy(values[index], cap: 256) ?? []) }
    }
    self.copies = copies
  }
}
