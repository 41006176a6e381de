import Foundation
import Testing

/// Revocation lists, and certificates for one use, at real logins.
@Suite struct RevocationTests {
  private static let list = "/etc/sojourn/revoked.krl"

  private func host(_ settings: String, prepare: @escaping (PrivateHost, CertificateAuthority) throws -> Void = { _, _ in }) throws -> SojournHost {
    try SojournHost(people: ["dora"]) { host, ca in
      try prepare(host, ca)
      try host.must("sed -i '/^\\[certificate\\]/a '\"$1\" /etc/sojourn/sojourn.toml", settings)
    }
  }

  /// A list that changed on the disk holds for the next login: no restart, no apply.
  @Test func aChangedListHoldsWithoutARestart() throws {
    let sojourn = try host("revoked = [\\\"\(Self.list)\\\"]") { host, _ in
      try host.must("ssh-keygen -q -k -f \"$1\" < /dev/null", Self.list)
    }
    defer { sojourn.stop() }
    let host = sojourn.host
    let credential = try sojourn.ca.certificate(for: "alice", serial: 4711)
    let before = try host.ssh("alice", credential, "id -un")
    #expect(before.stdout == "alice\n", "\(before)\n\(sojourn.logs)")

    func publish(_ specification: String) throws {
      let published = try host.must("stat -c '%i %y' /run/sojourn/revoked")
      try host.must("printf \"$1\" > /root/spec; ssh-keygen -q -k -f \"$2.new\" -s \"$3.pub\" /root/spec; mv \"$2.new\" \"$2\"", specification, Self.list, sojourn.ca.path)
      #expect(try eventually(10) { try host.must("stat -c '%i %y' /run/sojourn/revoked") != published }, "\(sojourn.logs)")
    }
    try publish("serial: 4711\\n")
    // What was published may still have been the list before: a daemon that has just started reads it more than once.
    var revoked = try host.ssh("alice", credential, "echo got-in")
    _ = try eventually(10) {
      revoked = try host.ssh("alice", credential, "echo got-in")
      return revoked.status == 254
    }
    #expect(revoked.status == 254 && !revoked.stdout.contains("got-in"), "\(revoked)")
    #expect(revoked.stdout.contains("the certificate was revoked"), "\(revoked)")
    let other = try host.ssh("alice", try sojourn.ca.certificate(for: "alice", serial: 4712), "echo got-in")
    #expect(other.stdout == "got-in\n", "\(other)\n\(sojourn.logs)")

    try publish("id: alice@example.com\\n")
    #expect(try host.ssh("alice", credential, "echo got-in").status == 254)
    #expect(try sojourn.login("dora", "echo got-in").stdout == "got-in\n", "another person is not concerned: \(sojourn.logs)")
  }

  /// A list that comes to name a certificate ends the sessions that live by it, without a grace, and no others.
  @Test func aListEndsTheSessionsWhoseCertificateItNames() throws {
    let sojourn = try host("revoked = [\\\"\(Self.list)\\\"]") { host, _ in
      try host.must("ssh-keygen -q -k -f \"$1\" < /dev/null", Self.list)
    }
    defer { sojourn.stop() }
    let host = sojourn.host
    func shell(_ name: String, _ serial: UInt64) throws -> RemoteShell {
      try RemoteShell(host.startSSH(name, sojourn.ca.certificate(for: name, serial: serial), flags: ["-tt"]), name: name, logs: { sojourn.logs })
    }
    let alice = try shell("alice", 4711), dora = try shell("dora", 4712), again = try shell("alice", 4713)
    // A program that stays when it is asked to go.
    try alice.run("trap '' TERM HUP; setsid nohup bash -c 'trap \"\" TERM HUP; while :; do sleep 76.5; done' > /dev/null 2>&1 < /dev/null & true")
    func revoke(_ specification: String) throws {
      try host.must("printf \"$1\" > /root/spec; ssh-keygen -q -k -f \"$2.new\" -s \"$3.pub\" /root/spec; mv \"$2.new\" \"$2\"", specification, Self.list, sojourn.ca.path)
    }
    try revoke("serial: 4711\\n")
    #expect(alice.client.wait(seconds: 10) != nil, "\(sojourn.logs)")
    #expect(try again.run("id -un") == "alice\n", "her other certificate is not revoked: \(sojourn.logs)")
    #expect(try dora.run("id -un") == "dora\n")
    let ends = try sojourn.audit(about: "alice").filter { $0["event"] as? String == "session-end" }
    #expect(ends.count == 1 && (ends[0]["message"] as? String)?.contains("its certificate is revoked") == true, "\(ends)")
    // A list that was changed while no daemon ran holds as well.
    try sojourn.killDaemon()
    try revoke("serial: 4711\\nserial: 4713\\n")
    try sojourn.startDaemon()
    #expect(again.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
    let left = try sojourn.tracesLeft(of: "alice")
    #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    #expect(try dora.run("id -un") == "dora\n")
    #expect(dora.exit() == 0)
  }

  /// Whatever happens to a list or to what was published of it, nobody is let in by half of it.
  @Test func aListThatCannotBeUsedRefusesEverybody() throws {
    let sojourn = try host("revoked = [\\\"\(Self.list)\\\"]") { host, _ in
      try host.must("ssh-keygen -q -k -f \"$1\" < /dev/null", Self.list)
    }
    defer { sojourn.stop() }
    let host = sojourn.host
    #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")

    func expectNobody(_ what: String) throws {
      var last = ""
      let isRefused = try eventually(15) {
        let output = try sojourn.login("alice", "echo got-in")
        last = "\(output)"
        return output.status == 254 && output.stdout.contains("cannot be used") && !output.stdout.contains("got-in")
      }
      #expect(isRefused, "\(what): \(last)\n\(sojourn.logs)")
    }
    try host.must("printf '\\007\\000\\000\\000\\000' >> \"$1\"", Self.list)
    try expectNobody("an unknown section")
    #expect(try host.run("/usr/sbin/sojourn", "apply").status == 1)
    try expectNobody("an unknown section, applied")
    try host.must("ssh-keygen -q -k -f \"$1.new\" < /dev/null; mv \"$1.new\" \"$1\"", Self.list)
    #expect(try eventually(15) { try sojourn.login("alice", "echo got-in").stdout == "got-in\n" }, "repaired: \(sojourn.logs)")
    try host.must("rm \"$1\"", Self.list)
    try expectNobody("a list that is gone")
    try host.must("ssh-keygen -q -k -f \"$1\" < /dev/null", Self.list)
    #expect(try eventually(15) { try sojourn.login("alice", "echo got-in").stdout == "got-in\n" }, "there again: \(sojourn.logs)")
    // Stopped, the daemon cannot mend what was published.
    try host.must("pkill -STOP -x sojournd; cp -a /run/sojourn/revoked /root/revoked")
    defer { _ = try? host.must("pkill -CONT -x sojournd") }
    for damage in ["printf x | dd of=/run/sojourn/revoked bs=1 seek=20 conv=notrunc 2>/dev/null", "truncate -s 111 /run/sojourn/revoked", "rm /run/sojourn/revoked"] {
      try host.must("cp -a /root/revoked /run/sojourn/revoked; " + damage)
      let output = try sojourn.login("alice", "echo got-in")
      #expect(output.status == 254 && !output.stdout.contains("got-in") && output.stdout.contains("cannot be used"), "\(damage): \(output)")
    }
  }

  /// T11: a certificate for one use opens one session, when it is replayed, when two arrive together, and after a crash.
  @Test func t11ACertificateForOneUseOpensOneSession() throws {
    let sojourn = try host("single_use = true")
    defer { sojourn.stop() }
    let host = sojourn.host
    let first = try sojourn.ca.certificate(for: "alice", serial: 1)
    #expect(try host.ssh("alice", first, "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    func expectUsed(_ credential: Credential, _ what: String) throws {
      let output = try host.ssh("alice", credential, "echo got-in")
      #expect(output.status == 254 && !output.stdout.contains("got-in") && output.stdout.contains("takes each one only once"), "\(what): \(output)\n\(sojourn.logs)")
    }
    try expectUsed(first, "again")
    // The same authority, number and key id over another key: one certificate, as far as uses go.
    try expectUsed(try sojourn.ca.certificate(for: "alice", serial: 1), "signed anew")

    let raced = try sojourn.ca.certificate(for: "alice", serial: 2)
    let clients = try (0..<6).map { _ in try host.startSSH("alice", raced, "echo got-in") }
    for client in clients { _ = client.wait(seconds: 60) }
    #expect(clients.filter { $0.stdout.contains("got-in") }.count == 1, "\(clients.map { $0.stdout + $0.stderr })\n\(sojourn.logs)")

    try sojourn.killDaemon()
    try host.must("rm -rf /run/sojourn/leases")
    try sojourn.startDaemon()
    try sojourn.waitForCandidates()
    try expectUsed(first, "after a crash")
    try expectUsed(raced, "raced, after a crash")
    #expect(try host.ssh("alice", try sojourn.ca.certificate(for: "alice", serial: 3), "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    // A disk that takes nothing is no use, and no session.
    try host.must("mount -t tmpfs -o ro tmpfs /var/lib/sojourn/used")
    let unwritten = try host.ssh("alice", try sojourn.ca.certificate(for: "alice", serial: 4), "echo got-in")
    #expect(unwritten.status == 254 && !unwritten.stdout.contains("got-in"), "\(unwritten)")
  }
}
