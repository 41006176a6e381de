internal import DaemonProtocol

/// What became known of a login so far, for whoever reads later why it was refused.
struct Trail {
  var isLocal = false
  /// Only of a certificate that an authority of ours signed: the rest anybody could have written.
  var credential: CredentialFacts?
  var decision: DecisionFacts?
  /// What sudo was told, escaped.
  var attempt = ""

  var isBreakGlass: Bool { decision?.isBreakGlass ?? false }
  /// Before every line about an emergency, so that nobody overlooks one.
  static var breakGlassMark: String { "BREAK GLASS: " }
}
