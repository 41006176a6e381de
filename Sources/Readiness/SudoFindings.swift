internal import Encoding
internal import HostSystem

/// sudo for people who have no account: the rule of sudoers that lets them ask, and the PAM lines that have each use decided.
/// Without a rule nobody can use sudo, and there is nothing to find.
enum SudoFindings {
  private struct Line {
    let place: String
    let text: String
    func says(_ word: String) -> Bool { text.contains(word) }
  }

  static func findings(_ files: HostFiles) -> [Finding] {
    let lines = sudoers(files)
    let rules = lines.filter { $0.says("%sojourn") && !$0.text.begins(with: "Defaults") }
    guard let rule = rules.first else { return [] }
    let free = rules.first { $0.says("NOPASSWD") }
    var findings: [Finding] = []
    for service in ["sudo", "sudo-i"] {
      let subject = "PAM service \(service)"
      let account = try? PAMStack(service: service, phase: .account, files)
      guard let account, PAMPaths.gap(account, takesUnknown: true) == nil else {
        findings.append(Finding(.sudoUndecided, free == nil ? .warning : .problem, subject,
          "sudo can go on without a decision, and \(rule.place) lets everybody ask who is in" + (free == nil ? "" : ", without a password: whoever has a session is root"),
          remedy: "put the lines of /usr/share/doc/sojourn/examples/pam.d/\(service) into /etc/pam.d/\(service)"))
        continue
      }
      let authenticates = (try? PAMStack(service: service, phase: .authentication, files))?.lines.contains { $0.isOurs } ?? false
      if !authenticates, free == nil {
        findings.append(Finding(.sudoUndecided, .warning, subject, "has no auth line of pam_sojourn.so: sudo asks for a password, which people without an account do not have (\(rule.place))",
          remedy: "put the auth line of /usr/share/doc/sojourn/examples/pam.d/\(service) before common-auth"))
      } else {
        findings.append(Finding(.sudoUndecided, .ok, subject, "each use of sudo is decided"))
      }
    }
    if let free {
      findings.append(Finding(.sudoRule, .warning, free.place, "gives people without an account sudo without any proof: if a line of pam_sojourn.so is ever missing, each of them is root",
        remedy: "take NOPASSWD out: no password is asked for anyway; see /usr/share/doc/sojourn/examples/sudoers.d/sojourn"))
    }
    for line in lines where line.text.begins(with: "Defaults") {
      for (word, why) in [("!pam_acct_mgmt", "sudo does not run PAM's account phase, in which a use without a proof is decided"),
        ("!pam_session", "sudo opens no PAM session, in which the target is compared with the one that was decided about"),
        ("targetpw", "sudo tells PAM another name than its caller's, and people without an account are refused"),
        ("rootpw", "sudo tells PAM another name than its caller's, and people without an account are refused"),
        ("runaspw", "sudo tells PAM another name than its caller's, and people without an account are refused")]
      where line.says(word) && !line.says("!" + word) {
        findings.append(Finding(.sudoRule, word.begins(with: "!pam_acct") ? .problem : .warning, line.place, "says \(word): \(why)", remedy: "take it out for the group: 'Defaults:%sojourn …' with the opposite"))
      }
    }
    return findings
  }

  /// Of /etc/sudoers and what is in sudoers.d, as sudo reads it: no names with a dot or a tilde at their end (sudoers(5)).
  private static func sudoers(_ files: HostFiles) -> [Line] {
    let others = files.names(in: "/etc/sudoers.d").filter { !$0.utf8.contains(46) && !$0.ends(with: "~") }.sorted().map { "/etc/sudoers.d/" + $0 }
    return (["/etc/sudoers"] + others).flatMap { file -> [Line] in
      var found: [Line] = []
      var text = "", begin = 0
      for (number, raw) in ((try? files.lines(file)) ?? []).enumerated() {
        if text.isEmpty { begin = number + 1 }
        let isContinued = raw.ends(with: "\\")
        text += isContinued ? String(raw.dropLast()) : raw
        if isContinued { continue }
        let rule = text.drop { $0 == " " || $0 == "\t" }
        if !rule.isEmpty, rule.first != "#" { found.append(Line(place: "\(file):\(begin)", text: String(rule))) }
        text = ""
      }
      return found
    }
  }
}
