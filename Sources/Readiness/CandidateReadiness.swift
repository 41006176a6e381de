public import Configuration
public import Encoding

/// Is this host set up so that nobody gets past Sojourn (DESIGN 3.1; T1, T23, T28)? Candidates are published only while
/// no finding is a problem.
public enum CandidateReadiness {
  /// Looks at this host. Blocking: it reads files, walks /proc, and asks every SSH server's program for its settings, each
  /// for at most five seconds. Call it in a process that nobody waits for.
  public static func findings(_ configuration: PublishedConfiguration) -> [Finding] { findings(configuration, .host) }

  public static func findings(_ configuration: PublishedConfiguration, _ view: HostView) -> [Finding] {
    let processes = view.processes()
    return SetupFindings.findings(view.files)
      + InstallationFindings.findings(configuration, view.files)
      + NameServiceFindings.findings(view.files)
      + NameServiceCache.findings(view.files, processes)
      + SSHServerFindings.findings(configuration, view, processes)
  }
}

extension [Finding] {
  /// The sentences of the problems, for status and log.
  public var problems: [Finding] { filter { $0.severity == .problem } }

  /// One JSON array, as `sojournd verify` prints it and `init(json:)` reads it.
  public var json: JSONValue { .array(map { $0.json }) }

  /// nil if it is no such array.
  public init?(json: JSONValue) {
    guard let values = json.array else { return nil }
    var findings: [Finding] = []
    for value in values {
      guard let finding = Finding(json: value) else { return nil }
      findings.append(finding)
    }
    self = findings
  }
}
