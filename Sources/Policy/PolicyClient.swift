public import Configuration
internal import DaemonProtocol

/// Asks the policy endpoints for a decision: once, live, with one deadline for everything.
public enum PolicyClient {
  /// Blocks at most `rules.deadline`. It starts no thread, touches no signal handler and leaves no descriptor open.
  public static func ask(_ question: Question, rules: PolicyRules, host: HostFacts) -> Answer {
    Answer(verdict: .unavailable(.misconfigured("no endpoint")), facts: DecisionFacts(requestID: "", endpoint: "", reason: "", milliseconds: 0))
  }
}
