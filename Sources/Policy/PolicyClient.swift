public import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity

/// Asks the policy endpoints for a decision: once, live, with one deadline for everything.
public enum PolicyClient {
  /// What is trusted if the configuration names no authority: the system's bundle, by name, so that no default of a
  /// library and no environment variable takes part.
  public static var systemAuthorities: String { "/etc/ssl/certs/ca-certificates.crt" }

  /// Blocks at most `rules.deadline`. It starts no thread, touches no signal handler and leaves no descriptor open.
  /// One thread at a time (see curl_sojourn.h).
  public static func ask(_ question: Question, rules: PolicyRules, host: HostFacts) -> Answer {
    let begin = Moment.now().boot
    var answer: Answer
    switch rules.via {
    case .relay: answer = ask(question, rules: rules, host: host, relay: Places.policySocket)
    case .direct:
      var transport = CurlTransport()
      answer = ask(question, rules: rules, host: host, through: &transport)
    }
    answer.facts.microseconds = UInt64(max(0, (Moment.now().boot - begin) / 1000))
    return answer
  }

  /// Directly, through any transport.
  public static func ask<T: Transport>(_ question: Question, rules: PolicyRules, host: HostFacts, through transport: inout T) -> Answer {
    let begin = transport.milliseconds()
    var told = ask(question, rules: rules, host: host, begin: begin) { asked, endpoint, obligations throws(PolicyFailure) in
      var round = Round(endpoints: rules.endpoints, wrapping: asked.wrapping, requestID: asked.requestID, deadline: asked.deadline)
      let outcome = run(&round, asked, rules, through: &transport)
      obligations = outcome.obligations
      endpoint = round.endpoint
      return outcome.verdict
    }
    told.facts.milliseconds = UInt64(max(0, transport.milliseconds() - begin))
    return told
  }

  /// Through the relay that listens at `socket`: one packet there and one back, and libcurl is not even loaded.
  public static func ask(_ question: Question, rules: PolicyRules, host: HostFacts, relay socket: String) -> Answer {
    let begin = CurlTransport.now()
    var told = ask(question, rules: rules, host: host, begin: begin) { asked, endpoint, obligations throws(PolicyFailure) in
      try Relayed.ask(asked, at: socket, of: rules.endpoints, endpoint: &endpoint, &obligations)
    }
    told.facts.milliseconds = UInt64(max(0, CurlTransport.now() - begin))
    return told
  }

  /// What both ways have in common: the question on paper, and the trail of what came of it; without the time that it took.
  private static func ask(_ question: Question, rules: PolicyRules, host: HostFacts, begin: Int64,
    by way: (Asked, inout String, inout Obligations) throws(PolicyFailure) -> Verdict) -> Answer {
    var told = Answer(verdict: .unavailable(.notAsked("nothing was asked yet")), facts: DecisionFacts(requestID: "", endpoint: "", reason: "", milliseconds: 0), obligations: Obligations())
    do throws(PolicyFailure) {
      let asked = try Asked(question, rules: rules, host: host, begin: begin)
      told.facts.requestID = asked.requestID
      told.verdict = try way(asked, &told.facts.endpoint, &told.obligations)
    } catch {
      told.verdict = .unavailable(error)
    }
    told.facts.reason = told.verdict.reason
    return told
  }

  private static func run<T: Transport>(_ round: inout Round, _ asked: Asked, _ rules: PolicyRules, through transport: inout T) -> Round.Outcome {
    while true {
      let now = transport.milliseconds()
      switch round.next(now: now) {
      case .finished(let outcome): return outcome
      case .pause(let time): transport.pause(milliseconds: time - now)
      case .ask(let endpoint, let end):
        var reply: HTTPReply
        do throws(PolicyFailure) {
          var request = try HTTPRequest(to: endpoint, rules: rules, requestID: asked.requestID, body: asked.body, from: &transport)
          request.milliseconds = end - now
          reply = transport.post(request)
        } catch {
          reply = .failed(error)
        }
        round.take(reply, now: transport.milliseconds())
      }
    }
  }
}

/// A question as it goes over the wire, and until when.
struct Asked: Sendable {
  let requestID: String
  let wrapping: Wrapping
  let body: [UInt8]
  let deadline: Int64

  init(_ question: Question, rules: PolicyRules, host: HostFacts, begin: Int64) throws(PolicyFailure) {
    guard begin >= 0 else { throw .notAsked("the clock cannot be read") }
    do throws(SystemError) { requestID = try Random.hex(16) } catch { throw .notAsked(error.sentence) }
    wrapping = try Wrapping(rules)
    body = try question.body(of: host, rules, requestID: requestID, wrapping)
    let deadline = begin.addingReportingOverflow(Int64(clamping: rules.deadline))
    self.deadline = deadline.overflow ? .max : deadline.partialValue
  }
}
