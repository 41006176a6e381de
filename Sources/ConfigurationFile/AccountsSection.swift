internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity
internal import Policy
internal import Readiness

extension SettingsReader {
  /// `[accounts]`.
  mutating func accounts(_ files: HostFiles) -> AccountRules? {
    let names = patterns()
    let range = range(files)
    let root = homeRoot(files)
    let shell = shell(files)
    let skeleton = skeleton(files)
    let (groups, rootEquivalent) = groups(range, files)
    guard let range else { return nil }
    return AccountRules(names: names, range: range, homeRoot: root, shell: shell, skeleton: skeleton, groups: groups, rootEquivalentGroups: rootEquivalent)
  }

  private mutating func patterns() -> [String] {
    let names = strings("accounts", "names")
    guard names.isSound else { return [] }
    if names.value.isEmpty || names.value.count > 64 { fault(names, "holds \(names.value.count) patterns; expected 1 to 64, such as \"*\" or \"ext-*\"") }
    for pattern in names.value where !NamePattern.isWellFormed(pattern) {
      fault(names, "'\(pattern)' matches no name; expected letters a-z, digits, '_', '-' and the wildcard '*', at most 64")
    }
    return names.value
  }

  private mutating func range(_ files: HostFiles) -> UIDRange? {
    let numbers = integers("accounts", "uid_range")
    guard numbers.isSound else { return nil }
    guard numbers.value.count == 2, let first = UInt32(exactly: numbers.value[0]), let last = UInt32(exactly: numbers.value[1]),
      let range = UIDRange(first: first, last: last)
    else {
      fault(numbers, "\(numbers.value) is no range of uids; expected the first and the last, from 1000 to 2147483647, such as [65536, 99999]")
      return nil
    }
    for sentence in TakenRanges.overlaps(range, files) {
      fault(numbers, "\(first) to \(last) is not free: \(sentence); expected numbers that nobody uses, such as [65536, 99999] or [2013265920, 2080374783]")
    }
    return range
  }

  private mutating func homeRoot(_ files: HostFiles) -> String {
    let root = string("accounts", "home_root")
    if root.isSound, let sentence = HomeRoot.fault(root.value, files) { fault(root, sentence) }
    return root.value
  }

  private mutating func shell(_ files: HostFiles) -> String {
    let shell = string("accounts", "shell")
    guard shell.isSound else { return "" }
    guard SafePath.isPlain(shell.value) else {
      fault(shell, "'\(shell.value)' is no plain absolute path; expected a shell such as /bin/bash")
      return shell.value
    }
    guard !shell.value.isExactly(Places.gateShell) else {
      fault(shell, "\(shell.value) is the gate that starts this shell; expected a shell such as /bin/bash")
      return shell.value
    }
    guard let found = files.resolve(shell.value), found.facts.isRegular, found.facts.permissions & 0o111 == 0o111 else {
      fault(shell, "\(shell.value) is missing or cannot be run by everybody")
      return shell.value
    }
    let shells: [String]
    do throws(SystemError) { shells = try files.lines("/etc/shells") } catch { shells = [] }
    if !shells.contains(where: { $0.isExactly(shell.value) }) {
      fault(shell, "\(shell.value) is not listed in /etc/shells" + Suggestion.text(for: shell.value, among: shells.filter { $0.begins(with: "/") }))
    }
    return shell.value
  }

  private mutating func skeleton(_ files: HostFiles) -> String {
    let skeleton = string("accounts", "skeleton")
    guard skeleton.isSound else { return "" }
    guard SafePath.isPlain(skeleton.value) else {
      fault(skeleton, "'\(skeleton.value)' is no plain absolute path; expected a directory such as /etc/skel")
      return skeleton.value
    }
    guard let found = files.resolve(skeleton.value), found.facts.isDirectory else {
      fault(skeleton, "\(skeleton.value) is missing or no directory")
      return skeleton.value
    }
    if !files.isTrusted(found.facts) || files.untrustedDirectory(above: found.path) != nil {
      fault(skeleton, "\(skeleton.value) or a directory above it can be changed by others than root: its files become the start files of every account")
    }
    return found.path
  }

  /// What is published: the groups of the ceiling, without those that make root unless they are named for it too.
  private mutating func groups(_ range: UIDRange?, _ files: HostFiles) -> (groups: [String], rootEquivalent: [String]) {
    let groups = strings("accounts", "groups")
    let second = strings("accounts", "root_equivalent_groups")
    guard groups.value.count <= 256, second.value.count <= 256 else {
      fault(groups, "holds \(max(groups.value.count, second.value.count)) groups; expected at most 256")
      return ([], [])
    }
    let known: HostNames?
    do throws(SystemError) { known = try HostNames(files) } catch { known = nil }
    var kept: [String] = []
    for name in groups.value {
      guard GroupName.isSound(name) else {
        fault(groups, "'\(name)' is no name of a group")
        continue
      }
      if kept.contains(where: { $0.isExactly(name) }) { fault(groups, "names '\(name)' twice") }
      if let group = known?.group(name) {
        if group.gid == 0 { fault(groups, "'\(name)' has the number 0, which is root's group and is never granted") }
        if let range, range.contains(group.gid) { fault(groups, "'\(name)' has the number \(group.gid) out of uid_range, which transient accounts get themselves") }
      } else {
        warn(groups, "the group '\(name)' does not exist in /etc/group; a grant of it is left out unless another source has it")
      }
      if RootEquivalence.holds(name), !second.value.contains(where: { $0.isExactly(name) }) {
        warn(groups, "members of '\(name)' can become root, so it is never granted until it stands in root_equivalent_groups too")
        continue
      }
      kept.append(name)
    }
    for name in second.value where !groups.value.contains(where: { $0.isExactly(name) }) {
      fault(second, "'\(name)' does not stand in groups; expected only names that stand there too" + Suggestion.text(for: name, among: groups.value))
    }
    return (kept, second.value)
  }
}

enum GroupName {
  /// What can stand in /etc/group: no `:`, `,`, blanks or control characters, 1 to 32 bytes.
  static func isSound(_ name: String) -> Bool {
    !name.utf8.isEmpty && name.utf8.count <= 32 && name.utf8.first != 45 && name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 58 && $0 != 44 }
  }
}
