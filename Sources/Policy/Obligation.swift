internal import Encoding

/// What an endpoint demands besides its yes or no (AuthZEN Profile for Obligations, draft 1), and this host can do.
public enum Obligation: Sendable {
  /// `notification`: `to` is the person of this login or `syslog`; whoever else it is cannot be told by this host.
  case notification(Notification)
  /// `session_termination`: the sessions of that subject on this host are ended.
  case sessionTermination(subject: String)

  /// A message that the policy's author wrote. Its texts come from outside: they are escaped where they are shown.
  public struct Notification: Sendable {
    public var to: String
    public var topic: String?
    public var body: String

    public init(to: String, topic: String? = nil, body: String) {
      self.to = to
      self.topic = topic
      self.body = body
    }

    public enum Recipient: Sendable { case person, log }

    /// Whom it is for, as far as this host can tell anybody: the person whom the policy knows as `subject`, also by the login name,
    /// or this host's log (facility authpriv) as `syslog`; nil: somebody else.
    public func recipient(subject: String, account: String) -> Recipient? {
      if to.isExactly("syslog") { return .log }
      return to.isExactly(subject) || to.isExactly(account) ? .person : nil
    }

    /// Fit to be shown and logged.
    public var text: String {
      var text = "the policy's notice: "
      if let topic { text += Escape.sentence(topic) + ": " }
      return text + Escape.sentence(body, limit: 1024)
    }

    /// Why it cannot be given; fit to be logged.
    public var unreachable: String { "a notification to " + Escape.visible(to, limit: 64) + ": this host tells only the person of the session, or syslog" }
  }
}

/// A demand for stronger proof of who it is. sshd cannot ask for it in the middle of a login, so it is a refusal that
/// says which certificate to get.
public struct StepUp: Sendable {
  /// The authentication context class (OpenID Connect Core, `acr`); fit to be shown; nil: any, with these methods.
  public var level: String?
  /// Authentication methods (RFC 8176), fit to be shown.
  public var methods: [String]

  public init(level: String?, methods: [String] = []) {
    self.level = level
    self.methods = methods
  }
}

/// All that one answer demands.
public struct Obligations: Sendable {
  /// To be carried out whatever the decision is, in any order.
  public var list: [Obligation] = []
  public var stepUp: StepUp?
  /// Why not all that was demanded can be done: with it a yes is none. Fit to be logged.
  public var fault: String?

  public init(_ list: [Obligation] = [], stepUp: StepUp? = nil, fault: String? = nil) {
    self.list = list
    self.stepUp = stepUp
    self.fault = fault
  }

  /// What the endpoint is told that this host can do (`context.supported_obligations`).
  static var supported: [String] { ["notification", "session_termination", "step-up"] }
}
