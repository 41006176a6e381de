internal import CPlatform.System

/// One line of the mount table.
public struct Mount: Sendable {
  /// The kernel's number of it, decimal.
  public let id: String
  /// `major:minor`
  public let device: String
  /// What of the file system is mounted: `/`, or a directory in it.
  public let root: String
  public let point: String
  public let options: [String]
  public let type: String
  /// Of the file system, wherever it is mounted.
  public let systemOptions: [String]

  public var isReadOnly: Bool { has("ro") }
  /// setuid and setgid bits have no effect there.
  public var ignoresSetID: Bool { has("nosuid") }

  /// An option of the mount or of its file system.
  public func has(_ option: String) -> Bool { (options + systemOptions).contains { $0.utf8.elementsEqual(option.utf8) } }
}

/// What is mounted (proc_pid_mountinfo(5)), as far as users mount things themselves: FUSE says whose a mount is.
///
///     36 35 0:52 / /tmp/fm rw,nosuid,nodev - fuse.sshfs remote: rw,user_id=70001,group_id=70001
///     1  2  3    4 5       6 …             - type       source  options of the file system
public enum MountTable {
  /// Everything that is mounted in this process's view, in the order of mounting.
  /// - Throws: if nobody can say it now; a table that cannot be read, or is too long, is not an empty one.
  public static func read() throws(SystemError) -> [Mount] { parse(try Files.read("/proc/self/mountinfo", cap: 16 << 20)) }

  /// The same, where who asks later sees to it that nothing was missed.
  public static func all() -> [Mount] { (try? read()) ?? [] }

  public static func parse(_ bytes: [UInt8]) -> [Mount] {
    var mounts: [Mount] = []
    for line in bytes.split(separator: 10) {
      let fields = line.split(separator: 32)
      guard let dash = fields.firstIndex(where: { $0.elementsEqual([45]) }), fields.count > dash + 3, dash > 5 else { continue }
      mounts.append(Mount(id: text(fields[0]), device: text(fields[2]), root: text(fields[3]), point: text(fields[4]), options: list(fields[5]),
        type: text(fields[dash + 1]), systemOptions: list(fields[dash + 3])))
    }
    return mounts
  }

  private static func text(_ field: some Collection<UInt8>) -> String { String(decoding: unescaped(field), as: UTF8.self) }
  private static func list(_ field: some Collection<UInt8>) -> [String] { field.split(separator: 44).map { text($0) } }

  /// What the host's first process sees: a service may have a view of its own, from which nothing is detached elsewhere
  /// (systemd.exec(5)).
  public static func readOfHost() throws(SystemError) -> [Mount] { parse(try Files.read("/proc/1/mountinfo", cap: 16 << 20)) }

  /// That user's FUSE mounts, the innermost first.
  public static func fuseMounts(of uid: UInt32, among mounts: [Mount]) -> [Mount] {
    mounts.filter { $0.type.utf8.starts(with: "fuse".utf8) && $0.has("user_id=\(uid)") }.reversed()
  }

  /// Detaches exactly that mount (umount2(2)). Its path may lead through directories of anybody's, who could put a link
  /// there: so it is opened without following any, and what was opened must be that mount.
  public static func detach(_ mount: Mount) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    let fd = unsafe sojourn_open_point(mount.point)
    guard fd >= 0 else { throw .last("openat2") }
    let point = FileDescriptor(owning: fd)
    guard mountID(of: point) == mount.id else { throw SystemError("umount2", code: ESTALE) }
    guard sojourn_unmount_point(point.raw) == 0 else { throw .last("umount2") }
  }

  /// On which mount an open file is (proc_pid_fdinfo(5)).
  private static func mountID(of file: borrowing FileDescriptor) -> String? {
    for line in (ProcessTable.read("/proc/self/fdinfo/\(file.raw)", cap: 65536) ?? []).split(separator: 10) where line.starts(with: "mnt_id:\t".utf8) {
      return String(decoding: line.dropFirst(8), as: UTF8.self)
    }
    return nil
  }

  /// Space, tab, newline and backslash are written as `\ooo`.
  static func unescaped(_ field: some Collection<UInt8>) -> [UInt8] {
    let source = Array(field)
    var bytes: [UInt8] = []
    var at = 0
    while at < source.count {
      let digits = source.dropFirst(at + 1).prefix(3)
      if source[at] == 92, digits.count == 3, digits.allSatisfy({ $0 >= 48 && $0 <= 55 }) {
        bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 48) })
        at += 4
      } else {
        bytes.append(source[at])
        at += 1
      }
    }
    return bytes
  }
}
