internal import CPlatform.System

/// What is mounted (proc_pid_mountinfo(5)), as far as users mount things themselves: FUSE says whose a mount is.
///
///     36 35 0:52 / /tmp/fm rw,nosuid,nodev - fuse.sshfs remote: rw,user_id=70001,group_id=70001
///     1  2  3    4 5       6 …             - type       source  options of the file system
public enum MountTable {
  /// Mount points of that user's FUSE mounts, the innermost first.
  public static func fuseMounts(of uid: UInt32) -> [String] {
    guard let bytes = ProcessTable.read("/proc/self/mountinfo", cap: 16 << 20) else { return [] }
    var points: [String] = []
    for line in bytes.split(separator: 10) {
      let fields = line.split(separator: 32)
      guard let dash = fields.firstIndex(where: { $0.elementsEqual([45]) }), fields.count > dash + 3, fields.count > 4,
        fields[dash + 1].starts(with: "fuse".utf8),
        fields[dash + 3].split(separator: 44).contains(where: { $0.elementsEqual("user_id=\(uid)".utf8) })
      else { continue }
      points.append(String(decoding: unescaped(fields[4]), as: UTF8.self))
    }
    return points.reversed()
  }

  /// Detaches it, without following a link at its end (umount2(2)).
  public static func detach(_ point: String) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe sojourn_unmount(point) == 0 else { throw .last("umount2") }
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
