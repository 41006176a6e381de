internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem

/// By what somebody says who it is, in the program where it is said.
enum Proof {
  /// sshd's word on how the person was authenticated.
  case told(AuthenticationInfo)
  /// The key signed a challenge of ours, just now.
  case presented(Presentation)
}

/// Where the holder of the key is asked to sign.
enum Signer {
  /// Whoever sits at the program: the answer is pasted.
  case person
  /// The agent of the person who started this program, and if it has nothing that fits, the person.
  case agentOrPerson
  /// The agent alone: the program takes no line of that length (sudo).
  case agent
}

extension Phase {
  /// Longest pasted lines, in bytes: what a terminal passes (N_TTY), and so login and su.
  static var longestAnswer: Int { 4096 }
  /// How often what is no signature at all may be pasted.
  private static var attempts: Int { 3 }
  /// Milliseconds for an agent: somebody may have to find the key and touch it.
  private static var agentPatience: Int64 { 30_000 }

  func prove(_ configuration: Published, by signer: Signer, target: String? = nil) throws(Refusal) -> Presentation {
    let challenge = try Challenge(login, configuration.rules.host, target: target, now: world.moment())
    switch signer {
    case .person: return try askPerson(challenge, configuration)
    case .agent: return try askAgent(challenge, configuration)
    case .agentOrPerson:
      do throws(Refusal) { return try askAgent(challenge, configuration) } catch {
        log(.info, "\(login.shownUser): \(error.detail.utf8.isEmpty ? error.token : error.detail)")
        return try askPerson(challenge, configuration)
      }
    }
  }

  private func askPerson(_ challenge: Challenge, _ configuration: Published) throws(Refusal) -> Presentation {
    guard !login.isSilent else { throw .notAnswered }
    let place = "\(login.shownUser) on " + Escape.visible(configuration.rules.host.id, limit: 128) + " (\(login.facts.service))"
    voice.show(info: "Sojourn: to come in as \(place), run this where your certificate is, and paste the one line that it prints, before " + challenge.until + ":")
    voice.show(info: "  echo '" + challenge.line + "' | ssh-keygen -Y sign -n \(Presentation.namespace) -f ~/.ssh/id_ed25519-cert.pub | sed /^-/d | tr -d '\\n'; echo")
    voice.show(info: "or:  sojourn sign '" + challenge.line + "'")
    var last = ""
    for attempt in 1...Phase.attempts {
      guard let line = voice.ask(attempt == 1 ? "Answer: " : "Not taken: " + last + ". Answer: ", limit: Phase.longestAnswer) else { throw .notAnswered }
      guard !challenge.deadline.isOver(at: world.moment()) else { throw .answerLate }
      do throws(PresentationRefusal) {
        return try Presentation.prove(PastedAnswer.read(line), message: challenge.message)
      } catch {
        // Only what is no signature at all may be tried again: a wrong one is a wrong answer.
        guard case .form(let why) = error else { throw Refusal(error) }
        last = why
      }
    }
    throw .answerForm(last)
  }

  private func askAgent(_ challenge: Challenge, _ configuration: Published) throws(Refusal) -> Presentation {
    let now = world.moment()
    let end = now.boot / 1_000_000 + Phase.agentPatience
    let list = try agent(AgentQuestion.identities, until: end)
    let identities: [AgentIdentity]
    do throws(PresentationRefusal) { identities = try AgentIdentity.list(list) } catch { throw Refusal(error) }
    var closest: Refusal?
    for identity in identities {
      // What could not be taken anyway is not asked for: a key may want a touch for each.
      var trail = Trail()
      do throws(Refusal) {
        _ = try Credential.of(identity.certificate, .presented(KeyUse(isTouched: true, isUserVerified: true)), login, configuration, now: now.unixSeconds,
          world.revocations(configuration.rules.certificate.revoked), &trail)
      } catch {
        if trail.credential != nil || closest == nil { closest = error }
        continue
      }
      guard let question = AgentQuestion.sign(challenge.message, with: identity) else { throw .agentFailed("OpenSSL gives no digest") }
      let answer = try agent(question, until: end)
      guard !challenge.deadline.isOver(at: world.moment()) else { throw .answerLate }
      do throws(PresentationRefusal) { return try Presentation.prove(identity.signature(answer), message: challenge.message) } catch { throw Refusal(error) }
    }
    throw closest ?? .agentHasNone(identities.count)
  }

  private func agent(_ question: [UInt8], until end: Int64) throws(Refusal) -> [UInt8] {
    do throws(AgentSilence) { return try world.agent(question, milliseconds: max(1, end - world.moment().boot / 1_000_000)) } catch {
      switch error {
      case .none(let why): throw .noAgent(why)
      case .failed(let why): throw .agentFailed(why)
      }
    }
  }
}

extension Refusal {
  init(_ refusal: PresentationRefusal) {
    switch refusal {
    case .form(let why): self = .answerForm(why)
    case .plainKey(let type): self = .plainKey(type: type)
    case .signature(let why): self = .answerSignature(why)
    case .agent(let why): self = .agentFailed(why)
    }
  }
}
