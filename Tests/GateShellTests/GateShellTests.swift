import Foundation
import Testing

/// The login shell of transient accounts (DESIGN 1 and 2.1, THREATS T1), run as such an account in a namespace of its own.
@Suite struct GateShellTests {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  static var gate: String {
    get throws {
      let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      let folder = ProcessInfo.processInfo.environment["SOJOURN_BUILD"].map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("build")
      let file = folder.appendingPathComponent("shell").path
      guard FileManager.default.fileExists(atPath: file) else {
        throw Failure(description: "\(file) is not there: `make modules` builds it (or name its folder in SOJOURN_BUILD)")
      }
      return file
    }
  }

  /// Runs `script` as root in a mount namespace with a fresh /run; `$gate` is the gate shell, `as` runs a command with the
  /// uid 70001, `lease SHELL` is what the daemon would have written for it.
  static func host(_ script: String) throws -> Outcome {
    let prelude = """
      set -e
      mount -t tmpfs -o mode=0755 tmpfs /run
      mkdir -p /run/sojourn/nss/passwd-uid /run/sojourn/nss/shell
      cp "$1" /run/shell; chmod 755 /run/shell; export gate=/run/shell
      line='alice:*:70001:70001:Alice:/var/lib/sojourn/home/alice:/usr/libexec/sojourn/shell'
      lease() { echo "$line" >/run/sojourn/nss/passwd-uid/70001; echo "$1" >/run/sojourn/nss/shell/70001; }
      as() { setpriv --reuid=70001 --regid=70001 --clear-groups "$@"; }
      set +e

      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    process.arguments = ["--mount", "--propagation", "private", "bash", "-c", prelude + script, "bash", try gate]
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "SHELL": "/usr/libexec/sojourn/shell", "KEPT": "as it was"]
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = FileHandle.nullDevice
    let output = Pipe(), errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    let complained = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: String(decoding: said, as: UTF8.self), errors: String(decoding: complained, as: UTF8.self))
  }

  static func refuses(_ script: String, saying part: String) throws {
    let outcome = try host(script)
    #expect(outcome.status == 254)
    #expect(outcome.output == "")
    #expect(outcome.errors.hasPrefix("sojourn: ") && outcome.errors.hasSuffix(".\n") && outcome.errors.contains(part))
    #expect(outcome.errors.filter { $0 == "\n" }.count == 1)
  }

  @Test(arguments: ["as $gate", "as $gate -c 'echo ran'", "as bash -c 'exec -a -shell $gate'"])
  func givesNoShellWithoutALease(script: String) throws {
    try GateShellTests.refuses(script, saying: "no session is open")
  }

  @Test(arguments: ["rm /run/sojourn/nss/passwd-uid/70001", "rm /run/sojourn/nss/shell/70001", "rm -r /run/sojourn"])
  func givesNoShellWhenHalfOfTheLeaseIsMissing(damage: String) throws {
    try GateShellTests.refuses("lease /bin/sh; \(damage); as $gate -c 'echo ran'", saying: "no session is open")
  }

  @Test(arguments: [
    "chown 70001 /run/sojourn/nss/shell/70001", "chmod 664 /run/sojourn/nss/shell/70001", "chmod 646 /run/sojourn/nss/passwd-uid/70001",
    "chown 70001 /run/sojourn/nss/passwd-uid/70001", "echo bin/sh >/run/sojourn/nss/shell/70001", "echo / >/run/sojourn/nss/shell/70001",
    ": >/run/sojourn/nss/shell/70001", "printf /bin/sh >/run/sojourn/nss/shell/70001", "printf '/bin/sh\\n/bin/sh\\n' >/run/sojourn/nss/shell/70001",
    "printf '/bin/sh\\0\\n' >/run/sojourn/nss/shell/70001", "printf '/%0300d\\n' 1 >/run/sojourn/nss/shell/70001",
    "mv /run/sojourn/nss/shell/70001 /run/x; ln -s /run/x /run/sojourn/nss/shell/70001", "rm /run/sojourn/nss/shell/70001; mkdir /run/sojourn/nss/shell/70001",
    "rm /run/sojourn/nss/shell/70001; mkfifo /run/sojourn/nss/shell/70001", "sed -i s/70001/70002/g /run/sojourn/nss/passwd-uid/70001",
    "echo garbage >/run/sojourn/nss/passwd-uid/70001", ": >/run/sojourn/nss/passwd-uid/70001",
  ])
  func givesNoShellOnFilesThatAreNotToBeBelieved(damage: String) throws {
    try GateShellTests.refuses("lease /bin/sh; \(damage); as $gate -c 'echo ran'", saying: "cannot be trusted")
  }

  @Test(arguments: ["$gate -c 'echo ran'", "setpriv --reuid=70001 --regid=70001 --clear-groups true; setpriv --ruid=70001 $gate", "setpriv --euid=70001 $gate"])
  func isForNeitherRootNorAProgramOfTwoUsers(script: String) throws {
    try GateShellTests.refuses("lease /bin/sh; \(script)", saying: "for no other")
  }

  @Test(arguments: ["lease /run/shell", "ln -s /run/shell /run/other; lease /run/other", "ln /run/shell /run/other; lease /run/other"])
  func refusesToBeItsOwnShell(setting: String) throws {
    try GateShellTests.refuses("\(setting); as $gate -c 'echo ran'", saying: "the gate itself")
  }

  @Test(arguments: ["lease /nonexistent/shell", "lease /etc/passwd", "lease /run", "printf '#!/nonexistent\\n' >/run/s; chmod 755 /run/s; lease /run/s"])
  func saysSoWhenTheShellCannotBeStarted(setting: String) throws {
    try GateShellTests.refuses("\(setting); as $gate -c 'echo ran'", saying: "could not be started")
  }

  @Test func runsTheShellOfTheLeaseWithItsArguments() throws {
    let outcome = try GateShellTests.host("lease /bin/bash; as $gate -c 'printf \"[%s]\" \"$0\" \"$@\"; id -u' zero '' 'two words' '*' -x")
    #expect(outcome.output == "[zero][][two words][*][-x]70001\n")
    #expect(outcome.errors == "")
    #expect(outcome.status == 0)
  }

  @Test func passesTheExitStatusThrough() throws {
    #expect(try GateShellTests.host("lease /bin/sh; as $gate -c 'exit 37'").status == 37)
    #expect(try GateShellTests.host("lease /bin/sh; as $gate -c 'kill -KILL $$'; exit $?").status == 128 + 9)
    #expect(try GateShellTests.host("lease /bin/false; as $gate").status == 1)
  }

  @Test func namesTheShellByItsBaseNameAndALoginShellWithADash() throws {
    #expect(try GateShellTests.host("lease /bin/bash; as $gate -c 'tr \"\\0\" \" \" </proc/$$/cmdline'").output.hasPrefix("bash -c "))
    #expect(try GateShellTests.host("lease /bin/bash; as bash -c \"exec -a -shell $gate -c 'tr \\\"\\0\\\" \\\" \\\" </proc/\\$\\$/cmdline'\"").output.hasPrefix("-bash -c "))
    #expect(try GateShellTests.host("lease /bin/bash; as bash -c \"exec -a -shell $gate -c 'shopt -q login_shell && echo login'\"").output == "login\n")
    #expect(try GateShellTests.host("lease /bin/bash; as $gate -c 'shopt -q login_shell || echo plain'").output == "plain\n")
  }

  @Test func setsShellAndLeavesTheRestOfTheEnvironment() throws {
    let outcome = try GateShellTests.host("lease /bin/sh; as env >/run/before; as $gate -c 'exec env' >/run/after; sort /run/before | grep -v ^_= | sed s,^SHELL=.*,SHELL=/bin/sh, >/run/a; sort /run/after | grep -v -e ^_= -e ^PWD= >/run/b; grep -v ^PWD= /run/a | diff - /run/b && grep KEPT /run/b && grep SHELL /run/b")
    #expect(outcome.output == "KEPT=as it was\nSHELL=/bin/sh\n")
    #expect(outcome.errors == "")
  }

  @Test func takesAMegabyteOfArguments() throws {
    let outcome = try GateShellTests.host("lease /bin/bash; as $gate -c 'echo $# ${#1}' zero $(seq 100000 | sed 's/$/abc/')")
    #expect(outcome.output == "100000 4\n")
  }
}
