// `reaper UID`: becomes that uid for good, sends SIGKILL to everything it can reach (kill(2), pid -1), and empties the uid's
// keyrings, which need no process to live on and which only the uid itself can reach. `reaper UID stop` stops everything
// instead, so that it can be looked at while it cannot fork, and `reaper UID continue` sets it going again. It is a program
// of its own because kill(-1) by anything that still has a capability, or the wrong uid, would end the host: so it looks
// at itself first, and does nothing if anything about it is not as it must be (THREATS T22).
internal import CPlatform.System
internal import HostSystem

/// What to send; nil for anything that is not one of the words.
func wantedSignal(_ arguments: [[UInt8]]) -> Int32? {
  if arguments.count == 2 { return SIGKILL }
  guard arguments.count == 3 else { return nil }
  if arguments[2].elementsEqual("stop".utf8) { return SIGSTOP }
  return arguments[2].elementsEqual("continue".utf8) ? SIGCONT : nil
}

func killAll() -> Int32 {
  let arguments = ProgramArguments.own()
  guard let number = wantedSignal(arguments), let uid = ProcessTable.decimal(arguments[1]).flatMap({ UInt32(exactly: $0) }), uid >= 1000, uid < 1 << 31
  else { return 64 }
  // Only a uid that the registry gives to a name of ours; `!taken` is somebody else's.
  guard let owner = try? Files.linkTarget("/var/lib/sojourn/uids/\(uid)"), let first = owner.first, first != UInt8(ascii: "!") else { return 2 }
  guard sojourn_become(uid, uid) == 0 else { return 3 }
  guard getuid() == uid, geteuid() == uid, sojourn_has_no_capability() == 0 else { return 4 }
  // Its answer says nothing (0 even if every target was a zombie): who asked looks at the process table again.
  _ = kill(-1, number)
  guard number == SIGKILL else { return 0 }
  return sojourn_clear_keyrings() == 0 ? 0 : 5
}

exit(killAll())
