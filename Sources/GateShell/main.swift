internal import CPlatform.System
internal import HostSystem
internal import Identity

// The login shell of every transient account. An account that nobody opened here, or whose lease has ended, gets this
// sentence and no shell, whatever PAM let past (DESIGN 2.1, THREATS T1).

/// The status that `ssh` and sshd's internal subsystems give for "no session" too.
let refused: CInt = 254

func refuse(_ sentence: StaticString) -> Never {
  // SAFETY: a StaticString's bytes live as long as the program.
  unsafe _ = write(2, sentence.utf8Start, sentence.utf8CodeUnitCount)
  exit(refused)
}

let uid = ProcessTable.realUser
guard uid == ProcessTable.effectiveUser, uid != 0 else {
  refuse("sojourn: this shell is for the accounts that Sojourn opens, and for no other.\n")
}

switch LeaseShell.of(uid: uid) {
case .none:
  refuse("sojourn: no session is open for this account on this host, so there is no shell.\n")
case .damaged:
  refuse("sojourn: what is recorded of this account's session cannot be trusted, so there is no shell.\n")
case .gate:
  refuse("sojourn: the shell of this session is the gate itself, so there is no shell.\n")
case .path(let path):
  ShellStart(path)?.become()
  refuse("sojourn: the shell of this session could not be started.\n")
}
