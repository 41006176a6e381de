import Testing

/// What an admin sees, with the host's own tools and a real nsswitch.conf.
@Suite struct GetentTests {
  private static let alice = "alice:*:70001:70001:Alice Example:/var/lib/sojourn/home/alice:/usr/libexec/sojourn/shell\n"

  @Test(arguments: [
    (["passwd", "alice"], alice), (["passwd", "70001"], alice), (["group", "alice"], "alice:*:70001:\n"), (["group", "70002"], "bob:*:70002:\n"),
    (["initgroups", "daemon"], "daemon                1234 1235\n"),
    (["shadow", "alice"], "alice:*:::::::\n"), (["initgroups", "alice"], "alice                 990 1234\n"),
  ])
  func getentShowsALease(question: [String], answer: String) throws {
    let outcome = try Driver.run(["run", "getent"] + question)
    #expect(outcome.status == 0)
    #expect(outcome.output == answer)
  }

  @Test(arguments: [["passwd", "carol"], ["passwd", "70003"], ["group", "carol"], ["shadow", "carol"], ["passwd", "../alice"], ["passwd", "Alice"]])
  func getentKnowsNobodyElse(question: [String]) throws {
    let outcome = try Driver.run(["run", "getent"] + question)
    #expect(outcome.status == 2)
    #expect(outcome.output == "")
  }

  @Test func getentListsLeasesBehindLocalAccounts() throws {
    let outcome = try Driver.command("getent", "passwd")
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("root:x:0:0:") == true)
    #expect(lines.filter { $0.hasPrefix("alice:*:70001:") }.count == 1)
    #expect(lines.filter { $0.hasPrefix("bob:*:70002:") }.count == 1)
  }

  @Test func idShowsNumbersAndGroups() throws {
    let outcome = try Driver.command("id", "alice")
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("uid=70001(alice) gid=70001(alice) groups=70001(alice),990"))
    #expect(outcome.output.contains("1234"))
  }

  /// What a session of `daemon` was granted is added to what /etc/group says, and the account stays /etc/passwd's.
  @Test func idAddsTheGroupsOfALocalAccountsSession() throws {
    let outcome = try Driver.command("id", "daemon")
    #expect(outcome.output.hasPrefix("uid=1(daemon) gid=1(daemon) groups=1(daemon),1234,1235"), "\(outcome.output)")
  }

  @Test func anUnprivilegedProgramSeesLeasesAndNoShadow() throws {
    let outcome = try Driver.command("setpriv", "--reuid=70002", "--regid=70002", "--clear-groups", "sh", "-c", "id -un; getent passwd alice; getent shadow alice; echo $?")
    #expect(outcome.output == "bob\n" + GetentTests.alice + "2\n")
  }

  @Test func chownAndLsTakeTheName() throws {
    let outcome = try Driver.command("sh", "-c", "touch /run/file && chown alice:alice /run/file && stat -c '%U %G %u' /run/file")
    #expect(outcome.output == "alice alice 70001\n")
  }
}
