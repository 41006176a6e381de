public import HostSystem
public import Identity

/// Takes a transient account down: DESIGN 5, from the processes to the last check. It runs in a process of its own, may be
/// killed at any instruction, and does the same when it runs again. The NSS entry is not its business: the daemon
/// withdraws it when this says that the host is clean.
public struct Teardown {
  let name: AccountName
  let uid: UInt32
  let homeRoot: String
  let leaving: [ProcessReference]
  let spared: [String]
  let patience: Int64

  /// - Parameters:
  ///   - homeRoot: the directory that the home was made in.
  ///   - leaving: processes whose sessions of this lease are over.
  ///   - spared: programs of sshd.
  ///   - patience: milliseconds that systemd gets, for services that end in order and for forgetting the person (DESIGN 5).
  public init(name: AccountName, uid: UInt32, homeRoot: String, leaving: [ProcessReference], spared: [String], patience: Int64 = Teardown.patience) {
    self.name = name
    self.uid = uid
    self.homeRoot = homeRoot
    self.leaving = leaving
    self.spared = spared
    self.patience = patience
  }

  /// Only numbers that the registry gave to this very name are ever acted upon.
  public func run(registry: UIDRegistry) throws(SystemError) -> TeardownReport {
    guard try registry.holder(of: uid) == .name(name) else { throw SystemError("readlink", code: 1) }
    var account = TeardownAccount()
    account.take(Belongings.removeStarters(name: name, uid: uid), into: \.records)
    let slice = LoginSlice(uid: uid, spared: spared)
    let processes = ProcessEnd(uid: uid, spared: spared)
    // What systemd ends is not seen any more by who comes after it.
    let seen = slice.isThere ? processes.sight(of: slice.group.exists ? slice.group.processes() : try ProcessTable.pids(), besides: leaving) : ProcessEnd.Report()
    let goesOn = slice.group.holdsUs ? "sojournd, which was started by hand," : slice.holdsListener ? "an SSH server that the person started as root" : nil
    if let goesOn {
      account.note("\(goesOn) goes on, and with it what systemd keeps of the person")
    } else if patience > 0 {
      slice.terminate(milliseconds: patience)
    }
    // What waits for an answer of the person's own file system can be ended only when that is broken off.
    _ = FuseConnections.abort(of: uid)
    slice.kill()
    account.finish(\.logind)
    let ended = try processes.run(leaving: leaving, milliseconds: 20_000, seen: seen)
    account.finish(\.processes)
    // A clean end has just looked.
    if !ended.isClean { account.found(try still(processes, isEnded: false), as: \.processes) }
    if !ended.isClean, account.isClean { account.found(["a process of the person's that does not end"], as: \.processes) }
    // Nothing is removed under a process that could go on making it.
    if account.isClean {
      // Mounts first: what nobody serves any more can be neither read nor removed.
      account.take(Belongings.removeMounts(uid: uid), into: \.mounts)
      account.take(Belongings.removeObjects(uid: uid), into: \.ipc)
      account.take(try removeHome(), into: \.home)
      account.take(Belongings.removeRecords(name: name), into: \.records)
      account.take(Belongings.removeFromCommons(uid: uid), into: \.commons)
      account.finish(\.removal)
      for text in Belongings.mountsOfHost(uid: uid) { account.note(text) }
      let left = Belongings.remaining(uid: uid)
      account.found(left.files + (try homeRemains() ? [homeRoot + "/" + name.text] : []), as: \.files)
      account.found(left.ipc, as: \.ipc)
      account.found(left.mounts, as: \.mounts)
      if goesOn == nil { account.found(slice.settle(milliseconds: Teardown.forgetting), as: \.logind) }
      // Somebody may have become the person since.
      account.found(try still(processes, isEnded: true), as: \.processes)
      account.finish(\.check)
    }
    return account.report(of: ended)
  }
}

extension Teardown {
  public static var patience: Int64 { 3000 }
  /// Milliseconds until logind must have forgotten the person: longer than its own delay.
  private static var forgetting: Int64 { 15_000 }

  /// A root that is not there holds no home; one without its mark is not touched.
  private func removeHome() throws(SystemError) -> RemovalReport {
    guard Files.exists(homeRoot) else { return RemovalReport() }
    return try HomeRoot.open(homeRoot).remove(name, uid: uid)
  }

  private func still(_ processes: ProcessEnd, isEnded: Bool) throws(SystemError) -> [String] {
    try processes.remaining(isEnded: isEnded).map { "process \($0.pid) " + String(decoding: $0.name, as: UTF8.self) }
  }

  private func homeRemains() throws(SystemError) -> Bool {
    guard Files.exists(homeRoot) else { return false }
    return try HomeRoot.open(homeRoot).holds(name, uid: uid)
  }
}
