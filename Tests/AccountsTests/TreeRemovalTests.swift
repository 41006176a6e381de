import Foundation
import Testing

@testable import Accounts
import HostSystem
import Identity

/// T19: whatever a person put into the home, it goes, and nothing outside is touched.
@Suite struct TreeRemovalTests {
  static let uid: UInt32 = 70_001

  /// A home full of what `script` makes in it, then removed.
  static func removal(_ script: String, after: String = "") throws -> (RemovalReport, Scratch) {
    let scratch = try Scratch()
    let root = try HomeRoot.establish(scratch("home"))
    shell("mkdir \"$1\"/home/alice \"$1\"/outside; echo precious > \"$1\"/outside/file; chown -h 70001:70001 \"$1\"/home/alice; cd \"$1\"/home/alice; " + script, scratch.path)
    let report = try root.remove(try Sample.name("alice"), uid: uid)
    return (report, scratch)
  }

  static func left(_ scratch: Scratch) -> String { shell("ls -A \"$1\"/home | tr '\\n' ' '", scratch.path) }

  @Test func removesLinksAndNothingThatTheyLeadTo() throws {
    let (report, scratch) = try Self.removal(
      "ln -s /etc/passwd a; ln -s ../../outside b; ln -s ../../outside/file c; ln -s . d; ln -s / e; mkfifo f; mknod g b 7 0; ln ../../outside/file h; chown -hR 70001 .; chown 0 ../../outside/file")
    #expect(report.left == [])
    #expect(report.removed == 9)
    #expect(Self.left(scratch) == ".sojourn-home-root ")
    #expect(shell("cat \"$1\"/outside/file; stat -c '%u %h' \"$1\"/outside/file", scratch.path) == "precious\n0 1\n")
  }

  @Test func removesNamesOfEveryKindOfByte() throws {
    let (report, scratch) = try Self.removal(
      """
      python3 - <<'END'
      import os
      for value in range(1, 256):
          if value in (47,): continue
          name = bytes([value])
          if name != b'.': os.close(os.open(name, os.O_CREAT, 0o600))
          os.mkdir(b'dir' + name); os.mkdir(b'dir' + name + b'/' + name + name + name)
      os.mkdir(b'-rf'); os.mkdir(b'a\\nb'); os.mkdir(b'\\xff' * 255); open(b'x' * 255, 'w').close()
      END
      chown -R 70001 .
      """)
    #expect(report.left == [])
    #expect(report.removed == 253 + 2 * 254 + 4 + 1)
    #expect(Self.left(scratch) == ".sojourn-home-root ")
  }

  @Test func removesTenThousandLevels() throws {
    let (report, scratch) = try Self.removal(
      "python3 -c 'import os\nfor i in range(10000):\n  os.mkdir(\"deep\"); os.chown(\"deep\", 70001, 70001); os.chdir(\"deep\")\nopen(\"bottom\", \"w\")'")
    #expect(report.left == [])
    #expect(report.removed == 10_002)
    #expect(Self.left(scratch) == ".sojourn-home-root ")
  }

  @Test func removesTwentyThousandFilesAndTwoThousandDirectories() throws {
    let (report, scratch) = try Self.removal(
      "python3 -c 'import os\nfor i in range(20000): os.close(os.open(str(i), os.O_CREAT))\nfor i in range(2000): os.mkdir(\"d%d\" % i)'; chown -R 70001 .")
    #expect(report.left == [])
    #expect(report.removed == 22_001)
    #expect(Self.left(scratch) == ".sojourn-home-root ")
  }

  @Test func removesWhatIsImmutable() throws {
    let (report, scratch) = try Self.removal(
      "mkdir -p a/b; touch a/f a/b/g; ln -s x a/b/link; chown -hR 70001 .; chattr +i a/f a/b/g; chattr +a a/b; chattr +i a a/b; chattr +i .")
    #expect(report.left == [])
    #expect(Self.left(scratch) == ".sojourn-home-root ")
  }

  @Test func othersFilesAreKeptForRootAndReported() throws {
    let (report, scratch) = try Self.removal(
      "mkdir -p shared/of-bob; echo hers > mine; echo his > shared/of-bob/his; echo roots > roots; chown -R 70001 .; chown 70002 shared/of-bob shared/of-bob/his; chown 0 roots; chattr +i shared/of-bob/his")
    #expect(report.left.count == 1)
    #expect(report.left.first?.contains("his: belongs to uid 70002, kept as ") == true)
    let kept = shell("cd \"$1\"/home; ls -d .sojourn-kept-70001-*; cat .sojourn-kept-70001-*/*; stat -c %a:%u .sojourn-kept*", scratch.path)
    #expect(kept.contains("his\n700:0\n"))
    #expect(!kept.contains("hers"))
    #expect(try !HomeRoot.open(scratch("home")).holds(try Sample.name("alice"), uid: Self.uid))
  }

  @Test func whatIsMountedInsideIsDetachedAndNotEmptied() throws {
    let scratch = try Scratch()
    // In a mount namespace of its own, by this very process's removal: so the mounts are made and looked at from there.
    let root = try HomeRoot.establish(scratch("home"))
    shell(
      """
      cd "$1"; mkdir outside; echo precious > outside/file; mkdir -p home/alice/in/mounted home/alice/tmpfs; touch home/alice/bound; chown -R 70001 home/alice
      mount --bind outside home/alice/in/mounted; mount --bind outside/file home/alice/bound; mount -t tmpfs tmpfs home/alice/tmpfs; mkdir home/alice/tmpfs/x
      mount --bind outside home/alice/tmpfs/x; mount --bind home/alice/in home/alice/in
      """, scratch.path)
    #expect(shell("grep -c \"$1\" /proc/self/mountinfo", scratch.path) == "5\n")
    let report = try root.remove(try Sample.name("alice"), uid: Self.uid)
    #expect(report.left == [])
    #expect(Self.left(scratch) == ".sojourn-home-root ")
    #expect(shell("cat \"$1\"/outside/file; grep -c \"$1\" /proc/self/mountinfo || true", scratch.path) == "precious\n0\n")
  }

  @Test func aHomeThatIsItselfAMountIsDetached() throws {
    let scratch = try Scratch()
    let root = try HomeRoot.establish(scratch("home"))
    shell("cd \"$1\"; mkdir outside home/alice; chown 70001 outside home/alice; touch outside/file; mount --bind outside home/alice", scratch.path)
    #expect(try root.remove(try Sample.name("alice"), uid: Self.uid).left == [])
    #expect(Self.left(scratch) == ".sojourn-home-root ")
    #expect(Files.exists(scratch("outside/file")))
  }

  /// In /tmp anybody can make the names that a removal might want.
  @Test func nobodyCanTakeTheTrashsPlace() throws {
    let scratch = try Scratch()
    shell(
      """
      cd "$1"; mkdir -m 1777 tmp; cd tmp; mkdir .trash .kept .sojourn-trash-70001-00 .sojourn-trash-70001-01 mine; touch .sojourn-trash-70001-02 .sojourn-trash-70001-01/theirs mine/x
      ln -s /etc .sojourn-trash-70001-03; chown -hR 70002 .sojourn* .trash .kept; chown -R 70001 mine; chmod 700 .sojourn-trash-70001-01
      """, scratch.path)
    let tmp = try FileDescriptor.open(scratch("tmp"), .directory)
    let removal = TreeRemoval(owner: Self.uid, place: scratch("tmp"))
    let unfinished = try removal.isUnfinished(in: tmp)
    #expect(!unfinished)
    let mine = DirectoryEntry(tmp, "mine")
    let entry = try #require(mine)
    #expect(try removal.remove(entry, in: tmp).left == [])
    #expect(shell("cd \"$1\"/tmp; ls -A | tr '\\n' ' '; ls .sojourn-trash-70001-01", scratch.path) == ".kept .sojourn-trash-70001-00 .sojourn-trash-70001-01 .sojourn-trash-70001-02 .sojourn-trash-70001-03 .trash theirs\n")
  }

  /// It was the person's when it was looked at.
  @Test func putsBackWhatSomebodyExchangedBeforeTheMove() throws {
    let scratch = try Scratch()
    shell("mkdir -p \"$1\"/tmp/swapped/in; echo his > \"$1\"/tmp/swapped/in/file; chown -R 70002 \"$1\"/tmp/swapped", scratch.path)
    let tmp = try FileDescriptor.open(scratch("tmp"), .directory)
    let swapped = DirectoryEntry(tmp, "swapped")
    let entry = try #require(swapped)
    let report = try TreeRemoval(owner: Self.uid, place: scratch("tmp")).remove(entry, in: tmp)
    #expect(report.removed == 0 && report.left == [scratch("tmp/swapped: belongs to uid 70002 by now, and was left")], "\(report)")
    #expect(shell("cd \"$1\"/tmp; ls -A; cat swapped/in/file; stat -c %u swapped", scratch.path) == "swapped\nhis\n70002\n")
  }

  /// What an administrator has marked is nobody's to change for the sake of one entry.
  @Test func refusesToTakeTheMarkOffADirectoryThatIsNotThePersons() throws {
    let scratch = try Scratch()
    shell("mkdir \"$1\"/tmp \"$1\"/tmp/mine; chown 70001 \"$1\"/tmp/mine; chattr +a \"$1\"/tmp", scratch.path)
    let tmp = try FileDescriptor.open(scratch("tmp"), .directory)
    let mine = DirectoryEntry(tmp, "mine")
    let entry = try #require(mine)
    #expect(throws: SystemError.self) { try TreeRemoval(owner: Self.uid, place: scratch("tmp")).remove(entry, in: tmp) }
    #expect(shell("lsattr -d \"$1\"/tmp | cut -d ' ' -f 1 | grep -o a; ls \"$1\"/tmp", scratch.path) == "a\nmine\n")
  }

  @Test func twoRemovalsAtOnceDoNotTakeEachOthersFilesForAStrangers() async throws {
    let scratch = try Scratch()
    _ = try HomeRoot.establish(scratch("home"))
    shell("cd \"$1\"/home; for u in 1 2 3 4; do mkdir -p u$u/a/b/c; for i in $(seq 1500); do : > u$u/a/f$i; : > u$u/a/b/c/g$i; done; chown -R 7000$u u$u; done", scratch.path)
    let path = scratch("home")
    let left = await withTaskGroup(of: [String].self) { group in
      for index in 1...4 {
        group.addTask {
          guard let name = AccountName("u\(index)"), let report = try? HomeRoot.open(path).remove(name, uid: 70_000 + UInt32(index)) else { return ["failed"] }
          return report.left
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(left == [])
    #expect(Self.left(scratch) == ".sojourn-home-root ")
  }

  /// Killed at any instruction, run again, the result is the same (invariant 10): the real worker, killed by the clock.
  @Test func aKilledRemovalIsResumed() throws {
    let scratch = try Scratch()
    let root = try HomeRoot.establish(scratch("home"))
    let name = try Sample.name("alice")
    let build = try Built.folder
    shell("cd \"$1\"/home; mkdir -p alice/a/b/c alice/d; for i in $(seq 3000); do : > alice/a/f$i; : > alice/a/b/c/g$i; mkdir alice/d/$i; done; echo his > alice/a/his; chown -R 70001 alice; chown 70002 alice/a/his; mkdir \"$1\"/uids; ln -s alice \"$1\"/uids/70001", scratch.path)
    var kills = 0
    for round in 0..<24 {
      // The worker sees only our directories where the host's would be. The last one is left to come to its end.
      let said = shell(
        """
        unshare -m -p -i -f --kill-child --mount-proc --propagation private bash -c 'mount -t tmpfs t /usr/libexec; mkdir /usr/libexec/sojourn; cp "$2"/reaper /usr/libexec/sojourn; mount -t tmpfs t /var/lib; mkdir -p /var/lib/sojourn/uids; mount --bind "$1"/uids /var/lib/sojourn/uids
        for d in /tmp /var/tmp /dev/shm /run/lock; do case "$1" in $d/*) ;; *) [ -d $d ] && mount -t tmpfs t $d;; esac; done
        "$2"/sojournd teardown alice 70001 "$1"/home & p=$!; [ -z "$3" ] || { sleep "$3"; kill -9 $p 2>/dev/null && echo killed; }; wait $p 2>/dev/null' bash "$1" "$2" "$3"
        """, scratch.path, build, round == 23 ? "" : String(format: "%.4f", 0.0101 + Double(round % 12) * 0.006))
      if said.contains("killed") { kills += 1 } else { break }
    }
    #expect(kills >= 5)
    #expect(try !root.holds(name, uid: Self.uid))
    #expect(shell("cd \"$1\"/home; ls -A | grep -v -e kept -e root; cat .sojourn-kept-70001-*/*", scratch.path) == "his\n")
  }
}

/// The programs that `make` built.
enum Built {
  static var folder: String {
    get throws {
      let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
      let folder = ProcessInfo.processInfo.environment["SOJOURN_BUILD"] ?? package + "/build"
      for program in ["sojournd", "reaper", "vacancy"] {
        try #require(FileManager.default.fileExists(atPath: folder + "/" + program), "\(folder)/\(program) is not there: `make` builds it (or name its folder in SOJOURN_BUILD)")
      }
      return folder
    }
  }
}
