internal import DaemonProtocol
internal import Encoding
internal import Identity

/// One login as PAM presents it, cut to size by the module. Nothing in it is believed.
public struct Login: Sendable {
  /// PAM_USER; empty if there is none, or none of a length that a name has.
  public var user: [UInt8]
  public var service: [UInt8]
  public var tty: [UInt8]
  public var remoteHost: [UInt8]
  /// SSH_AUTH_INFO_0; nil if it is not set. One byte longer than `AuthenticationInfo.cap` if it is too long.
  public var authenticationInfo: [UInt8]?
  /// SSH_CONNECTION, `address port address port`; empty if it is not set.
  public var connection: [UInt8]
  /// PAM_SILENT: the person is to be told nothing.
  public var isSilent: Bool
  public var options: ModuleOptions

  public init(user: [UInt8], service: [UInt8], tty: [UInt8], remoteHost: [UInt8], authenticationInfo: [UInt8]?, connection: [UInt8],
    isSilent: Bool, options: ModuleOptions) {
    self.user = user
    self.service = service
    self.tty = tty
    self.remoteHost = remoteHost
    self.authenticationInfo = authenticationInfo
    self.connection = connection
    self.isSilent = isSilent
    self.options = options
  }

  /// The name for people and logs.
  public var shownUser: String { Escape.visible(user, limit: 64) }

  var facts: LoginFacts {
    LoginFacts(service: Escape.visible(service, limit: 64), tty: Escape.visible(tty, limit: 64), remote: Escape.visible(remoteAddress, limit: 256))
  }

  /// The client's address. PAM_RHOST if it is one, because pam_env lets nobody change that; it is a name where sshd looks
  /// names up (UseDNS), and then SSH_CONNECTION has the address.
  var remoteAddress: [UInt8] {
    if Login.looksLikeAddress(remoteHost) { return remoteHost }
    let peer = Array(connection.prefix { $0 != 32 })
    return Login.looksLikeAddress(peer) ? peer : remoteHost
  }

  private static func looksLikeAddress(_ text: [UInt8]) -> Bool {
    guard !text.isEmpty, text.count <= 64 else { return false }
    let isIPv6 = text.contains(58)
    return text.allSatisfy { c in
      (c >= 48 && c <= 57) || c == 46 || (isIPv6 && (c == 58 || c == 37 || (c >= 97 && c <= 122) || (c >= 65 && c <= 90)))
    }
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
