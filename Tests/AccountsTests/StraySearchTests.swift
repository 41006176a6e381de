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

  @Test func t14SaysWhatItDidNotLookAt() throws {
    let deep = "python3 -c 'import os\nfor i in range(3000):\n  os.mkdir(\"d\"); os.chdir(\"d\")\nos.close(os.open(\"copy\", os.O_CREAT)); os.chown(\"copy\", 70001, 998); os.chmod(\"copy\", 0o4755)'"
    let (report, scratch) = try Self.search([70_001: .gone], deep)
    #expect(!report.isWhole && report.unseen.count == 1 && report.unseen[0].hasSuffix(": deeper than 200 levels"), "\(report)")
    #expect(report.entries < 300)
    let limited = try Self.search([70_001: .gone], "seq 20000 | xargs touch; mkdir -m 1777 z") { $0.entries = 5000 }
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
