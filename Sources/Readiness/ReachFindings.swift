public import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// What the end of a session or an account cannot reach on this host, said before anybody relies on it.
public enum ReachFindings {
  public static func findings(_ configuration: PublishedConfiguration, _ files: HostFiles = HostFiles()) -> [Finding] {
    let mounts = MountTable.parse((try? files.bytes("/proc/self/mountinfo")) ?? [])
    return controlGroups(files) + logins(files) + fileSystems(mounts, files) + setID(configuration, mounts)
  }

  /// cgroup.kill is of Linux 5.14, cgroup.freeze of 5.2; hosts with the old tree have neither.
  static func controlGroups(_ files: HostFiles) -> [Finding] {
    let subject = "control groups"
    // The root has neither file; every group below it has both or none.
    guard files.facts("/sys/fs/cgroup/cgroup.controllers") != nil else {
      return [Finding(.reachCgroup, .warning, subject,
        "the host has no unified tree at /sys/fs/cgroup: processes are ended one uid at a time, and those of a session that is over, while others of the person go on, are told by their groups and by the kernel's number of the login only",
        remedy: "boot with the unified hierarchy (systemd.unified_cgroup_hierarchy=1)")]
    }
    let groups = files.names(in: "/sys/fs/cgroup").filter { $0.ends(with: ".slice") || $0.ends(with: ".scope") || $0.ends(with: ".service") }
    guard let group = groups.first else { return [Finding(.reachCgroup, .ok, subject, "is the unified tree, without systemd's groups: processes are ended one uid at a time")] }
    for (file, needed) in [("cgroup.kill", "5.14"), ("cgroup.freeze", "5.2")] where files.facts("/sys/fs/cgroup/\(group)/\(file)") == nil {
      return [Finding(.reachCgroup, .warning, subject, "this kernel has no \(file): what forks fast is ended by its uid alone", remedy: "run Linux \(needed) or later")]
    }
    return [Finding(.reachCgroup, .ok, subject, "all that a person starts can be ended at once")]
  }

  /// Without audit in the kernel a root shell by sudo has nothing that says whose it is.
  static func logins(_ files: HostFiles) -> [Finding] {
    guard files.facts("/proc/self/loginuid") != nil, files.facts("/proc/self/sessionid") != nil else {
      return [Finding(.reachLogins, .warning, "login uid",
        "this kernel keeps none (CONFIG_AUDIT): a process that somebody runs as root outside their systemd session is not known to be theirs, and outlives the end",
        remedy: "run a kernel with audit, or grant nobody root")]
    }
    return [Finding(.reachLogins, .ok, "login uid", "the kernel keeps it: what a person runs as root is known to be theirs")]
  }

  static func fileSystems(_ mounts: [Mount], _ files: HostFiles) -> [Finding] {
    let types = ((try? files.lines("/proc/filesystems")) ?? []).compactMap { line -> String? in
      let words = line.parts(9)
      return words.count == 2 ? words[1] : nil
    }
    let systems = LocalFileSystems(mounts, withoutDevice: types, isVisible: { files.facts($0) != nil })
    return [Finding(.reachFiles, .ok, "file systems", "files of people who are gone are looked for on \(systems.places.count) of them")]
      + systems.elsewhere.prefix(8).map { system in
        Finding(.reachFiles, .warning, system, "can be written here and belongs to other hosts too: files that people leave there are not looked for, and stay",
          remedy: "mount it read-only or nosuid, or keep people's groups from writing there")
      }
  }

  /// Where a setgid copy has no effect, it cannot give a group back.
  static func setID(_ configuration: PublishedConfiguration, _ mounts: [Mount]) -> [Finding] {
    let places = [configuration.accounts.homeRoot, "/tmp", "/var/tmp", "/dev/shm"]
    let open = places.filter { place in !(mount(of: place, mounts)?.ignoresSetID ?? true) }
    guard !open.isEmpty else { return [Finding(.reachSetid, .ok, "setuid and setgid copies", "have no effect where people can make them")] }
    return [Finding(.reachSetid, .ok, "setuid and setgid copies",
      "have effect in \(open.joined(separator: ", ")): a program that somebody copies there with a granted group has the group for a second each time it is run, until the copy is found; on file systems that are mounted nosuid it has it never")]
  }

  /// The mount that the path is on: the one with the longest point above it, the last of those.
  static func mount(of path: String, _ mounts: [Mount]) -> Mount? {
    var best: Mount?
    for mount in mounts {
      let above = mount.point.isExactly("/") ? "/" : mount.point + "/"
      guard path.isExactly(mount.point) || path.begins(with: above) else { continue }
      if mount.point.utf8.count >= (best?.point.utf8.count ?? 0) { best = mount }
    }
    return best
  }
}
