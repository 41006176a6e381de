import Accounts
import Admission
import Configuration
import Credentials
import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Policy

/// A login that is told to its end and does not happen: the module's own story (`SessionOpening`), in a world in which the
/// policy is really asked, and nothing is opened, ended, claimed or written down.
final class Rehearsal: Surroundings, Dialogue {
  private let host = ThisHost()
  private let service: String
  private(set) var question: Question?
  private(set) var rules: PublishedConfiguration?
  private(set) var answer: Answer?
  /// What the daemon would have been asked to open: the grant within the host's ceilings.
  private(set) var opening: OpenRequest?
  private(set) var vacancy: String?
  private(set) var refusal: Refusal?
  private(set) var trail: RefusedLogin?
  /// What the person would read.
  private(set) var shown: [String] = []
  /// What would stand in the log.
  private(set) var logged: [String] = []
  /// Subjects whose sessions the policy demands to be ended.
  private(set) var wouldEnd: [String] = []

  init(service: String) { self.service = service }

  // MARK: The world

  func moment() -> Moment { host.moment() }
  func lastGoodConfiguration() -> PublishedConfiguration? { host.lastGoodConfiguration() }
  func revocations(_ lists: [String]) -> PublishedRevocations { host.revocations(lists) }

  func configuration() throws(ConfigurationUnavailable) -> PublishedConfiguration {
    let configuration = try host.configuration()
    rules = configuration
    return configuration
  }

  /// What sshd hears from NSS; this program is none of those that candidates are shown to.
  func account(named name: [UInt8]) -> NameService.Answer {
    guard case .unknown = host.account(named: name) else { return host.account(named: name) }
    return candidate(name).map { .found($0) } ?? .unknown
  }

  private func candidate(_ bytes: [UInt8]) -> PasswordEntry? {
    guard let name = String(validating: bytes, as: UTF8.self).flatMap({ AccountName($0) }) else { return nil }
    let line: [UInt8]
    do throws(SystemError) { line = try Files.readTrusted("\(ProjectionPlaces.candidate)", cap: CandidateRules.cap) } catch { return nil }
    guard let rules = CandidateRules(line.span), rules.admits(name, line.span) else { return nil }
    guard let uid = rules.range.uid(of: name, owner: { owner(of: $0, asking: name) }) else { return nil }
    func text(_ field: Range<Int>) -> String { String(decoding: line[field], as: UTF8.self) }
    return PasswordEntry(name: bytes, uid: uid, gid: uid, home: text(rules.homeRoot) + "/" + name.text, shell: text(rules.shell))
  }

  private func owner(of uid: UInt32, asking name: AccountName) -> UIDRange.Owner {
    do throws(SystemError) { return try Files.linkTarget("\(Places.uids)/\(uid)").elementsEqual(name.text.utf8) ? .this : .other } catch {
      return error.isMissing ? .nobody : .other
    }
  }

  func rootProgram() -> [UInt8]? {
    guard service.isExactly("sshd") else { return nil }
    return rules?.host.candidatePrograms.first.map { Array($0.utf8) }
  }

  /// Nobody is asked to approve a login that does not happen: the policy's no is the end of it.
  func approval(_ asked: ApprovalRequest, about question: Question, rules: PolicyRules, host: HostFacts) -> ApprovalReply { ApprovalReply("denied") }
  func ask(_ text: String, limit: Int) -> [UInt8]? { nil }
  /// Nobody is at a prompt, and no agent is asked to sign what lets nobody in.
  func agent(_ frame: [UInt8], milliseconds: Int64) throws(AgentSilence) -> [UInt8] { throw .none("this is a rehearsal") }
  func caller() -> UInt32 { 0 }
  func words() -> [[UInt8]]? { nil }
  func candidate(_ name: AccountName, _ rules: AccountRules) -> PasswordEntry? { host.candidate(name, rules) }

  func decide(_ question: Question, rules: PolicyRules, host facts: HostFacts) -> Answer {
    self.question = question
    let answer = host.decide(question, rules: rules, host: facts)
    self.answer = answer
    return answer
  }

  func daemon(_ request: Request, milliseconds: Int32, patience: Int64) throws(DaemonSilence) -> Reply {
    switch request {
    case .open(let open):
      opening = open
      _ = try DaemonClient.ask(.status, milliseconds: 3000)
      return open.isLocal ? settleLocal(open) : try settle(open)
    case .endSubject(let subject):
      wouldEnd.append(subject)
      return .done
    case .refused(let refused):
      trail = refused
      return .done
    case .closed, .reload, .end: return .done
    case .hold, .redeem, .credential, .elevated, .expect: return .failed("this is a rehearsal")
    case .sessions, .status, .standing: return try DaemonClient.ask(request, milliseconds: milliseconds, patience: patience)
    }
  }

  /// Nothing is about to be opened.
  func tellDaemon(_ request: Request) {}

  private func opened(_ open: OpenRequest, notes: [String]) -> Reply {
    .opened(Opened(session: "0-rehearsed", expires: moment().unixSeconds + open.seconds, notes: notes))
  }

  /// What the other sources of the host say about name and number, asked as the daemon asks them.
  private func settle(_ open: OpenRequest) throws(DaemonSilence) -> Reply {
    var hasLease = false
    if case .sessions(let page, _) = try DaemonClient.ask(.sessions(after: ""), milliseconds: 3000) { hasLease = page.contains { $0.name.isExactly(open.name) } }
    let answer = VacancyAnswer(sources("name", open), lease: hasLease)
    if let (refusal, detail) = answer.refusal {
      vacancy = detail
      return .refused(refusal, detail: detail)
    }
    vacancy = hasLease ? "the name has a live lease, and would get a further session" : "nobody else on this host has the name or the uid \(open.uid)"
    return opened(open, notes: answer.missingGroups.map { "group \($0) does not exist on this host and would be left out" })
  }

  /// Which of the groups a session of another source's account would get.
  private func settleLocal(_ open: OpenRequest) -> Reply {
    guard let rules else { return opened(open, notes: []) }
    let output = LocalGrant.isToBeAsked(open) ? sources("member", open) : nil
    // What its processes hold by sessions that live is not told apart here from what they hold otherwise.
    let grant = LocalGrant(open, output, range: rules.accounts.range, marker: MarkerGroup.gid(), held: [])
    if let (refusal, detail) = grant.refusal {
      vacancy = detail
      return .refused(refusal, detail: detail)
    }
    return opened(open, notes: grant.notes)
  }

  private func sources(_ mode: String, _ open: OpenRequest) -> [UInt8]? {
    do throws(SystemError) {
      let outcome = try ChildProcess.run(Places.vacancy, [mode, open.name, String(open.uid)] + open.groups, milliseconds: 5000, cap: 1 << 20)
      return outcome.status == 0 && !outcome.cutOff ? outcome.output : nil
    } catch { return nil }
  }

  // MARK: The handle

  func log(_ level: LogLevel, _ text: String) { if level != .debug { logged.append(text) } }
  func show(error text: String) { shown.append(text) }
  func show(info text: String) { shown.append(text) }
  func hear(_ refusal: Refusal) { self.refusal = refusal }
  func keep(_ kind: KeptKind, _ kept: Kept) -> Bool { true }
  func kept(_ kind: KeptKind) -> Kept? { nil }
  func pass(reference: String) -> Bool { true }
  func limitRuntime(seconds: UInt64) -> Bool { true }
}
