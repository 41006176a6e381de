public import Configuration
public import Credentials
public import DaemonProtocol
public import HostSystem
public import Identity
public import Policy

/// All that a login's story asks of the world. The module passes `ThisHost`; tests pass worlds of their own.
public protocol Surroundings {
  func moment() -> Moment
  func configuration() throws(ConfigurationUnavailable) -> PublishedConfiguration
  /// What was in force before this boot, for telling whose a certificate is; nil if it cannot be had.
  func lastGoodConfiguration() -> PublishedConfiguration?
  /// What the lists of that configuration revoke.
  func revocations(_ lists: [String]) -> Lists
  associatedtype Lists: Revocations
  /// What the host program heard from NSS for this name (DESIGN 4: the first candidate in a process stays its answer).
  func account(named name: [UInt8]) -> NameService.Answer
  /// What sshd would hear of a name that nobody has: the account that it would get. nil: none.
  func candidate(_ name: AccountName, _ rules: AccountRules) -> PasswordEntry?
  /// Who started this program, by the kernel's word.
  func caller() -> UInt32
  /// What it was started with (`argv`); nil if not all of it can be read.
  func words() -> [[UInt8]]?
  /// The agent of whoever started this program: one question, one answer.
  func agent(_ frame: [UInt8], milliseconds: Int64) throws(AgentSilence) -> [UInt8]
  /// The program whose process this is, if it runs as root; nil else.
  func rootProgram() -> [UInt8]?
  func decide(_ question: Question, rules: PolicyRules, host: HostFacts) -> Answer
  /// What is to be had by asking people; it may block for as long as the question says.
  func approval(_ asked: ApprovalRequest, about question: Question, rules: PolicyRules, host: HostFacts) -> ApprovalReply
  /// - Parameters:
  ///   - milliseconds: for connection, question and answer each.
  ///   - patience: milliseconds to wait for a daemon that restarts.
  func daemon(_ request: Request, milliseconds: Int32, patience: Int64) throws(DaemonSilence) -> Reply
  /// What has no answer.
  func tellDaemon(_ request: Request)
}

/// The host that the module runs on.
public struct ThisHost: Surroundings {
  public init() {}

  public func moment() -> Moment { Moment.now() }
  public func configuration() throws(ConfigurationUnavailable) -> PublishedConfiguration { try PublishedConfiguration.current() }
  public func lastGoodConfiguration() -> PublishedConfiguration? { PublishedConfiguration.lastGood() }
  public func revocations(_ lists: [String]) -> PublishedRevocations { PublishedRevocations(lists) }
  public func account(named name: [UInt8]) -> NameService.Answer { NameService.account(named: name) }

  public func candidate(_ name: AccountName, _ rules: AccountRules) -> PasswordEntry? { Candidacy.entry(of: name, rules) }
  public func caller() -> UInt32 { ProcessTable.realUser }
  public func words() -> [[UInt8]]? { InvokedProcess.words() }
  public func agent(_ frame: [UInt8], milliseconds: Int64) throws(AgentSilence) -> [UInt8] { try CallersAgent.ask(frame, milliseconds: milliseconds) }

  /// /proc/self/exe is the kernel's word; a user cannot bend it as they can argv, the service name, or a variable.
  public func rootProgram() -> [UInt8]? {
    guard ProcessTable.effectiveUser == 0 else { return nil }
    do throws(SystemError) { return try Files.linkTarget("/proc/self/exe") } catch { return nil }
  }

  public func decide(_ question: Question, rules: PolicyRules, host: HostFacts) -> Answer { PolicyClient.ask(question, rules: rules, host: host) }

  public func approval(_ asked: ApprovalRequest, about question: Question, rules: PolicyRules, host: HostFacts) -> ApprovalReply {
    ApprovalClient.ask(asked, about: question, rules: rules, host: host)
  }

  public func daemon(_ request: Request, milliseconds: Int32, patience: Int64) throws(DaemonSilence) -> Reply {
    try DaemonClient.ask(ofLogin: request, milliseconds: milliseconds, patience: patience)
  }

  public func tellDaemon(_ request: Request) { DaemonClient.tell(request) }
}
