internal import Identity

/// T35: while `sojourn setup` is at work, or after it was killed at it, the host is neither as before nor as it is to be.
public enum SetupFindings {
  static func findings(_ files: HostFiles) -> [Finding] {
    guard files.facts(Places.setupMark) != nil else { return [] }
    return [Finding(.setup, .problem, Places.setupMark, "'sojourn setup' is changing this host, or was broken off",
      remedy: "wait for it; if it does not run any more, run 'sojourn setup' again, or 'sojourn setup --undo'")]
  }
}
