import Foundation
import Testing

@testable import Accounts
import HostSystem

/// T14: setuid and setgid copies, and files of people who are gone, wherever they were left.
@Suite struct StraySearchTests {
  /// A file system of the test's, filled by `script` (`$1` is its top), a second before the search begins.
  static func search(_ people: [UInt32: StraySearch.Wanted], _ script: String, change: (inout StraySearch) -> Void = { _ in }) throws -> (StrayReport, Scratch) {
    let scratch = try Scratch()
    let said = shell("mkdir \"$1\"/fs; cd \"$1\"/fs; umask 022; " + script + "\nsleep 1.1", scratch.path)
    try #require(said == "", "\(said)")
    var search = StraySearch(people: people, places: place(scratch("fs")))
    change(&search)
    return (search.run(), scratch)
  }

  static func place(_ path: String) -> LocalFileSystems {
    LocalFileSystems(MountTable.parse(Array("1 0 254:0 / \(path) rw - ext4 none rw\n".utf8)), withoutDevice: [], isVisible: { _ in false })
  }

  static func list(_ scratch: Scratch) -> String { shell("cd \"$1\"/fs; find . -mindepth 1 -printf '%P %m %U\\n' | sort", scratch.path) }

  @Test func t14RemovesWhatIsInOpenDirectoriesAndDisarmsAndReportsTheRest() throws {
    let (report, scratch) = try Self.search([70_001: .gone],
      """
      mkdir -m 1777 open; mkdir -m 2775 team; mkdir team/hers; echo precious > precious
      touch open/mine open/theirs $'open/new\\nline' $'open/\\377'; mkdir -p open/tree/a/b; touch open/tree/a/b/mine open/tree/theirs; ln -s ../precious open/link
      touch team/work team/set-uid team/set-gid team/hers/both team/others-set-uid team/others-set-gid team/stuck; ln -s ../precious team/link
      chown -h 70001 open/mine open/link open/new* team/* team/hers/*; chown -h 70001 "$(printf 'open/\\377')" open/tree open/tree/a open/tree/a/b open/tree/a/b/mine
      chown 70002 open/theirs open/tree/theirs team/others-*; chgrp 70001 team/others-set-gid; chown root team/others-set-uid
      chmod 4755 team/set-uid team/others-set-uid; chmod 2755 team/set-gid team/others-set-gid team/stuck; chmod 6755 team/hers/both; chattr +i team/stuck open/mine
      """)
    #expect(report.isWhole && report.unseen.isEmpty, "\(report)")
    #expect(report.removed == 8, "\(report)")
    #expect(Set(report.disarmed) == Set(["set-uid", "set-gid", "hers/both", "others-set-gid", "stuck"].map { scratch("fs/team/") + $0 }), "\(report)")
    #expect(report.disarmedCount == 5)
    #expect(report.left.contains(scratch("fs/team/work")) && report.left.contains(scratch("fs/team/hers/both")))
    #expect(report.left.contains { $0.contains("theirs: belongs to uid 70002, kept as") }, "\(report)")
    let list = Self.list(scratch)
    for line in ["open/theirs 644 70002", "team/set-uid 755 70001", "team/set-gid 755 70001", "team/hers/both 755 70001", "team/others-set-uid 4755 0", "team/others-set-gid 755 70002", "team/stuck 755 70001", "team/work 644 70001", "precious 644 0"] {
      #expect(list.contains(line + "\n"), "\(line) in \(list)")
    }
    #expect(!list.contains("open/mine") && !list.contains("open/tree") && !list.contains("open/link") && !list.contains("open/new"))
  }

  @Test func t13TakesTheSetgidBitOfAWithdrawnGroupAndNothingElseOfALivePerson() throws {
    let (report, scratch) = try Self.search([70_001: .without([998])],
      """
      mkdir -m 1777 open; touch open/withdrawn open/granted open/set-uid open/plain open/others
      chown 70001:998 open/withdrawn open/plain; chown 70001:997 open/granted; chown 70001:70001 open/set-uid; chown 70002:998 open/others
      chmod 2755 open/withdrawn open/granted open/others; chmod 4755 open/set-uid
      """)
    #expect(report.disarmed == [scratch("fs/open/withdrawn")] && report.removed == 0 && report.leftCount == 0, "\(report)")
    #expect(Self.list(scratch) == "open 1777 0\nopen/granted 2755 70001\nopen/others 2755 70002\nopen/plain 644 70001\nopen/set-uid 4755 70001\nopen/withdrawn 755 70001\n")
  }

  /// Whoever comes back while it runs keeps what they make.
  @Test func t14LeavesWhatWasMadeSinceItBegan() throws {
    let scratch = try Scratch()
    shell("mkdir -p \"$1\"/fs; mkdir -m 1777 \"$1\"/fs/open; touch \"$1\"/fs/open/new; chown 70001 \"$1\"/fs/open/new; touch -d 2001-01-01 \"$1\"/fs/open/new", scratch.path)
    let report = StraySearch(people: [70_001: .gone], places: Self.place(scratch("fs"))).run()
    #expect(report.removed == 0 && report.entries == 2)
    #expect(!report.isWhole && !report.isCutShort && report.unseen == [scratch("fs/open/new: changed since the search began")], "\(report)")
    #expect(Files.exists(scratch("fs/open/new")))
  }

  @Test func t14NeitherFollowsLinksNorLeavesTheFileSystem() throws {
    let (report, scratch) = try Self.search([70_001: .gone],
      """
      mkdir ../outside; echo precious > ../outside/file; chown 70001 ../outside/file; chmod 4755 ../outside/file
      mkdir -m 1777 open; mkdir mounted; ln -s ../outside link; ln -s "$PWD/../outside" open/link; chown -h 70001 open/link; mount -t tmpfs t mounted; cp -p ../outside/file mounted
      """)
    defer { shell("umount \"$1\"/fs/mounted", scratch.path) }
    #expect(report.removed == 1 && report.disarmed.isEmpty && report.leftCount == 0 && report.unseen.isEmpty, "\(report)")
    #expect(shell("stat -c '%a %u' \"$1\"/outside/file \"$1\"/fs/mounted/file", scratch.path) == "4755 70001\n4755 70001\n")
  }

  /// A mount of somebody else's that answers nobody, and a file that its owner has a lease on: neither hides what is beside it.
  @Test func t14IsNotKeptFromTheRestByAForeignMountOrALease() throws {
    let (report, scratch) = try Self.search([70_001: .gone, 70_002: .without([998])],
      """
      mkdir -m 1777 open; mkdir open/fuse; for i in $(seq 40); do touch open/f$i; done; chown 70001 open/f*; touch leased; chown 70002:998 leased; chmod 2755 leased
      cat > ../trouble.py <<'END'
      import ctypes, fcntl, os, time
      fd = os.open("/dev/fuse", os.O_RDWR)
      if ctypes.CDLL(None, use_errno=True).mount(b"x", b"open/fuse", b"fuse", 0, f"fd={fd},rootmode=40000,user_id=70077,group_id=70077".encode()): print("no fuse")
      held = os.open("leased", os.O_RDONLY)
      fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
      open("../ready", "w").close()
      time.sleep(60)
      END
      setsid python3 ../trouble.py > /dev/null 2>&1 < /dev/null & echo $! > ../pid; for i in $(seq 300); do [ -e ../ready ] && break; sleep 0.05; done; [ -e ../ready ] && grep -q "$PWD/open/fuse" /proc/self/mountinfo || echo not ready
      """)
    defer { shell("kill -9 $(cat \"$1\"/pid); umount -l \"$1\"/fs/open/fuse", scratch.path) }
    #expect(report.isWhole && report.unseen == [] && report.removed == 40, "\(report)")
    #expect(report.disarmed == [scratch("fs/leased")], "\(report)")
  }

  @Test func t14LeavesTreesThatSomethingIsMountedInAndKeepsRootsFiles() throws {
    let (report, scratch) = try Self.search([70_001: .gone],
      "mkdir -m 1777 open; mkdir -p open/busy/m open/tree/in; echo precious > open/tree/in/roots; touch open/tree/in/mine open/busy/mine; chown -R 70001 open/busy open/tree; chown 0 open/tree/in/roots; mount -t tmpfs t open/busy/m; touch open/busy/m/inside")
    defer { shell("umount \"$1\"/fs/open/busy/m", scratch.path) }
    #expect(report.left.contains(scratch("fs/open/busy") + ": something is mounted in it"), "\(report)")
    #expect(report.left.contains { $0.hasPrefix("roots: belongs to uid 0, kept as ") }, "\(report)")
    #expect(shell("cd \"$1\"/fs/open; ls busy/m; ls -d tree 2>/dev/null; cat .sojourn-kept-70001-*/uid0-*", scratch.path) == "inside\nprecious\n")
  }

  /// The bits go with the name, because the file may have others.
  @Test func t14TakesTheBitsOffBeforeTheName() throws {
    let (report, scratch) = try Self.search([70_001: .gone],
      "mkdir -m 1777 open; mkdir open/tree ../hidden; touch open/copy open/tree/copy; chown -R 70001 open/tree open/copy; chmod 6755 open/copy open/tree/copy; ln open/copy ../hidden/a; ln open/tree/copy ../hidden/b")
    #expect(report.removed == 3 && report.isWhole, "\(report)")
    #expect(shell("stat -c %a \"$1\"/hidden/*", scratch.path) == "755\n755\n")
  }

  @Test func t14SaysWhatItDidNotLookAt() throws {
    let deep = "python3 -c 'import os\nfor i in range(3000):\n  os.mkdir(\"d\"); os.chdir(\"d\")\nos.close(os.open(\"copy\", os.O_CREAT)); os.chown(\"copy\", 70001, 998); os.chmod(\"copy\", 0o4755)'"
    let (report, scratch) = try Self.search([70_001: .gone], deep)
    #expect(!report.isWhole && report.unseen.count == 1 && report.unseen[0].hasSuffix(": deeper than 200 levels"), "\(report)")
    #expect(report.entries < 300)
    let limited = try Self.search([70_001: .gone], "seq 20000 | xargs touch; mkdir -m 1777 z") { $0.entries = 5000 }
    #expect(limited.0.isCutShort && !report.isCutShort)
    #expect(!limited.0.isWhole && limited.0.unseen[0].hasSuffix("because no time was left") && limited.0.entries < 9000, "\(limited.0)")
    let shared = LocalFileSystems(MountTable.parse(Array("1 0 0:40 / /srv/share rw - nfs4 server:/x rw\n".utf8)), withoutDevice: ["nfs4"], isVisible: { _ in false })
    #expect(StraySearch(people: [70_001: .gone], places: shared).run().unseen == ["nfs4 at /srv/share: not of this host"])
    _ = scratch
  }

  /// Bounds, not times: descriptors and memory of the real worker do not grow with what it looks through.
  @Test func t14IsBoundedInDescriptorsAndMemory() throws {
    let said = try ProcessEndTests.host(
      """
      mount -o remount,bind,ro /; mkdir -m 1777 /tmp/open; cd /tmp/open; python3 - <<'END'
      import os
      for i in range(40000): os.close(os.open("f%d" % i, os.O_CREAT))
      for i in range(400):
          os.mkdir("d"); os.chdir("d")
          for j in range(20): os.mkdir("s%d" % j)
      END
      cd /; ulimit -n 512; "$build/sojournd" strays --gone 70001 > /run/report & p=$!; hwm=0; fds=0
      while [ -d /proc/$p/fd ] && ! grep -qs '^State:.Z' /proc/$p/status; do
        h=$(awk '/^VmHWM/ {print $2}' /proc/$p/status 2>/dev/null); n=$(ls /proc/$p/fd 2>/dev/null | wc -l); [ "${h:-0}" -gt $hwm ] && hwm=$h; [ "$n" -gt $fds ] && fds=$n; done
      wait $p; echo "status $? memory $((hwm < 80000)) $hwm descriptors $((fds < 230)) $fds"; grep -o '"entries":[0-9]*' /run/report; grep -c 'deeper than 200' /run/report
      """)
    #expect(said.contains("status 0 memory 1 ") && said.contains(" descriptors 1 "), "\(said)")
    #expect(said.hasSuffix("\n1\n"), "\(said)")
  }
}
