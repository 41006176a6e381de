import Configuration
import Policy
import DaemonProtocol

/// A world that answers as it is told and keeps what was asked. Its clock moves only as it is told.
struct ScriptedTransport: Transport {
  enum Step {
    case answer(Int, String, type: String? = "application/json", ids: Int = 1, id: String? = nil, retryAfter: Int64? = nil)
    case fail(PolicyFailure)
  }
  /// For each post in turn: how long it takes, and what comes. After the last one, silence until the time is over.
  var steps: [(milliseconds: Int64, step: Step)] = []
  var clock: Int64 = 1_000_000
  var published: [String] = []
  var tokens: [String] = []
  private(set) var posts: [HTTPRequest] = []
  private(set) var pauses: [Int64] = []

  init(_ steps: [(milliseconds: Int64, step: Step)]) { self.steps = steps }
  init(_ step: Step) { steps = [(1, step)] }

  func milliseconds() -> Int64 { clock }
  mutating func pause(milliseconds: Int64) {
    pauses.append(milliseconds)
    clock += milliseconds
  }
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String] { published }
  mutating func token(file: String) throws(PolicyFailure) -> String {
    guard !tokens.isEmpty else { throw .token("none") }
    return tokens.removeFirst()
  }
  mutating func post(_ request: HTTPRequest) -> HTTPReply {
    posts.append(request)
    guard posts.count <= steps.count else {
      clock += request.milliseconds
      return .failed(.timedOut("silence"))
    }
    let (milliseconds, step) = steps[posts.count - 1]
    clock += min(milliseconds, request.milliseconds)
    if milliseconds > request.milliseconds { return .failed(.timedOut("too late")) }
    switch step {
    case .fail(let failure): return .failed(failure)
    case .answer(let status, let body, let type, let ids, let id, let retryAfter):
      return .answered(HTTPAnswer(status: status, contentType: type, requestIDCount: ids, requestID: id ?? request.requestID,
        retryAfter: retryAfter, body: body.bytes))
    }
  }
}

func ask(_ transport: inout ScriptedTransport, rules: PolicyRules = Fixtures.rules()) -> Answer {
  PolicyClient.ask(Fixtures.question(), rules: rules, host: Fixtures.host, through: &transport)
}

func verdict(of step: ScriptedTransport.Step) -> Verdict {
  var transport = ScriptedTransport(step)
  return ask(&transport).verdict
}
