import Foundation
import Testing

/// T19, by the real worker in a host of its own: what a person built into the home, or others do to what they left, neither stops
/// nor swells the removal.
@Suite struct HostileHomeTests {
  /// As many as `make test` has the time for, or as `make test-long` asks for.
  static let many = ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] == nil ? 10_000 : 100_000

  /// Runs `down` in the background and prints what it had at most: kB of memory and open descriptors.
  static let measure = """
    measured() { "$build/sojournd" teardown alice 70001 /var/lib/sojourn/home "$@" > /run/report & p=$!; hwm=0; fds=0
      while kill -0 $p 2>/dev/null && ! grep -qs '^State:.Z' /proc/$p/status; do
        h=$(awk '/^VmHWM/ {print $2}' /proc/$p/status 2>/dev/null); n=$(ls /proc/$p/fd 2>/dev/null | wc -l)
        [ "${h:-0}" -gt $hwm ] && hwm=$h; [ "$n" -gt $fds ] && fds=$n; done
      wait $p; grep -o '"clean":[a-z]*' /run/report; grep -o '"removed":{[^}]*}' /run/report; [ $hwm -gt 0 ] && echo "memory $((hwm < 64000)) descriptors $((fds < 24)) of $hwm kB and $fds"; }

    """

  @Test func t19RemovesDeepAndWideTreesWithFewDescriptorsAndLittleMemory() throws {
    let said = try ProcessEndTests.host(
      Self.measure + """
      mkdir -p /var/lib/sojourn/home/alice /var/tmp; mount -t tmpfs -o mode=1777 t /var/tmp
      as 70001 true; chown 70001 /var/lib/sojourn/home/alice; mkdir /var/tmp/hers; chown 70001 /var/tmp/hers
      cat > /run/grow.py <<'END'
      import os
      def deep(n):
          for i in range(n):
              os.mkdir("deep"); os.chdir("deep")
          open("bottom", "w").close()
      os.chdir("/var/lib/sojourn/home/alice")
      os.mkdir("wide"); os.mkdir("directories")
      for i in range(\(Self.many)): os.close(os.open("wide/" + "x" * 200 + str(i), os.O_CREAT))
      for i in range(\(Self.many) // 10): os.mkdir("directories/%d" % i); os.close(os.open("directories/%d/f" % i, os.O_CREAT))
      deep(10000)
      os.chdir("/var/tmp/hers"); deep(10000)
      END
      setpriv --reuid=70001 --regid=70001 --clear-groups python3 /run/grow.py
      measured; ls -A /var/lib/sojourn/home /var/tmp | tr '\\n' ' '
      """)
    #expect(said.contains("\"clean\":true"), "\(said)")
    #expect(said.contains("\"home\":\(Self.many + Self.many / 5 + 10_004),") && said.contains("\"commons\":10002,"), "\(said)")
    #expect(said.contains("memory 1 descriptors 1 of "), "\(said)")
    #expect(!said.contains("deep") && !said.contains("trash"), "\(said)")
  }

  /// Somebody else stands in a directory of hers and never stops: makes files, puts links to precious things in the place of
  /// directories, moves what is there.
  @Test func t19IsNotHeldUpBySomebodyWhoWorksAgainstTheRemoval() throws {
    let said = try ProcessEndTests.host(
      Self.measure + """
      mkdir /run/precious; echo precious > /run/precious/file; mkdir -m 777 /run/watched
      cat > /run/race.py <<'END'
      import os, sys, time
      os.chdir("/tmp/shared/in"); held = os.open(".", os.O_RDONLY | os.O_DIRECTORY); n = 0
      open("/run/watched/" + sys.argv[1], "w").close()
      while True:
          n += 1
          for action in (lambda: os.close(os.open("f%s-%d" % (sys.argv[1], n), os.O_CREAT, dir_fd=held)), lambda: os.symlink("/run/precious", "d"), lambda: os.mkdir("d"),
                         lambda: os.rename("d", "e%d" % (n % 7)), lambda: os.symlink("../../../../run/precious", "../in2"), lambda: os.rename("e%d" % (n % 7), "d"), lambda: os.mkdir("d/" + "x" * 200)):
              try: action()
              except OSError: pass
      END
      as 70001 bash -c 'umask 0; mkdir -p /tmp/shared/in; for i in $(seq 2000); do mkdir /tmp/shared/in/$i; : > /tmp/shared/in/$i/f; done'
      for i in 1 2; do as 70002 python3 /run/race.py $i & racers="$racers $!"; done; until [ -e /run/watched/1 ] && [ -e /run/watched/2 ]; do sleep 0.05; done
      measured; ls -A /tmp | grep -v -e kept || echo empty; kill -9 $racers; ls -A /run/precious; cat /run/precious/file
      find /tmp -path '*kept*' -uid 70001 | wc -l; [ "$(find /tmp -path '*kept*' -type f -uid 70002 | wc -l)" -gt 0 ] && echo theirs
      """)
    #expect(said.contains("\"clean\":true"), "\(said)")
    #expect(said.contains("memory 1 descriptors 1 of "), "\(said)")
    #expect(said.contains("empty\n") && said.contains("file\nprecious\n0\ntheirs\n"), "\(said)")
  }

  /// FUSE, served and not, tmpfs and bind mounts in the home, on files and directories, one on the other.
  @Test func t19DetachesWhatIsMountedInTheHome() throws {
    let said = try ProcessEndTests.host(
      """
      mkdir -p /var/lib/sojourn/home/alice/{fm,in/tmpfs,bound}; touch /var/lib/sojourn/home/alice/file; chown -R 70001 /var/lib/sojourn/home/alice; mkdir /run/precious; echo precious > /run/precious/file
      cat > /run/mount.py <<'END'
      import ctypes, os, sys
      fd = os.open("/dev/fuse", os.O_RDWR)
      if ctypes.CDLL(None, use_errno=True).mount(b"x", sys.argv[1].encode(), b"fuse", 0, f"fd={fd},rootmode=40000,user_id=70001,group_id=70001".encode()): print("no fuse")
      END
      cd /var/lib/sojourn/home/alice; python3 /run/mount.py $PWD/fm; mount -t tmpfs t in/tmpfs; mkdir in/tmpfs/x; mount --bind /run/precious in/tmpfs/x; mount --bind /run/precious/file file; mount --bind in bound; mount --bind /run/precious bound; cd /
      echo "before $(grep -c home/alice /proc/self/mountinfo)"; down | grep -o '"clean":[a-z]*'
      echo "after $(grep -c home/alice /proc/self/mountinfo)"; cat /run/precious/file; ls -A /var/lib/sojourn/home
      """)
    #expect(said.contains("before 6\n"), "\(said)")
    #expect(said.contains("\"clean\":true\nafter 0\nprecious\n.sojourn-home-root\n"), "\(said)")
  }
}
