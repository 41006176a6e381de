internal import DaemonProtocol
internal import HostSystem

/// A yes that the daemon keeps, for this process and for the one that has this one do the asking (sshd's monitor), until it is
/// opened: once, and within two minutes.
struct HeldDecision {
  let account: String
  let reference: String

  private init(account: String, reference: String) {
    self.account = account
    self.reference = reference
  }

  static func hold(_ decided: DecidedLogin, _ world: some Surroundings) throws(Refusal) -> HeldDecision {
    let reply: Reply
    do throws(DaemonSilence) { reply = try world.daemon(.hold(decided.request), milliseconds: 5000, patience: 2000) } catch { throw Refusal(error) }
    switch reply {
    case .held(let reference):
      guard Kept.isReference(Array(reference.utf8)) else { throw .daemonAnswer("a reference of another form") }
      return HeldDecision(account: decided.request.name, reference: reference)
    case .refused(let refusal, let detail): throw .notOpened(refusal, detail)
    case .failed(let why): throw .daemonAnswer(why)
    default: throw .daemonAnswer("an answer to another question")
    }
  }
}

extension Kept {
  /// 32 hexadecimal digits: what the daemon gives, and so what is worth asking it about.
  static func isReference(_ text: [UInt8]) -> Bool {
    text.count == 32 && text.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
  }
}
