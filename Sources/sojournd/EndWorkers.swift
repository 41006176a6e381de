import Accounts
import Encoding
import HostSystem
import Identity

/// Reads `--WORD VALUE` pairs; nil if there is anything else.
struct WorkerOptions {
  private var values: [String: [String]] = [:]

  init?(_ arguments: ArraySlice<String>, known: Set<String>) {
    var rest = arguments
    while let word = rest.popFirst() {
      guard known.contains(word), let value = rest.popFirst() else { return nil }
      values[word, default: []].append(value)
    }
  }

  func all(_ word: String) -> [String] { values[word] ?? [] }

  /// A daemon that is started anew begins its work anew: the workers of the last one end with it.
  func endWithDaemon() {
    if let daemon = all("--daemon").first.flatMap({ Int32($0) }) { OwnProcess.endWithParent(daemon) }
  }

  /// `PID:START`, as the daemon writes processes; nil if one is none.
  func processes(_ word: String) -> [ProcessReference]? {
    var found: [ProcessReference] = []
    for text in all(word) {
      let parts = text.split(separator: ":")
      guard parts.count == 2, let pid = Int32(parts[0]), let start = UInt64(parts[1]) else { return nil }
      found.append(ProcessReference(pid: pid, start: start))
    }
    return found
  }
}

enum TrimWorker {
  /// `trim NAME UID [--daemon PID] [--over SESSION]… [--spare PROGRAM]…`; writes its report.
  static func run(_ arguments: [String]) -> Int32 {
    guard arguments.count >= 2, let name = AccountName(arguments[0]), let uid = UInt32(arguments[1]), uid >= 1000,
      let options = WorkerOptions(arguments.dropFirst(2), known: ["--daemon", "--over", "--spare"])
    else { return 64 }
    options.endWithDaemon()
    do throws(SystemError) {
      let trim = Trim(name: name, uid: uid, over: Set(options.all("--over")), spared: options.all("--spare"))
      guard let text = try trim.run(registry: UIDRegistry(directory: Places.uids)).json.text() else { return 1 }
      return write(text)
    } catch {
      complain(error.sentence)
      return 1
    }
  }
}

enum LocalEndWorker {
  /// `local SESSION UID [--daemon PID] [--scope SCOPE] [--audit NUMBER] [--gid GID]… [--leaving PID:START]… [--live PID:START]… [--spare PROGRAM]…`;
  /// writes its report.
  static func run(_ arguments: [String]) -> Int32 {
    let known: Set<String> = ["--daemon", "--scope", "--audit", "--gid", "--leaving", "--live", "--spare"]
    guard arguments.count >= 2, let uid = UInt32(arguments[1]), let options = WorkerOptions(arguments.dropFirst(2), known: known),
      let leaving = options.processes("--leaving"), let live = options.processes("--live")
    else { return 64 }
    let spared = options.all("--spare")
    let gids = options.all("--gid").compactMap { UInt32($0) }
    // Root's processes are the host's own, whatever groups they have.
    guard gids.count == options.all("--gid").count, !gids.contains(0), gids.isEmpty || uid != 0 else { return 64 }
    var scope: SessionScope?
    if let path = options.all("--scope").first {
      scope = SessionScope(path, uid: uid, leaving: leaving, spared: spared)
      guard scope != nil else { return 64 }
    }
    options.endWithDaemon()
    do throws(SystemError) {
      let end = LocalEnd(session: arguments[0], uid: uid, gids: Set(gids), scope: scope, auditSession: options.all("--audit").first.flatMap { UInt32($0) },
        leaving: leaving, spared: spared)
      guard let text = try end.run(untouchable: live).json.text() else { return 1 }
      return write(text)
    } catch {
      complain(error.sentence)
      return 1
    }
  }
}

enum StraysWorker {
  /// `strays [--daemon PID] [--gone UID]… [--without UID:GID]…`; writes its report.
  static func run(_ arguments: [String]) -> Int32 {
    OwnProcess.setName("sojourn-strays")
    OwnProcess.yieldToOthers()
    OwnProcess.raiseDescriptorLimit()
    guard let options = WorkerOptions(arguments[...], known: ["--daemon", "--gone", "--without"]) else { return 64 }
    options.endWithDaemon()
    var people: [UInt32: StraySearch.Wanted] = [:]
    for text in options.all("--without") {
      let parts = text.split(separator: ":")
      guard parts.count == 2, let uid = UInt32(parts[0]), uid >= 1000, let gid = UInt32(parts[1]), gid > 0 else { return 64 }
      if case .without(let gids) = people[uid] { people[uid] = .without(gids.union([gid])) } else { people[uid] = .without([gid]) }
    }
    for text in options.all("--gone") {
      guard let uid = UInt32(text), uid >= 1000 else { return 64 }
      people[uid] = .gone
    }
    // Only numbers that the registry gave to somebody: nobody else's files are ever touched.
    let registry = UIDRegistry(directory: Places.uids)
    for uid in people.keys {
      guard case .name = try? registry.holder(of: uid) else { return 2 }
    }
    do throws(SystemError) {
      guard let text = StraySearch(people: people, places: try .here()).run().json.text() else { return 1 }
      return write(text)
    } catch {
      complain("what is mounted cannot be read: " + error.sentence)
      return 1
    }
  }
}
