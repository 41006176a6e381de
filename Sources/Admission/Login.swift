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
  /// What is no option of this version, escaped: it goes to the log, because whoever wrote it expects an effect.
  public var unknown: [String] = []

  public init(_ arguments: [[UInt8]]) {
    for argument in arguments {
      if argument.elementsEqual("debug".utf8) {
        isDebug = true
      } else {
        unknown.append(Escape.visible(argument, limit: 64))
      }
    }
  }
}
