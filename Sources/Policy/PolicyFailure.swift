internal import Encoding

/// Why there is no decision. Each is a refusal; details are for admins, fit to be logged, and never hold a secret.
public enum PolicyFailure: Error, Sendable {
  // Nothing was asked.
  /// The configuration names no endpoint, or one that may not be asked that way (http to another host).
  case misconfigured(String)
  /// The question cannot be written down, or the kernel gives no random number for its id.
  case notAsked(String)
  /// libcurl is not there, or too old.
  case noLibrary(String)
  /// The host's token file cannot be believed or used.
  case token(String)
  /// The endpoint's name was not published with an address. Names are never looked up in the program that hosts us.
  case notResolved(String)
  /// The relay does not answer, or not as it should. (What it could not do for us is told by the other cases.)
  case relay(String)
  // Nobody answered.
  case unreachable(String)
  case timedOut(String)
  /// No TLS connection to who we want to speak to.
  case tls(String)
  /// The connection broke, or what came is not HTTP.
  case broken(String)
  // Somebody answered without deciding.
  /// 401 or 403: the endpoint does not let this *host* ask.
  case hostNotAuthorized(Int)
  /// 429 or 503.
  case busy(Int)
  /// Any other status that is no answer to an evaluation: redirects, 404, 500.
  case status(Int)
  // An answer, which is no proper yes or no: final.
  /// 400: the endpoint does not understand the question.
  case rejected(String)
  case tooLarge
  case contentType(String)
  case malformed(String)
  /// The answer belongs to another question (`X-Request-ID`).
  case foreignAnswer
  /// A yes under conditions that this version cannot meet.
  case obligation(String)
  /// A yes whose `host_grant` we do not understand.
  case grant(String)

  /// Stands in messages and in the audit log.
  public var token: String {
    switch self {
    case .misconfigured: "policy-misconfigured"
    case .notAsked: "policy-not-asked"
    case .noLibrary: "policy-no-library"
    case .token: "policy-token"
    case .notResolved: "policy-not-resolved"
    case .relay: "policy-relay"
    case .unreachable: "policy-unreachable"
    case .timedOut: "policy-timeout"
    case .tls: "policy-tls"
    case .broken: "policy-broken"
    case .hostNotAuthorized: "policy-host-not-authorized"
    case .busy: "policy-busy"
    case .status: "policy-status"
    case .rejected: "policy-rejected"
    case .tooLarge: "policy-too-large"
    case .contentType: "policy-content-type"
    case .malformed: "policy-malformed"
    case .foreignAnswer: "policy-foreign-answer"
    case .obligation: "policy-obligation"
    case .grant: "policy-grant"
    }
  }

  public var detail: String {
    switch self {
    case .misconfigured(let text), .notAsked(let text), .noLibrary(let text), .token(let text), .notResolved(let text), .relay(let text),
      .unreachable(let text), .timedOut(let text), .tls(let text), .broken(let text), .malformed(let text), .grant(let text):
      text
    case .hostNotAuthorized(let status): "status \(status): the endpoint does not let this host ask"
    case .busy(let status): "status \(status): the endpoint is busy"
    case .status(let status): "status \(status) is no answer to an evaluation"
    case .rejected(let body): "status 400: the endpoint does not understand the question: " + body
    case .tooLarge: "the answer is larger than 64 KiB"
    case .contentType(let type): "the answer is not application/json but " + type
    case .foreignAnswer: "the answer carries another X-Request-ID than the question"
    case .obligation(let kind): "the endpoint demands what this version cannot do: " + kind
    }
  }

  /// A failure that the relay tells by token and detail; nil if it is none that asking can end in.
  init?(token: String, detail: String) {
    let known: [PolicyFailure] = [
      .misconfigured(detail), .notAsked(detail), .noLibrary(detail), .token(detail), .notResolved(detail), .relay(detail), .unreachable(detail),
      .timedOut(detail), .tls(detail), .broken(detail), .tooLarge,
    ]
    for failure in known where failure.token.isExactly(token) {
      self = failure
      return
    }
    return nil
  }

  /// The endpoint answered this very question, and what it said is no decision. Such an answer is final: no other
  /// endpoint is asked, because shopping around for a yes is what an attacker would do.
  public var isFinal: Bool {
    switch self {
    case .rejected, .tooLarge, .contentType, .malformed, .foreignAnswer, .obligation, .grant: true
    default: false
    }
  }
}
