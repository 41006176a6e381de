/// What of the mount table a search for somebody's files can look at, and what it cannot.
public struct LocalFileSystems: Sendable {
  /// Mount points of file systems of this host that can be written, each system once.
  public private(set) var places: [String] = []
  /// `TYPE at POINT`: other hosts can write them too, or a program of somebody's serves them.
  public private(set) var elsewhere: [String] = []

  /// - Parameters:
  ///   - withoutDevice: types that need no disk, as /proc/filesystems says: those of the kernel's own views are among them.
  ///   - isVisible: can that path be reached from here?
  public init(_ mounts: [Mount], withoutDevice: [String], isVisible: (String) -> Bool) {
    var seen: [Mount] = []
    for (index, mount) in mounts.enumerated() where !mount.isReadOnly {
      // What is mounted over is not to be seen.
      if mounts[(index + 1)...].contains(where: { LocalFileSystems.same($0.point, mount.point) }) { continue }
      switch LocalFileSystems.kind(mount, withoutDevice) {
      case .local:
        // What a host's other directories hold already is not looked at twice.
        if let upper = mount.value(of: "upperdir"), isVisible(upper) { continue }
        seen.append(mount)
      case .elsewhere: elsewhere.append("\(mount.type) at \(mount.point)")
      case .kernel: continue
      }
    }
    for mount in seen where !seen.contains(where: { LocalFileSystems.covers($0, mount) }) {
      if places.count < LocalFileSystems.cap, !places.contains(where: { LocalFileSystems.same($0, mount.point) }) { places.append(mount.point) }
    }
  }

  /// Those of this host.
  public static func here() throws(SystemError) -> LocalFileSystems {
    let types = try Files.read("/proc/filesystems", cap: 1 << 16).split(separator: 10).compactMap { line -> String? in
      let words = line.split(separator: 9)
      return words.count == 2 ? String(decoding: words[1], as: UTF8.self) : nil
    }
    return LocalFileSystems(try MountTable.read(), withoutDevice: types, isVisible: { Files.exists($0) })
  }

  static var cap: Int { 4096 }

  private enum Kind { case local, elsewhere, kernel }

  private static func kind(_ mount: Mount, _ withoutDevice: [String]) -> Kind {
    let type = mount.type
    // ntfs-3g and the like: a disk of this host, served by a program of root's.
    if same(type, "fuseblk") { return .local }
    if type.utf8.starts(with: "fuse.".utf8) || same(type, "fuse") { return same(type, "fuse.lxcfs") || same(type, "fuse.portal") ? .kernel : .elsewhere }
    if shared.contains(where: { same($0, type) }) { return .elsewhere }
    if local.contains(where: { same($0, type) }) { return .local }
    return withoutDevice.contains { same($0, type) } ? .kernel : .local
  }
  /// Written by other hosts too.
  private static var shared: [String] {
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "glusterfs", "afs", "lustre", "beegfs", "gpfs", "gfs2", "ocfs2", "orangefs", "coda", "ncpfs", "vboxsf"]
  }
  /// Of this host, though they need no disk of their own.
  private static var local: [String] { ["tmpfs", "ramfs", "overlay", "zfs", "btrfs", "bcachefs", "ubifs"] }

  /// Does the one show all that the other shows, as a whole file system shows a directory of it that is mounted once more?
  private static func covers(_ one: Mount, _ other: Mount) -> Bool {
    guard same(one.device, other.device), !same(one.point, other.point), !same(one.root, other.root) else { return false }
    let above = same(one.root, "/") ? one.root : one.root + "/"
    return other.root.utf8.starts(with: above.utf8)
  }

  private static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
}

extension Mount {
  /// What stands after `name=` in the file system's options.
  func value(of name: String) -> String? {
    let start = name + "="
    guard let option = systemOptions.first(where: { $0.utf8.starts(with: start.utf8) }) else { return nil }
    return String(decoding: Array(option.utf8.dropFirst(start.utf8.count)), as: UTF8.self)
  }
}
