internal import Configuration
internal import Encoding
internal import Identity
internal import Policy
internal import Readiness

extension SettingsReader {
  /// `[break_glass]`: who may get in without the policy. Nothing of it is assumed, and nothing holds without an authority.
  mutating func breakGlass(_ trusted: [TrustedAuthority], _ accounts: AccountRules?, _ files: HostFiles) -> BreakGlassRules? {
    let ca = string("break_glass", "ca")
    let names = breakGlassNames()
    let groups = breakGlassGroups(accounts)
    let longest = duration("break_glass", "max_duration", from: 1, to: 86400)
    guard ca.isSound else { return nil }
    guard !ca.value.utf8.isEmpty else {
      for list in [names, groups] where list.isSound && !list.value.isEmpty { fault(list, "does nothing without break_glass.ca; name the authority too, or remove the key") }
      return nil
    }
    guard SafePath.isPlain(ca.value) else {
      fault(ca, "'\(ca.value)' is no plain absolute path")
      return nil
    }
    if names.isSound, names.value.isEmpty {
      fault(names.isWritten ? names.place : ca.place, "break_glass.names is empty; expected the login names that may be used in an emergency, such as [\"root-help\"]")
    }
    let keys: [TrustedAuthority]
    do throws(AuthorityFile.Fault) { keys = try AuthorityFile.read(ca.value, files) } catch {
      fault(ca, error.sentence)
      return nil
    }
    guard keys.count == 1, let key = keys.first else {
      fault(ca, "\(ca.value) holds \(keys.count) keys; expected exactly one")
      return nil
    }
    if let same = trusted.first(where: { $0.blob.elementsEqual(key.blob) }) {
      fault(ca, "\(ca.value) holds a key that \(same.file) holds too: its certificates would never need the policy; expected a key that signs for emergencies only")
    }
    warn(ca, "break glass is on: certificates of \(ca.value) let \(names.value.joined(separator: ", ")) in without the policy;"
      + " sshd's TrustedUserCAKeys must name the key too ('sojourn check' says whether it does)")
    return BreakGlassRules(authority: key.blob, file: ca.value, names: names.value, groups: groups.value, maxDuration: longest.value)
  }

  private mutating func breakGlassNames() -> Value<[String]> {
    let names = strings("break_glass", "names")
    guard names.isSound else { return names }
    if names.value.count > 64 { fault(names, "holds \(names.value.count) names; expected at most 64") }
    for (index, name) in names.value.enumerated() {
      if AccountName(name) == nil { fault(names, "'\(name)' is no login name; expected exact names of letters a-z, digits, '_' and '-', without a wildcard") }
      if names.value[..<index].contains(where: { $0.isExactly(name) }) { fault(names, "names '\(name)' twice") }
    }
    return names
  }

  /// - Parameter accounts: what is published of the ceiling, so that a group whose members can become root stands there only if it was named for that too.
  private mutating func breakGlassGroups(_ accounts: AccountRules?) -> Value<[String]> {
    let groups = strings("break_glass", "groups")
    guard groups.isSound, let accounts else { return groups }
    for (index, name) in groups.value.enumerated() {
      if !accounts.groups.contains(where: { $0.isExactly(name) }) {
        let second = RootEquivalence.holds(name) ? " and, because its members can become root, in accounts.root_equivalent_groups" : ""
        fault(groups, "'\(name)' is not granted on this host; expected groups that stand in accounts.groups\(second) too")
      }
      if groups.value[..<index].contains(where: { $0.isExactly(name) }) { fault(groups, "names '\(name)' twice") }
    }
    return groups
  }
}
