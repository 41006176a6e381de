internal import Encoding
internal import HostSystem

/// The remembered tasks, a file each, in a directory of root's that dies with the boot. A file that cannot be believed is
/// as none: then access is asked for again, and nothing was permitted by it anyway.
public struct TaskStore: Sendable {
  let folder: String

  /// Tasks at once on one host.
  public static var most: Int { 1024 }
  /// Bytes of a file.
  static var cap: Int { 512 * 1024 }

  public init(folder: String) { self.folder = folder }

  private func path(_ key: String) -> String { folder + "/" + key + ".json" }

  func task(_ key: String, now: UInt64) -> ApprovalTask? {
    guard let bytes = try? Files.readTrusted(path(key), cap: TaskStore.cap), let json = try? JSONValue.parse(bytes),
      let task = try? ApprovalTask(json: json), task.ends > now, task.ends - now <= ApprovalTask.longest + 60
    else { return nil }
    return task
  }

  /// Why a task cannot be remembered, for the log.
  struct Fault: Error { let sentence: String }

  func keep(_ task: ApprovalTask, _ key: String, now: UInt64) throws(Fault) {
    guard let bytes = task.json.text(), bytes.count <= TaskStore.cap else { throw Fault(sentence: "it is too large") }
    do throws(SystemError) {
      try Files.makeDirectory(folder, mode: 0o700)
      if !Files.exists(path(key)) {
        removeExpired(now: now)
        if try Files.names(in: folder).count >= TaskStore.most { throw SystemError("write", code: TaskStore.isFull) }
      }
      try Files.replace(path(key), with: bytes, mode: 0o600, durable: false)
    } catch { throw Fault(sentence: error.code == TaskStore.isFull ? "\(TaskStore.most) requests are remembered already" : error.sentence) }
  }

  private static let isFull: Int32 = -1

  func forget(_ key: String) { try? Files.remove(path(key)) }

  /// What is over, and what is no task.
  public func removeExpired(now: UInt64) {
    for name in (try? Files.names(in: folder)) ?? [] where name.hasSuffix(".json") {
      let key = String(name.dropLast(5))
      if task(key, now: now) == nil { forget(key) }
    }
  }
}
