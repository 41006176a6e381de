internal import DaemonProtocol
internal import Encoding
internal import Identity

/// One login as PAM presents it, cut to size by the module. Nothing in it is believed.
public struct Login: Sendable {
  /// PAM_USER; empty if there is none, or none of a length that a name has.
  public var user: [UInt8]
  public var service: [UInt8]
  public var tty: [UInt8]
  /// PAM_RHOST: the client's address, or its name where sshd looks names up (UseDNS). SSH_CONNECTION would have the address
  /// then, but a line of pam_env before ours has users overwrite it: what hangs on the address is refused instead.
  public var remoteHost: [UInt8]
  /// PAM_RUSER: who started su or sudo, as these programs say; empty where nobody says.
  public var requester: [UInt8] = []
  /// SSH_AUTH_INFO_SOJOURN_REF: what our own phase in sshd's child left for the monitor. pam_env lets users write it, so that
  /// it means nothing until the daemon has said what it stands for. nil if it is not set.
  public var reference: [UInt8]?
  /// SSH_AUTH_INFO_0; nil if it is not set. One byte longer than `AuthenticationInfo.cap` if it is too long.
  public var authenticationInfo: [UInt8]?
  /// PAM_SILENT: the person is to be told nothing.
  public var isSilent: Bool
  public var options: ModuleOptions

  public init(user: [UInt8], service: [UInt8], tty: [UInt8], remoteHost: [UInt8], authenticationInfo: [UInt8]?,
    isSilent: Bool, options: ModuleOptions) {
    self.user = user
    self.service = service
    self.tty = tty
    self.remoteHost = remoteHost
    self.authenticationInfo = authenticationInfo
    self.isSilent = isSilent
    self.options = options
  }

  /// The name for people and logs.
  public var shownUser: String { Escape.visible(user, limit: 64) }

  var facts: LoginFacts {
    LoginFacts(service: Escape.visible(service, limit: 64), tty: Escape.visible(tty, limit: 64), remote: Escape.visible(remoteHost, limit: 256))
  }
}

/// The arguments of the module's line in /etc/pam.d.
public struct ModuleOptions: Sendable {
  /// `debug`: a line for every call in the log.
  public var isDebug = false
  /// `local=require`: accounts of other sources must show a certificate too, and be decided about.
  public var requiresLocal = false
  /// `exempt=NAME[,NAME…]`: those of them that need not. nil: nobody wrote it, and root comes in at the console.
  public var exempt: [[UInt8]]?
  /// `fresh`: also who is in must show the certificate anew.
  public var isFresh = false
  /// What is no option of this version, escaped: it goes to the log, because whoever wrote it expects an effect.
  public var unknown: [String] = []

  public init(_ arguments: [[UInt8]]) {
    for argument in arguments {
      if argument.elementsEqual("debug".utf8) {
        isDebug = true
      } else if argument.elementsEqual("local=require".utf8) {
        requiresLocal = true
      } else if argument.elementsEqual("fresh".utf8) {
        isFresh = true
      } else if argument.starts(with: "exempt=".utf8) {
        exempt = (exempt ?? []) + argument.dropFirst(7).split(separator: 44).map { Array($0) }
      } else {
        unknown.append(Escape.visible(argument, limit: 64))
        // Whoever wrote `local=require` with a slip of the pen means everybody.
        if argument.starts(with: "local".utf8) { requiresLocal = true }
      }
    }
  }

  /// Must an account of another source show a certificate in this program?
  func requires(_ user: [UInt8], in program: Program) -> Bool {
    guard requiresLocal else { return false }
    guard let exempt else {
      if case .console = program { return !user.elementsEqual("root".utf8) }
      return true
    }
    return !exempt.contains { $0.elementsEqual(user) }
  }
}
