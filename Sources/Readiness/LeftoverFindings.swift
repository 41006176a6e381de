public import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// What stands on the host of people whose lease is over, or of a daemon that is not there.
public enum LeftoverFindings {
  /// - Parameter daemonAnswers: it watches the leases.
  public static func findings(_ configuration: PublishedConfiguration, daemonAnswers: Bool, _ files: HostFiles = HostFiles()) -> [Finding] {
    var findings: [Finding] = []
    let open = leases(files)
    if !daemonAnswers, !open.isEmpty {
      findings.append(Finding(.leftoverLease, .problem, Places.leases,
        "\(count(open.count, "account")) \(open.count == 1 ? "is" : "are") open (\(list(open))), and no daemon ends them when their time is over", remedy: "run 'systemctl start sojournd': it ends what is over"))
    }
    let first = shown(configuration, files)
    if !first.names.isEmpty || !first.homes.isEmpty || first.spool > 0 {
      // Somebody may be logging in or out at this moment: what is still so a second later is left over.
      Pause.milliseconds(1000)
      findings += still(first, shown(configuration, files), configuration)
    }
    findings += strays(files) + registry(files)
    if !findings.contains(where: { $0.severity != .ok }) { findings.append(Finding(.leftover, .ok, Places.state, "holds nothing of accounts that are over")) }
    return findings
  }

  private struct Shown {
    /// Names in the files of NSS, and homes, without a lease.
    let names: [String]
    let homes: [String]
    /// Bytes that wait to be written to the audit log.
    let spool: UInt64
  }

  private static func leases(_ files: HostFiles) -> [String] {
    files.names(in: Places.leases).filter { $0.ends(with: ".json") }.map { String(decoding: $0.utf8.dropLast(5), as: UTF8.self) }
  }

  /// Leases are looked at last: they come to be before all that belongs to them, and go after it.
  private static func shown(_ configuration: PublishedConfiguration, _ files: HostFiles) -> Shown {
    let names = files.names(in: Places.projection + "/passwd").filter { AccountName($0) != nil }
    let homes = files.names(in: configuration.accounts.homeRoot).filter { AccountName($0) != nil }
    let spool = files.facts(Places.auditSpool)?.size ?? 0
    let open = Set(leases(files))
    return Shown(names: names.filter { !open.contains($0) }, homes: homes.filter { !open.contains($0) }, spool: spool)
  }

  private static func still(_ first: Shown, _ second: Shown, _ configuration: PublishedConfiguration) -> [Finding] {
    var findings: [Finding] = []
    let remedy = "run 'systemctl restart sojournd': it takes down what has no lease; then read 'end-failed' in \(Places.auditLog)"
    let names = first.names.filter { second.names.contains($0) }
    if !names.isEmpty {
      findings.append(Finding(.leftoverName, .warning, Places.projection, "shows \(count(names.count, "name")) without a lease: \(list(names))", remedy: remedy))
    }
    let homes = first.homes.filter { second.homes.contains($0) }
    if !homes.isEmpty {
      findings.append(Finding(.leftoverHome, .warning, configuration.accounts.homeRoot, "holds \(count(homes.count, "home")) of nobody who is logged in: \(list(homes))", remedy: remedy))
    }
    if first.spool > 0, second.spool > 0 {
      findings.append(Finding(.auditSpool, .warning, Places.auditSpool, "holds \(second.spool) bytes that could not be written to \(Places.auditLog); a restart of the host loses them",
        remedy: "make room on the file system of \(Places.auditLog); sojournd writes them within a minute"))
    }
    return findings
  }

  /// A search for files of people who are gone waits up to a quarter of an hour, and longer on a host with many files.
  private static func strays(_ files: HostFiles) -> [Finding] {
    let waiting = files.names(in: Places.strays)
    guard !waiting.isEmpty else { return [] }
    return [Finding(.strays, .ok, Places.strays, "files of \(waiting.count) who are gone are still to be looked for outside the places that an end empties; sojournd does it when the host has time")]
  }

  /// The numbers that were given out for ever. Without them a number could be given to somebody else.
  private static func registry(_ files: HostFiles) -> [Finding] {
    guard files.facts(Places.uids) != nil else { return [] }
    let names: [String]
    do throws(SystemError) { names = try Files.names(in: files.prefix + Places.uids) } catch {
      return [Finding(.uidRegistry, .problem, Places.uids, "cannot be read (\(error.sentence)): nobody can be given a number", remedy: "repair its file system, or restore it from a backup; never empty it")]
    }
    let strange = names.filter { name in
      guard let number = ProcessTable.decimal(Array(name.utf8)), UInt32(exactly: number) != nil, let target = files.target(Places.uids + "/" + name) else { return true }
      return AccountName(target) == nil && !target.isExactly(Places.takenMark)
    }
    guard strange.isEmpty else {
      return [Finding(.uidRegistry, .warning, Places.uids, "holds what Sojourn did not put there: \(list(strange)); a number that is named so is given to nobody",
        remedy: "move it away; leave the links, whose text is a name, as they are")]
    }
    return [Finding(.uidRegistry, .ok, Places.uids, "remembers the numbers of \(count(names.count, "name"))")]
  }

  private static func count(_ number: Int, _ word: String) -> String { number == 1 ? "1 \(word)" : "\(number) \(word)s" }
  private static func list(_ names: [String]) -> String { names.sorted().prefix(8).joined(separator: ", ") + (names.count > 8 ? " …" : "") }
}
