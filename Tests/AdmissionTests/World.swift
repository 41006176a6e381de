import Foundation

@testable import Admission
import Configuration
import Credentials
import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Policy

/// A world that a test bends, and that writes down what was asked of it, in order.
final class World: Surroundings {
  /// 2026-01-01 04:00 UTC, when the certificates of CredentialsTests are judged.
  static let now: UInt64 = 1_767_240_000

  var seconds = World.now
  var settings: Result<PublishedConfiguration, ConfigurationUnavailable> = .success(World.configuration())
  var name: NameService.Answer = World.candidate()
  var lists = WorldLists()
  var program: [UInt8]? = Array("/usr/sbin/sshd".utf8)
  var obligations = Obligations()
  var verdict: Verdict = .allowed(Grant(groups: ["dbops"], shell: nil, maxSessionSeconds: 3600))
  /// What becomes of asking for approval, in order; then nobody answers.
  var approvals: [ApprovalReply] = []
  /// Verdicts before `verdict`.
  var verdicts: [Verdict] = []
  /// What happens in the world while people are asked.
  var onApproval: () -> Void = {}
  /// Nanoseconds that each question to people takes.
  var patience: Int64 = 0
  private var spent: Int64 = 0
  var opening: Result<Reply, DaemonSilence> = .success(.opened(Opened(session: "1-abc", expires: World.now + 3600, notes: [])))
  static let reference = "0123456789abcdef0123456789abcdef"
  var holding: Result<Reply, DaemonSilence> = .success(.held(World.reference))
  var credential: Result<Reply, DaemonSilence> = .success(.refused(.whichSession, detail: "nothing"))
  var standing: Result<Reply, DaemonSilence> = .success(.refused(.whichSession, detail: "nobody is in under that name"))
  var ends: Result<Reply, DaemonSilence> = .success(.done)
  var others: Result<Reply, DaemonSilence> = .success(.done)
  let events: Events

  init(_ events: Events = Events()) { self.events = events }

  func moment() -> Moment { Moment(wall: Int64(seconds) * 1_000_000_000 + spent, boot: Int64(seconds) * 1_000_000_000 + spent) }
  func configuration() throws(ConfigurationUnavailable) -> PublishedConfiguration { try settings.get() }
  var lastGood: PublishedConfiguration?
  func lastGoodConfiguration() -> PublishedConfiguration? { lastGood }
  func account(named name: [UInt8]) -> NameService.Answer { self.name }
  func revocations(_ lists: [String]) -> WorldLists {
    var asked = self.lists
    asked.asked = lists
    return asked
  }
  func rootProgram() -> [UInt8]? { program }
  var newcomer: PasswordEntry?
  func candidate(_ name: AccountName, _ rules: AccountRules) -> PasswordEntry? { newcomer }
  var callerUID: UInt32 = 0
  func caller() -> UInt32 { callerUID }
  var commandLine: [String]?
  func words() -> [[UInt8]]? { commandLine?.map { Array($0.utf8) } }
  /// What the agent answers, in order.
  var agentAnswers: [Result<[UInt8], AgentSilence>] = []
  func agent(_ frame: [UInt8], milliseconds: Int64) throws(AgentSilence) -> [UInt8] {
    events.list.append(.agent(frame))
    guard !agentAnswers.isEmpty else { throw .none("SSH_AUTH_SOCK is not set") }
    return try agentAnswers.removeFirst().get()
  }

  func decide(_ question: Question, rules: PolicyRules, host: HostFacts) -> Answer {
    events.list.append(.asked(question))
    let verdict = verdicts.isEmpty ? verdict : verdicts.removeFirst()
    return Answer(verdict: verdict, facts: DecisionFacts(requestID: "4f2a", endpoint: "http://127.0.0.1:8181", reason: "", milliseconds: 3), obligations: obligations)
  }

  func approval(_ asked: ApprovalRequest, about question: Question, rules: PolicyRules, host: HostFacts) -> ApprovalReply {
    events.list.append(.sought(asked, question))
    spent += patience
    onApproval()
    return approvals.isEmpty ? .unavailable("no relay") : approvals.removeFirst()
  }

  func daemon(_ request: Request, milliseconds: Int32, patience: Int64) throws(DaemonSilence) -> Reply {
    events.list.append(.told(request, milliseconds: milliseconds, patience: patience))
    switch request {
    case .open: return try opening.get()
    case .hold: return try holding.get()
    case .redeem: return try opening.get()
    case .credential: return try credential.get()
    case .endSubject: return try ends.get()
    case .standing: return try standing.get()
    default: return try others.get()
    }
  }

  func tellDaemon(_ request: Request) { events.list.append(.announced(request)) }

  static func configuration() -> PublishedConfiguration {
    PublishedConfiguration(
      certificate: CertificateRules(trusted: Vectors.ours.map { TrustedAuthority(blob: Vectors.authority($0), file: $0) }, maxLifetime: 12 * 3600,
        clockSkew: 30, subject: .keyID),
      policy: PolicyRules(endpoints: [], caFile: nil, clientCertificate: nil, clientKey: nil, tokenFile: nil, attributesIn: .subject, deadline: 5000),
      host: HostFacts(id: "db1", labels: [], candidatePrograms: ["/usr/sbin/sshd", "/usr/lib/openssh/sshd-session"]),
      accounts: AccountRules(names: ["*"], range: UIDRange(first: 65536, last: 99999)!, homeRoot: "/var/lib/sojourn/home", shell: "/bin/sh",
        skeleton: "/etc/skel", groups: ["dbops", "adm"], rootEquivalentGroups: []),
      session: SessionRules(maxDuration: 12 * 3600, endWithCertificate: false))
  }

  static func candidate(_ name: String = "alice", uid: UInt32 = 70000, shell: String = Places.gateShell) -> NameService.Answer {
    .found(PasswordEntry(name: Array(name.utf8), uid: uid, gid: uid, home: "/var/lib/sojourn/home/\(name)", shell: shell))
  }
  static func local(_ name: String = "alice", uid: UInt32 = 1000) -> NameService.Answer { candidate(name, uid: uid, shell: "/bin/bash") }

  func settle(_ change: (inout PublishedConfiguration) -> Void) {
    var configuration = World.configuration()
    change(&configuration)
    settings = .success(configuration)
  }
}

/// Lists that say what a test wants, of whatever they are asked.
struct WorldLists: Revocations {
  var answer: Result<String?, RevocationFault> = .success(nil)
  var nameSerials = false
  /// Those that the configuration named.
  var asked: [String] = []
  func reason(_ certificate: RevocationSubject) throws(RevocationFault) -> String? {
    let answer = try answer.get()
    return answer.map { $0 + " by " + asked.joined(separator: ",") }
  }
}

/// What happened, in the order in which it happened.
final class Events {
  enum Event {
    case asked(Question)
    case told(Request, milliseconds: Int32, patience: Int64)
    case announced(Request)
    case logged(LogLevel, String)
    case error(String)
    case info(String)
    case kept(KeptKind, Kept)
    case limited(UInt64)
    case sought(ApprovalRequest, Question)
    case prompted(String)
    case agent([UInt8])
    case passed(String)
  }
  var list: [Event] = []

  var questions: [Question] { list.compactMap { if case .asked(let question) = $0 { question } else { nil } } }
  var requests: [Request] { list.compactMap { if case .told(let request, _, _) = $0 { request } else { nil } } }
  var opened: [OpenRequest] { requests.compactMap { if case .open(let open) = $0 { open } else { nil } } }
  var refused: [RefusedLogin] { requests.compactMap { if case .refused(let refused) = $0 { refused } else { nil } } }
  var ended: [String] { requests.compactMap { if case .endSubject(let subject) = $0 { subject } else { nil } } }
  var closed: [String] { requests.compactMap { if case .closed(let session) = $0 { session } else { nil } } }
  var errors: [String] { list.compactMap { if case .error(let text) = $0 { text } else { nil } } }
  var infos: [String] { list.compactMap { if case .info(let text) = $0 { text } else { nil } } }
  var log: [String] { list.compactMap { if case .logged(_, let text) = $0 { text } else { nil } } }
  var kept: [String] { list.compactMap { if case .kept(.session, let kept) = $0 { kept.text } else { nil } } }
  var held: [OpenRequest] { requests.compactMap { if case .hold(let open) = $0 { open } else { nil } } }
  var elevated: [Elevation] { requests.compactMap { if case .elevated(let elevation) = $0 { elevation } else { nil } } }
  var passed: [String] { list.compactMap { if case .passed(let reference) = $0 { reference } else { nil } } }
  var sought: [ApprovalRequest] { list.compactMap { if case .sought(let question, _) = $0 { question } else { nil } } }
  var soughtAbout: [Question] { list.compactMap { if case .sought(_, let question) = $0 { question } else { nil } } }
  var prompts: [String] { list.compactMap { if case .prompted(let text) = $0 { text } else { nil } } }
  var limits: [UInt64] { list.compactMap { if case .limited(let seconds) = $0 { seconds } else { nil } } }
}

final class Voice: Dialogue {
  let events: Events
  var keeps = true
  var limits = true
  /// What earlier phases of this process left.
  var left: [KeptKind: Kept] = [:]
  var keptSession: String? { didSet { left[.session] = keptSession.map { Kept(text: $0, user: Array("alice".utf8)) } } }
  /// What the person types; nil: the program cannot ask.
  var answer: [UInt8]?
  /// The same, of what is shown.
  var signs: ((Events) -> [UInt8]?)?

  init(_ events: Events) { self.events = events }
  func log(_ level: LogLevel, _ text: String) { events.list.append(.logged(level, text)) }
  func show(error text: String) { events.list.append(.error(text)) }
  func ask(_ text: String, limit: Int) -> [UInt8]? {
    events.list.append(.prompted(text))
    return (signs.map { $0(events) } ?? answer).map { Array($0.prefix(limit)) }
  }
  func show(info text: String) { events.list.append(.info(text)) }
  func keep(_ kind: KeptKind, _ kept: Kept) -> Bool {
    events.list.append(.kept(kind, kept))
    if keeps { left[kind] = kept }
    return keeps
  }
  func kept(_ kind: KeptKind) -> Kept? { left[kind] }
  func pass(reference: String) -> Bool {
    events.list.append(.passed(reference))
    return keeps
  }
  func limitRuntime(seconds: UInt64) -> Bool {
    events.list.append(.limited(seconds))
    return limits
  }
}

/// The certificates of CredentialsTests, and what sshd writes of them.
enum Vectors {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("CredentialsTests/Vectors")
  static func lines(_ file: String) -> [[String]] {
    let text = (try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }
  static let all = (lines("issued.txt").map { ($0, "issued") } + lines("hostile.txt").map { ($0, "hostile") })
    .map { (name: $0.1 + "/" + $0.0[0], verdict: $0.0[1], base64: $0.0.count > 2 ? $0.0[2] : "") }
  static func authority(_ name: String) -> [UInt8] {
    let base64 = Array((lines("authorities.txt").first { $0[2] == name } ?? ["", ""])[1].utf8)
    return Base64.decode(base64.span, 0..<base64.count) ?? []
  }
  /// All authorities but the foreign one.
  static let ours = lines("authorities.txt").map { $0[2] }.filter { $0 != "foreign_ca" }
  static func blob(_ name: String) -> [UInt8] {
    let base64 = Array((all.first { $0.name.hasSuffix("/" + name) }?.base64 ?? "").utf8)
    return Base64.decode(base64.span, 0..<base64.count) ?? []
  }
  static func line(_ name: String) -> String {
    let base64 = all.first { $0.name.hasSuffix("/" + name) }?.base64 ?? ""
    return line(base64: base64)
  }
  static func line(base64: String) -> String {
    let bytes = Array(base64.utf8)
    let blob = Base64.decode(bytes.span, 0..<bytes.count) ?? []
    let count = blob.count >= 4 ? min(Int(blob[3]), blob.count - 4) : 0
    return "publickey \(String(decoding: blob.dropFirst(4).prefix(count), as: UTF8.self)) \(base64)\n"
  }
  static var plainLine: String { "publickey ssh-ed25519 \(Base64.encode(authority("ca")))\n" }
}

/// A login as sshd presents it, to be changed by a test.
func login(_ user: String = "alice", info: String? = Vectors.line("control"), service: String = "sshd", silent: Bool = false, options: [String] = [],
  from address: String = "192.0.2.7") -> Login {
  Login(user: Array(user.utf8), service: Array(service.utf8), tty: Array("ssh".utf8), remoteHost: Array(address.utf8),
    authenticationInfo: info.map { Array($0.utf8) }, isSilent: silent,
    options: ModuleOptions(options.map { Array($0.utf8) }))
}

enum Code {
  static let success: Int32 = 0, denied: Int32 = 6, notAuthenticated: Int32 = 7, final: Int32 = 26, unknownUser: Int32 = 10, ignore: Int32 = 25
}
