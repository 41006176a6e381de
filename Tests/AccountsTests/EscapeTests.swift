import Testing

/// T15: ways to be somewhere else when the end comes, by the real worker in a host of its own.
@Suite struct EscapeTests {
  @Test func t15EndsProcessesInNamespacesOfTheirOwn() throws {
    let said = try ProcessEndTests.host(
      """
      as 70001 unshare --user --map-root-user --pid --fork --mount-proc bash -c 'trap "" TERM HUP INT; sleep 300 & while :; do sleep 0.2; done' &
      as 70001 unshare --user --map-root-user --mount --net --ipc bash -c 'mount -t tmpfs t /mnt 2>/dev/null; ipcmk -M 4096 >/dev/null; setsid sleep 301' &
      as 70001 unshare --user sleep 302 & for i in $(seq 200); do [ "$(pgrep -c -f '^sleep 30[012]')" = 3 ] && break; sleep 0.05; done
      echo "before $(pgrep -c -f '^sleep 30[012]')"; as 70001 unshare --user bash -c 'newuidmap $$ 0 100000 1000 2>&1' | grep -c 'denied\\|not allowed\\|not found\\|failed'
      down | grep -o '"clean":[a-z]*'; echo "after $(of 70001) $(pgrep -c -x sleep)"
      """)
    #expect(said.contains("before 3\n"), "\(said)")
    #expect(said.contains("\"clean\":true\nafter 0 0\n"), "\(said)")
  }

  /// A parent that waits for its vfork child is not to be interrupted (state D) until the child ends.
  @Test func t15EndsWhatWaitsForAVforkChild() throws {
    let said = try ProcessEndTests.host(
      """
      cat > /tmp/vfork.py <<'END'
      import ctypes, signal, time
      for number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)
      if ctypes.CDLL(None).syscall(58) == 0: time.sleep(300)
      END
      as 70001 python3 /tmp/vfork.py & for i in $(seq 600); do grep -qs '^State:.D' $(grep -ls '^Uid:.*70001' /proc/[0-9]*/status) && break; sleep 0.05; done
      grep -hs '^State:.D' $(grep -ls '^Uid:.*70001' /proc/[0-9]*/status); down | grep -o '"clean":[a-z]*'; echo "after $(of 70001)"
      """)
    #expect(said.contains("State:\tD"), "\(said)")
    #expect(said.contains("\"clean\":true\nafter 0\n"), "\(said)")
  }

  /// Whoever was given the connection of the person's own file system could hold up the end for ever: it is broken off.
  @Test func t15EndsWhatWaitsForAFileSystemThatSomebodyElseServes() throws {
    let said = try ProcessEndTests.host(
      """
      mountpoint -q /sys/fs/fuse/connections || mount -t fusectl c /sys/fs/fuse/connections; mkdir /tmp/hers; chown 70001 /tmp/hers
      cat > /tmp/serve.py <<'END'
      import ctypes, os, struct, time
      fd = os.open("/dev/fuse", os.O_RDWR)
      options = f"fd={fd},rootmode=40000,user_id=70001,group_id=70001,allow_other".encode()
      if ctypes.CDLL(None, use_errno=True).mount(b"hers", b"/tmp/hers", b"fuse", 0, options): raise SystemExit("no fuse: %d" % ctypes.get_errno())
      os.setuid(1234)
      unique = struct.unpack("<IIQ", os.read(fd, 1 << 20)[:16])[2]
      os.write(fd, struct.pack("<IiQ", 80, 0, unique) + struct.pack("<IIIIHHIIHHIIIIIIII", 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
      os.read(fd, 1 << 20)
      open("/tmp/taken", "w").close()
      time.sleep(300)
      END
      python3 /tmp/serve.py & for i in $(seq 600); do grep -q ' /tmp/hers ' /proc/self/mountinfo && break; sleep 0.05; done
      as 70001 stat /tmp/hers/x 2>/dev/null & for i in $(seq 600); do [ -e /tmp/taken ] && break; sleep 0.05; done
      [ -e /tmp/taken ] && echo "waits $(of 70001)"; down | grep -o '"clean":[a-z]*'; echo "after $(of 70001) server $(of 1234)"
      """)
    #expect(said.contains("waits 1\n"), "\(said)")
    #expect(said.contains("\"clean\":true\nafter 0 server 1\n"), "\(said)")
  }

  @Test func t15RemovesPOSIXQueuesSharedMemoryAndSockets() throws {
    let said = try ProcessEndTests.host(
      """
      mkdir -p /dev/mqueue; mount -t mqueue none /dev/mqueue; mount -t tmpfs -o mode=1777 t /dev/shm; mkdir -m 1777 -p /run/lock /run/screen
      as 70001 python3 -c '
      import ctypes, os, socket
      assert ctypes.CDLL(None).mq_open(b"/hers", os.O_CREAT | os.O_RDWR, 0o600, None) >= 0
      for path in ("/dev/shm/sem.hers", "/run/lock/hers"): open(path, "w").close()
      for folder in ("/tmp/ssh-XXXXhers", "/tmp/tmux-70001", "/run/screen/S-alice"):
          os.mkdir(folder, 0o700); socket.socket(socket.AF_UNIX).bind(folder + "/agent.1")'
      as 70002 touch /dev/shm/theirs; ls /dev/mqueue; down | grep -o '"clean":[a-z]*'; echo "left $(ls -A /dev/mqueue /run/lock /run/screen /tmp | grep -v : | tr -d '\\n') $(ls /dev/shm)"
      """)
    #expect(said.contains("hers\n\"clean\":true\nleft  theirs\n"), "\(said)")
  }

  @Test func t15RemovesRecordsThatServicesKeepUnderTheName() throws {
    let said = try ProcessEndTests.host(
      """
      mount -t tmpfs t /var/mail; mount -t tmpfs t /var/spool
      for d in /run/sudo/ts /var/lib/sudo/lectured /run/faillock /var/mail /var/lib/AccountsService/users /var/spool/cron/crontabs /var/lib/systemd/linger; do
        mkdir -p $d; echo x > $d/alice; echo x > $d/bob; done
      mkdir -p /var/spool/cron/atjobs; echo x > /var/spool/cron/atjobs/a00001; chown 70001 /var/spool/cron/atjobs/a00001; echo x > /var/spool/cron/atjobs/a00002; chown 70002 /var/spool/cron/atjobs/a00002
      down | grep -o '"clean":[a-z]*'; find /run/sudo /run/faillock /var -type f \\( -name alice -o -name a00001 \\); find /run/sudo /run/faillock /var -type f \\( -name bob -o -name a00002 \\) | wc -l
      """)
    #expect(said.contains("\"clean\":true\n8\n"), "\(said)")
  }
}
