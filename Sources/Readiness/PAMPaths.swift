internal import Encoding

/// Every way through a phase of a PAM service, whatever the other modules answer, by the rules of libpam
/// (libpam/pam_dispatch.c, _pam_dispatch_aux). The question: can the phase succeed without our yes?
struct PAMPaths {
  private enum Impression: Hashable { case undefined, positive, negative }

  private struct Mark: Hashable {
    var impression: Impression
    var isSuccess: Bool
  }

  private struct State: Hashable {
    var index: Int
    var mark: Mark
    /// What was so when each enclosing substack began; `reset` goes back to it.
    var entries: [Mark]
    var level: Int
    /// Our line ran, and said yes or "not mine".
    var heard: Bool
    /// Our line ran, and said no.
    var refused: Bool
  }

  enum Gap: Equatable {
    /// A way to success on which our line does not run; what lets it be passed by.
    case passedBy(String)
    /// A way to success although our line said no.
    case overruled(String)
    /// Too many ways to follow: not provably safe.
    case tooComplex
  }

  /// Return codes of a module that are no success, as controls name them (pam.conf(5)), without `ignore`, and without
  /// `new_authtok_reqd`, which only accounts with a password that ages can get.
  private static let failures = [
    "open_err", "symbol_err", "service_err", "system_err", "buf_err", "perm_denied", "auth_err", "cred_insufficient", "authinfo_unavail",
    "user_unknown", "maxtries", "acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data", "conv_err",
    "authtok_err", "authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging", "try_again", "abort", "authtok_expired",
    "module_unknown", "bad_item", "conv_again", "incomplete",
  ]

  /// nil: our line runs on every way to success, and its no is a no.
  /// - Parameter takesUnknown: that nobody has this name is an answer of ours like "not mine", and no refusal: so it is in programs
  ///   that have looked the name up before, sudo for one.
  static func gap(_ stack: PAMStack, takesUnknown: Bool = false) -> Gap? {
    let start = State(index: 0, mark: Mark(impression: .undefined, isSuccess: false), entries: [Mark(impression: .undefined, isSuccess: false)],
      level: 0, heard: false, refused: false)
    var seen: Set<State> = []
    var open: [(state: State, culprit: String)] = [(start, "")]
    while let (state, culprit) = open.popLast() {
      guard seen.insert(state).inserted else { continue }
      guard seen.count < 200_000 else { return .tooComplex }
      guard state.index < stack.lines.count else {
        guard state.mark.isSuccess, state.mark.impression == .positive else { continue }
        if state.refused { return .overruled(culprit) }
        if !state.heard { return .passedBy(culprit) }
        continue
      }
      open += steps(from: state, culprit: culprit, stack, takesUnknown)
    }
    return nil
  }

  private static func steps(from state: State, culprit: String, _ stack: PAMStack, _ takesUnknown: Bool) -> [(state: State, culprit: String)] {
    let line = stack.lines[state.index]
    var here = state
    if line.level > here.entries.count - 1 { here.entries.append(here.mark) }
    while here.entries.count - 1 > line.level { here.entries.removeLast() }
    here.level = line.level
    here.index += 1
    if line.kind == .substack { return [(here, culprit)] }

    var next: [(state: State, culprit: String)] = []
    for (isSuccess, action) in outcomes(of: line, takesUnknown) {
      var after = here
      if line.isOurs {
        if isSuccess { after.heard = true } else { after.refused = true }
      }
      let leaves = apply(action, isSuccess: isSuccess, line: line, to: &after, stack)
      next.append((after, leaves && !line.isOurs || (line.isOurs && !isSuccess) ? line.place : culprit))
    }
    if line.isOurs {
      // "Not mine" (PAM_IGNORE) is an answer too.
      for code in takesUnknown ? ["ignore", "user_unknown"] : ["ignore"] {
        var after = here
        after.heard = true
        _ = apply(line.action(code), isSuccess: false, line: line, to: &after, stack)
        next.append((after, culprit))
      }
    } else {
      var after = here
      let leaves = apply(line.action("ignore"), isSuccess: false, line: line, to: &after, stack)
      next.append((after, leaves ? line.place : culprit))
    }
    return next
  }

  /// The different things that the module's answers lead to.
  private static func outcomes(of line: PAMStack.Line, _ takesUnknown: Bool) -> [(isSuccess: Bool, action: PAMStack.Action)] {
    var outcomes: [(Bool, PAMStack.Action)] = []
    if !line.module.isExactly("pam_deny.so") { outcomes.append((true, line.action("success"))) }
    if line.module.isExactly("pam_permit.so") { return outcomes }
    // A module that is missing or cannot be loaded says nothing, neither yes nor no. That it is there is another finding.
    var actions = failures.filter { !line.isOurs || !($0.isExactly("module_unknown") || (takesUnknown && $0.isExactly("user_unknown"))) }.map { line.action($0) }
    // A module file that is missing is passed over where the line begins with '-'.
    if line.isOptionalFile { actions.append(.ignore) }
    var known: Set<PAMStack.Action> = []
    for action in actions where known.insert(action).inserted { outcomes.append((false, action)) }
    return outcomes
  }

  /// - Parameter isSuccess: PAM_SUCCESS was returned; `ok` with any other code, PAM_IGNORE too, makes that code the result.
  /// - Returns: whether lines are left out because of it.
  private static func apply(_ action: PAMStack.Action, isSuccess: Bool, line: PAMStack.Line, to state: inout State, _ stack: PAMStack) -> Bool {
    switch action {
    case .ignore: return false
    case .reset:
      if let entry = state.entries.last { state.mark = entry }
      return false
    case .ok, .done:
      let mark = state.mark
      if mark.impression == .undefined || (mark.impression == .positive && mark.isSuccess) {
        state.mark = Mark(impression: .positive, isSuccess: isSuccess)
      }
      guard action == .done, state.mark.impression == .positive else { return false }
      return skipLevel(line.level, &state, stack)
    case .bad, .die:
      if state.mark.impression != .negative { state.mark = Mark(impression: .negative, isSuccess: false) }
      return action == .die ? skipLevel(line.level, &state, stack) : false
    case .jump(let count):
      for _ in 0..<count {
        guard state.index < stack.lines.count, stack.lines[state.index].level >= line.level else {
          // "bad jump in stack"
          state.mark = Mark(impression: .negative, isSuccess: false)
          return true
        }
        state.index += 1
        while state.index < stack.lines.count, stack.lines[state.index].level > line.level { state.index += 1 }
      }
      return true
    }
  }

  /// The (sub)stack is decided: what is left of it is passed over.
  private static func skipLevel(_ level: Int, _ state: inout State, _ stack: PAMStack) -> Bool {
    let before = state.index
    while state.index < stack.lines.count, stack.lines[state.index].level >= level { state.index += 1 }
    return state.index > before
  }
}
