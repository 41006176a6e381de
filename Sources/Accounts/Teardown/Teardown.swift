public import Encoding
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
    let begin = Moment.now()
    guard try registry.holder(of: uid) == .name(name) else { throw SystemError("readlink", code: 1) }
    var removal = Belongings.removeStarters(name: name, uid: uid)
    let slice = LoginSlice(uid: uid, spared: spared)
    let holdsListener = slice.holdsListener
    if holdsListener {
      removal.note("an SSH server that the person started as root goes on, and with it what systemd keeps of the person")
    } else {
      if patience > 0 { slice.terminate(milliseconds: patience) }
      slice.kill()
    }
    let processes = ProcessEnd(uid: uid, spared: spared)
    let ended = try processes.run(leaving: leaving, milliseconds: 20_000)
    // A clean end has just looked.
    var remaining = ended.isClean ? [] : try processes.remaining().map { "process \($0.pid) " + String(decoding: $0.name, as: UTF8.self) }
    if !ended.isClean, remaining.isEmpty { remaining.append("a process of the person's that does not end") }
    // Nothing is removed under a process that could go on making it.
    if remaining.isEmpty {
      // Mounts first: what nobody serves any more can be neither read nor removed.
      removal.add(Belongings.removeObjects(uid: uid))
      removal.add(try removeHome())
      removal.add(Belongings.removeRecords(name: name))
      removal.add(Belongings.removeFromCommons(uid: uid))
      remaining += Belongings.remaining(uid: uid)
      if try homeRemains() { remaining.append(homeRoot + "/" + name.text) }
      if !holdsListener { remaining += slice.settle(milliseconds: Teardown.forgetting) }
      // A double fork may have hidden one from the first look.
      remaining += try processes.remaining().map { "process \($0.pid) " + String(decoding: $0.name, as: UTF8.self) }
    }
    return TeardownReport(killed: ended.killed, removed: removal.removed, left: removal.left,
      remaining: Array(remaining.prefix(100)), isClean: remaining.isEmpty,
      milliseconds: UInt64(clamping: (Moment.now().boot - begin.boot) / 1_000_000))
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

  private func homeRemains() throws(SystemError) -> Bool {
    guard Files.exists(homeRoot) else { return false }
    return try HomeRoot.open(homeRoot).holds(name, uid: uid)
  }
}

/// The evidence of an end.
public struct TeardownReport: Sendable {
  /// "pid name" of processes that had to be ended; at most 64.
  public let killed: [String]
  /// Files and directories that are gone.
  public let removed: UInt64
  /// What was not the lease's to remove, or resisted.
  public let left: [String]
  /// What the last check still found.
  public let remaining: [String]
  /// No process, no file in the common directories, no home.
  public let isClean: Bool
  public let milliseconds: UInt64
}

extension TeardownReport {
  public var json: JSONValue {
    .object([
      .init("killed", .strings(killed.map { Escape.visible($0) })), .init("removed", .unsigned(removed)),
      .init("left", .strings(left.map { Escape.visible($0) })), .init("remaining", .strings(remaining.map { Escape.visible($0) })),
      .init("clean", .boolean(isClean)), .init("milliseconds", .unsigned(milliseconds)),
    ])
  }

  public init(_ read: MemberReader) throws(MemberError) {
    self.init(killed: try read.strings("killed"), removed: try read.unsigned("removed"), left: try read.strings("left"),
      remaining: try read.strings("remaining"), isClean: try read.boolean("clean"), milliseconds: try read.unsigned("milliseconds"))
  }
}
