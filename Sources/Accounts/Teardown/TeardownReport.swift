public import Encoding
internal import HostSystem

/// What an end did and what its last look found: the evidence. Texts are bytes of other people's, escaped when written.
public struct TeardownReport: Sendable {
  /// Processes of the person's that were seen and are gone.
  public struct Killed: Sendable {
    public var count: UInt64 = 0
    /// Those of them that ran as root: what they did, nobody can know.
    public var asRoot: UInt64 = 0
    /// "pid name" of the first 64.
    public var processes: [String] = []
  }

  /// Files, directories and other objects that are gone, by where they were.
  public struct Removed: Sendable, Equatable {
    public var home: UInt64 = 0
    /// /tmp, /var/tmp, /dev/shm and the like.
    public var commons: UInt64 = 0
    /// System V shared memory, semaphores and queues, and POSIX queues.
    public var ipc: UInt64 = 0
    public var mounts: UInt64 = 0
    /// What services keep under the name: jobs, mail, tickets of sudo.
    public var records: UInt64 = 0

    public var all: UInt64 { home + commons + ipc + mounts + records }
  }

  /// Milliseconds of each step and of all.
  public struct Times: Sendable {
    public var logind: UInt64 = 0
    public var processes: UInt64 = 0
    public var removal: UInt64 = 0
    public var check: UInt64 = 0
    public var all: UInt64 = 0
  }

  /// How much the last look found of each; nil: it was not looked for, because processes were left that could have made more.
  public struct Check: Sendable {
    public var processes: UInt64 = 0
    /// The home, and whatever is the person's in the common directories.
    public var files: UInt64?
    public var ipc: UInt64?
    public var mounts: UInt64?
    public var logind: UInt64?

    public var isClean: Bool { processes == 0 && files == 0 && ipc == 0 && mounts == 0 && (logind ?? 0) == 0 }
  }

  public var killed = Killed()
  public var removed = Removed()
  /// What was not the lease's to remove, or resisted.
  public var left: [String] = []
  /// What the last look found, in words.
  public var remaining: [String] = []
  public var check = Check()
  public var milliseconds = Times()

  public init() {}

  public var isClean: Bool { remaining.isEmpty && check.isClean }
}

/// A report as it comes to be.
struct TeardownAccount {
  private var report = TeardownReport()
  private var removal = RemovalReport()
  private let begin = Moment.now()
  private var last = Moment.now()

  var isClean: Bool { report.remaining.isEmpty }

  mutating func take(_ part: RemovalReport, into place: WritableKeyPath<TeardownReport.Removed, UInt64>) {
    removal.add(part)
    report.removed[keyPath: place] += part.removed
  }

  mutating func note(_ text: String) { removal.note(text) }

  /// The step that began where the last one ended is done.
  mutating func finish(_ step: WritableKeyPath<TeardownReport.Times, UInt64>) {
    let now = Moment.now()
    report.milliseconds[keyPath: step] = UInt64(clamping: (now.boot - last.boot) / 1_000_000)
    last = now
  }

  mutating func found(_ remains: [String], as kind: WritableKeyPath<TeardownReport.Check, UInt64>) {
    report.check[keyPath: kind] = UInt64(clamping: remains.count)
    report.remaining += remains
  }

  mutating func found(_ remains: [String], as kind: WritableKeyPath<TeardownReport.Check, UInt64?>) {
    report.check[keyPath: kind] = UInt64(clamping: remains.count)
    report.remaining += remains
  }

  func report(of processes: ProcessEnd.Report) -> TeardownReport {
    var whole = report
    whole.killed = .init(count: processes.count, asRoot: processes.asRoot, processes: processes.killed)
    whole.left = removal.left
    whole.remaining = Array(report.remaining.prefix(100))
    whole.milliseconds.all = UInt64(clamping: (last.boot - begin.boot) / 1_000_000)
    return whole
  }
}

extension TeardownReport {
  public var json: JSONValue {
    .object([
      .init("killed", .object([
        .init("count", .unsigned(killed.count)), .init("as_root", .unsigned(killed.asRoot)), .init("processes", .strings(killed.processes.map { Escape.visible($0) })),
      ])),
      .init("removed", .object([
        .init("home", .unsigned(removed.home)), .init("commons", .unsigned(removed.commons)), .init("ipc", .unsigned(removed.ipc)),
        .init("mounts", .unsigned(removed.mounts)), .init("records", .unsigned(removed.records)),
      ])),
      .init("left", .strings(left.map { Escape.visible($0) })), .init("remaining", .strings(remaining.map { Escape.visible($0) })),
      .init("clean", .boolean(isClean)), .init("check", check.json),
      .init("milliseconds", .object([
        .init("logind", .unsigned(milliseconds.logind)), .init("processes", .unsigned(milliseconds.processes)), .init("removal", .unsigned(milliseconds.removal)),
        .init("check", .unsigned(milliseconds.check)), .init("all", .unsigned(milliseconds.all)),
      ])),
    ])
  }

  public init(_ read: MemberReader) throws(MemberError) {
    let k = try read.object("killed")
    killed = .init(count: try k.unsigned("count"), asRoot: try k.unsigned("as_root"), processes: try k.strings("processes"))
    let r = try read.object("removed")
    removed = .init(home: try r.unsigned("home"), commons: try r.unsigned("commons"), ipc: try r.unsigned("ipc"), mounts: try r.unsigned("mounts"),
      records: try r.unsigned("records"))
    left = try read.strings("left")
    remaining = try read.strings("remaining")
    check = try Check(read.object("check"))
    let m = try read.object("milliseconds")
    milliseconds = .init(logind: try m.unsigned("logind"), processes: try m.unsigned("processes"), removal: try m.unsigned("removal"),
      check: try m.unsigned("check"), all: try m.unsigned("all"))
    guard try read.boolean("clean") == isClean else { throw read.wrong("clean", "it is not what the rest says") }
  }
}

extension TeardownReport.Check {
  var json: JSONValue {
    var o = JSONObject()
    o.set("processes", .unsigned(processes))
    o.set("files", files.map { .unsigned($0) })
    o.set("ipc", ipc.map { .unsigned($0) })
    o.set("mounts", mounts.map { .unsigned($0) })
    o.set("logind", logind.map { .unsigned($0) })
    return o.value
  }

  init(_ read: MemberReader) throws(MemberError) {
    processes = try read.unsigned("processes")
    files = !read.has("files") ? nil : try read.unsigned("files")
    ipc = !read.has("ipc") ? nil : try read.unsigned("ipc")
    mounts = !read.has("mounts") ? nil : try read.unsigned("mounts")
    logind = !read.has("logind") ? nil : try read.unsigned("logind")
  }
}
