import HostSystem
import Testing

/// Which file systems a search for somebody's files may look through.
@Suite struct LocalFileSystemsTests {
  private func systems(_ table: String, visible: Set<String> = []) -> LocalFileSystems {
    LocalFileSystems(MountTable.parse(Array(table.utf8)), withoutDevice: ["proc", "sysfs", "tmpfs", "overlay", "nfs4", "cgroup2", "fuse", "devtmpfs"], isVisible: { visible.contains($0) })
  }

  @Test func areThoseOfThisHostThatCanBeWritten() {
    let found = systems(
      """
      1 0 254:0 / / rw,relatime - ext4 /dev/vda rw
      2 1 0:5 / /proc rw - proc proc rw
      3 1 0:6 / /sys/fs/cgroup rw - cgroup2 none rw
      4 1 0:7 / /tmp rw,nosuid - tmpfs tmpfs rw
      5 1 254:1 / /usr ro - ext4 /dev/vdb rw
      6 1 254:2 / /srv rw - xfs /dev/vdc ro
      7 1 0:8 / /mnt/a\\040b rw - nfs4 server:/x rw
      8 1 0:9 / /home/x/fm rw - fuse.sshfs remote: rw,user_id=1000
      9 1 8:1 / /media/stick rw - fuseblk /dev/sda1 rw
      """)
    #expect(found.places == ["/", "/tmp", "/media/stick"])
    #expect(found.elsewhere == ["nfs4 at /mnt/a b", "fuse.sshfs at /home/x/fm"])
  }

  @Test func areLookedThroughOnce() {
    let found = systems(
      """
      1 0 254:0 / / rw - ext4 /dev/vda rw
      2 1 254:0 /srv/data /export rw - ext4 /dev/vda rw
      3 1 254:3 /part /only-a-part rw - ext4 /dev/vdd rw
      4 1 0:7 / /tmp rw - tmpfs tmpfs rw
      5 4 0:8 / /tmp rw - tmpfs tmpfs rw
      6 1 0:9 / /var/lib/docker/merged rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/upper
      7 1 0:10 / /hidden-upper rw - overlay overlay rw,lowerdir=/l,upperdir=/not/here
      """, visible: ["/var/lib/docker/upper"])
    #expect(found.places == ["/", "/only-a-part", "/tmp", "/hidden-upper"])
  }

  @Test func ofATableThatIsNoneAreNone() {
    for text in ["", "\n\n", "1 2 3", "1 2 3 / /x rw ext4 x rw", "- - - - - - - - -", "1 0 254:0 / / rw -"] { #expect(systems(text).places.isEmpty, "\(text)") }
  }
}
