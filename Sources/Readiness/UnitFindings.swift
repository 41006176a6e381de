internal import Encoding
internal import HostSystem

/// How systemd runs the daemon: what an administrator's drop-ins may have changed so that ends, homes or logins fail.
enum UnitFindings {
  private static let unit = "sojournd.service"
  private static let properties = ["LoadState", "UnitFileState", "NeedDaemonReload", "Restart", "User", "DropInPaths"] + forbidden.map { $0.name } + ["CapabilityBoundingSet"]

  /// Settings that keep the daemon from what it is for, with the values that do not.
  private static let forbidden: [(name: String, harmless: [String], consequence: String)] = [
    ("ProtectHome", ["no"], "files of people who are gone are not found in homes"),
    ("ProtectSystem", ["no"], "homes, mail and jobs of people who are gone cannot be removed"),
    ("PrivateTmp", ["no"], "what people leave in /tmp and /var/tmp stays"),
    ("PrivateUsers", ["no"], "it cannot become the people whose processes it ends"),
    ("ProtectProc", ["default"], "it does not see the processes that it must end"),
    ("ProcSubset", ["all"], "it does not see mounts and processes that it must end"),
    ("ProtectControlGroups", ["no"], "processes are ended one by one, and fast forks get away"),
    ("RestrictSUIDSGID", ["no"], "it takes openat2 away, without which no home can be made or removed, so nobody gets in"),
    ("PrivateNetwork", ["no"], "the policy cannot be asked"),
    ("RootDirectory", [""], "it sees another host than the people on this one"),
  ]
  private static let capabilities = ["chown", "dac_override", "dac_read_search", "fowner", "kill", "setgid", "setuid", "sys_ptrace", "sys_admin"]

  static func findings(_ view: HostView) -> [Finding] {
    guard view.files.facts("/run/systemd/system") != nil else {
      return [Finding(.unit, .ok, unit, "systemd does not run here: whoever starts sojournd must start it again when it ends")]
    }
    let outcome: ChildProcess.Outcome
    do throws(SystemError) { outcome = try view.run("/usr/bin/systemctl", ["show", unit, "--property=" + properties.joined(separator: ",")]) } catch {
      return [Finding(.unit, .ok, unit, "was not looked at: \(error.sentence)")]
    }
    guard outcome.status == 0, !outcome.cutOff else { return [Finding(.unit, .ok, unit, "was not looked at: systemd does not answer")] }
    var values: [String: String] = [:]
    for line in outcome.output.split(separator: 10) {
      let text = String(decoding: line, as: UTF8.self)
      let name = text.before(61)
      values[name] = String(decoding: text.utf8.dropFirst(name.utf8.count + 1), as: UTF8.self)
    }
    return judged(values)
  }

  private static func judged(_ values: [String: String]) -> [Finding] {
    func value(_ name: String) -> String { values[name] ?? "" }
    guard value("LoadState").isExactly("loaded") else {
      return [Finding(.unit, .warning, unit, value("LoadState").isExactly("masked") ? "is masked: systemd never starts it" : "is not known to systemd: nothing starts the daemon when the host starts, or when it ends",
        remedy: value("LoadState").isExactly("masked") ? "systemctl unmask sojournd" : "install Sojourn's packages again, then run 'systemctl daemon-reload'")]
    }
    var findings: [Finding] = []
    if value("UnitFileState").isExactly("disabled") {
      findings.append(Finding(.unitEnabled, .warning, unit, "is not enabled: after the next start of the host nobody can log in through Sojourn", remedy: "systemctl enable sojournd"))
    }
    if value("NeedDaemonReload").isExactly("yes") {
      findings.append(Finding(.unit, .hint, unit, "was changed on the disk since systemd read it", remedy: "systemctl daemon-reload"))
    }
    let dropIns = value("DropInPaths")
    let whose = dropIns.utf8.isEmpty ? "the unit" : "the unit or one of its drop-ins (\(dropIns))"
    if !value("Restart").isExactly("always") {
      findings.append(Finding(.unitRestart, .warning, unit, "Restart=\(value("Restart")): when the daemon dies, nobody gets in and no session ends on time", remedy: "take Restart= out of \(whose)"))
    }
    for (name, harmless, consequence) in forbidden {
      guard let found = values[name], !harmless.contains(where: { $0.isExactly(found) }) else { continue }
      findings.append(Finding(.unitSandbox, .warning, unit, "\(name)=\(found): \(consequence)", remedy: "take \(name)= out of \(whose), then run 'systemctl daemon-reload' and 'systemctl restart sojournd'"))
    }
    if let user = values["User"], !user.utf8.isEmpty, !user.isExactly("root"), !user.isExactly("0") {
      findings.append(Finding(.unitSandbox, .problem, unit, "User=\(user): the daemon must be root", remedy: "take User= out of \(whose)"))
    }
    if let granted = values["CapabilityBoundingSet"]?.words {
      let missing = capabilities.filter { capability in !granted.contains { $0.isExactly("cap_" + capability) } }
      if !missing.isEmpty {
        findings.append(Finding(.unitSandbox, .warning, unit, "CapabilityBoundingSet lacks \(missing.joined(separator: ", ")): accounts cannot be made, ended or cleared",
          remedy: "take CapabilityBoundingSet= out of \(whose)"))
      }
    }
    return findings.isEmpty ? [Finding(.unit, .ok, unit, "is enabled, started again when it ends, and free to do its work")] : findings
  }
}
