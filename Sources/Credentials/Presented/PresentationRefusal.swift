/// Why a proof that somebody presents is none.
public enum PresentationRefusal: Error, Sendable {
  /// It is not of the form; the person may try again. Half a sentence, fit to be shown.
  case form(String)
  /// Signed by a key without a certificate; its type, fit to be shown.
  case plainKey(type: String)
  /// It is of the form and wrong: over something else, or by somebody else. Half a sentence.
  case signature(String)
  /// The agent that was to sign. Half a sentence.
  case agent(String)
}
