internal import Encoding

/// Groups whose members can become root on an ordinary host. They are granted only if the configuration names them a
/// second time, and their use makes the evidence of a clean end say "not provable".
///
/// The list is Debian's and Ubuntu's groups and those of common packages; a site adds its own (a group that sudoers
/// serves) by naming it in `root_equivalent_groups`. Not on it: groups that show or spend things without a way to root
/// (`audio`, `video`, `render`, `cdrom`, `dialout`, `plugdev`, `kvm`, `lp`, `games`, `users`, `ssl-cert`).
public enum RootEquivalence {
  public static func holds(_ group: String) -> Bool {
    for known in groups where known.name.isExactly(group) { return true }
    return false
  }

  /// How a member becomes root, for messages; nil if the group is not on the list.
  public static func reason(_ group: String) -> String? {
    for known in groups where known.name.isExactly(group) { return known.way }
    return nil
  }

  private static var groups: [(name: String, way: String)] {
    [
      ("root", "gid 0 itself: files and directories of root's that the group may write"),
      ("sudo", "sudoers lets it run everything"),
      ("wheel", "sudoers lets it run everything, pam_wheel lets it su"),
      ("admin", "sudoers lets it run everything (older Ubuntu)"),
      ("docker", "starts containers that mount / as root"),
      ("podman", "speaks to a root container engine where its socket is shared with the group"),
      ("lxd", "starts privileged containers that mount /"),
      ("incus-admin", "starts privileged containers that mount /"),
      ("lxc", "starts privileged containers that mount / where its tools serve the group"),
      ("incus", "starts containers of a daemon that runs as root"),
      ("microk8s", "administers a cluster whose pods mount /"),
      ("snap_microk8s", "administers a cluster whose pods mount /"),
      ("libvirt", "defines machines with any file or device of the host as their disk"),
      ("libvirtd", "defines machines with any file or device of the host as their disk"),
      ("libvirt-qemu", "reads and writes the disks of machines, and what they hold of the host's"),
      ("haclient", "has the cluster manager run any program as root"),
      ("disk", "reads and writes block devices beneath the file systems"),
      ("kmem", "reads kernel memory and ports"),
      ("mem", "reads kernel memory (other distributions' kmem)"),
      ("shadow", "reads password hashes"),
      ("adm", "reads logs, which hold mistyped passwords and session tokens"),
      ("systemd-journal", "reads the whole journal, as adm does"),
      ("staff", "writes /usr/local, whose programs come first in root's path"),
      ("src", "writes /usr/src, from which dkms builds kernel modules as root"),
      ("input", "reads and makes key strokes on the console, also root's"),
      ("uinput", "makes key strokes on the console"),
      ("tty", "writes to other people's terminals, also root's"),
      ("lpadmin", "changes the configuration of cups, which runs as root"),
      ("netdev", "has wpa_supplicant, which runs as root, load a library (CVE-2024-5290)"),
      ("backup", "reads what backups hold, also /etc/shadow"),
      ("tape", "reads what backups hold, also /etc/shadow"),
      ("mail", "writes the directory of mailboxes, also root's"),
      ("sbuild", "becomes root in build environments that see the host's files (schroot)"),
      ("crontab", "writes the directory of crontabs, also root's"),
    ]
  }
}
