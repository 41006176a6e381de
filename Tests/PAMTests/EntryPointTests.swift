import DaemonProtocol
import Foundation
import Testing

/// The built module under the real libpam: the code of every entry point for every kind of user.
@Suite(.serialized) struct EntryPointTests {
  static let success = 0, denied = 6, notAuthenticated = 7, unknownUser = 10
  /// PAM_TRY_AGAIN, the answer of the line after ours: the module said PAM_IGNORE.
  static let ignored = 24
  static let phases = ["authenticate", "acct_mgmt", "setcred", "open_session", "close_session", "chauthtok"]

  struct Row {
    let user: String
    /// authenticate, acct_mgmt, setcred, open_session, close_session, chauthtok; without a certificate.
    let codes: [Int]
  }

  private func check(_ stage: Stage, listed: Bool, _ service: String, _ rows: [Row]) throws {
    for row in rows {
      for (phase, code) in zip(Self.phases, row.codes) {
        let outcome = try stage.run(listed: listed, service, row.user, info: "", [phase])
        #expect(outcome.value(phase) == code, "\(service) \(row.user) \(phase): \(outcome)")
        #expect(outcome.status == 0 && outcome.value("threads") == 1 && outcome.value("descriptors") == 0 && outcome.value("handlers") == 0, "\(outcome)")
        #expect(outcome.texts("user") == [row.user].filter { !$0.isEmpty } || row.user.isEmpty, "\(outcome)")
      }
    }
  }

  @Test func inSshdEveryKindOfUserHasItsCodes() throws {
    let (s, d, a, u, i) = (Self.success, Self.denied, Self.notAuthenticated, Self.unknownUser, Self.ignored)
    _ = s
    try check(Stage(), listed: true, "sshd", [
      Row(user: "alice", codes: [a, i, i, d, i, i]),
      Row(user: "bob", codes: [a, i, i, d, i, i]),
      Row(user: "carol", codes: [i, i, i, i, i, i]),
      Row(user: "root", codes: [i, i, i, i, i, i]),
      Row(user: "No-Name-Of-Ours", codes: [u, u, i, u, i, i]),
      Row(user: "", codes: [u, u, i, u, i, i]),
      Row(user: "deploy", codes: [a, i, i, d, i, i]),
    ])
  }

  /// T9: without a lease there is nobody of that name to become.
  @Test func inSuEveryKindOfUserHasItsCodes() throws {
    let (s, a, u, i) = (Self.success, Self.notAuthenticated, Self.unknownUser, Self.ignored)
    try check(Stage(), listed: false, "su", [
      Row(user: "alice", codes: [u, u, i, u, i, i]),
      Row(user: "bob", codes: [a, s, i, s, i, i]),
      Row(user: "carol", codes: [i, i, i, i, i, i]),
      Row(user: "root", codes: [i, i, i, i, i, i]),
      Row(user: "deploy", codes: [u, u, i, u, i, i]),
      Row(user: "", codes: [u, u, i, u, i, i]),
    ])
  }

  @Test func inLoginOursAreRefused() throws {
    let (d, a, i) = (Self.denied, Self.notAuthenticated, Self.ignored)
    try check(Stage(), listed: false, "login", [
      Row(user: "bob", codes: [a, d, i, d, i, i]), Row(user: "carol", codes: [i, i, i, i, i, i]), Row(user: "root", codes: [i, i, i, i, i, i]),
    ])
  }

  @Test func aLeaseIsJoinedOnlyWhileItStands() throws {
    let stage = try Stage()
    for service in ["su", "runuser", "cron", "systemd-user"] {
      #expect(try stage.run(listed: false, service, "bob", ["acct_mgmt"]).value("acct_mgmt") == Self.success, "\(service)")
    }
    stage.daemon.answers { if case .standing = $0 { .refused(.whichSession, detail: "it is being taken down") } else { .done } }
    #expect(try stage.run(listed: false, "su", "bob", ["acct_mgmt"]).value("acct_mgmt") == Self.denied)
    stage.daemon.answers { _ in nil }
    #expect(try stage.run(listed: false, "su", "bob", ["acct_mgmt", "open_session"]).value("open_session") == Self.denied)
  }

  /// Break glass: the emergency authority's certificate needs no endpoint, and nobody else's does without.
  @Test func anEmergencyCertificateOpensASessionWithoutThePolicy() throws {
    let stage = try Stage()
    stage.policy.stop()
    try stage.publish(emergency: ["alice", "root"])
    for user in ["alice", "root"] {
      let outcome = try stage.run(listed: true, "sshd", user, info: stage.certificate(user, ca: "foreign"), ["open_session", "close_session"])
      #expect(outcome.value("open_session") == Self.success, "\(outcome)")
      #expect(outcome.texts("info").first?.contains("BREAK GLASS") == true && outcome.value("threads") == 1, "\(outcome)")
      let normal = try stage.run(listed: true, "sshd", user, info: stage.certificate(user), ["open_session"])
      #expect(normal.value("open_session") == Self.denied && normal.texts("info").isEmpty, "\(normal)")
    }
    let unlisted = try stage.run(listed: true, "sshd", "bob", info: stage.certificate("bob", ca: "foreign"), ["open_session"])
    #expect(unlisted.value("open_session") == Self.denied, "\(unlisted)")
    try stage.publish()
    let off = try stage.run(listed: true, "sshd", "alice", info: stage.certificate("alice", ca: "foreign"), ["open_session"])
    #expect(off.value("open_session") == Self.denied, "\(off)")
  }

  @Test(arguments: ["alice", "bob", "carol", "root"]) func aCertificateOpensASession(_ user: String) throws {
    let stage = try Stage()
    let outcome = try stage.run(listed: true, "sshd", user, info: stage.certificate(user), ["acct_mgmt", "setcred", "open_session", "setcred", "close_session"])
    #expect(outcome.value("open_session") == Self.success && outcome.value("close_session") == Self.success, "\(outcome)")
    #expect(outcome.texts("info").count == 1 && outcome.texts("error").isEmpty, "\(outcome)")
    #expect(outcome.texts("info").first?.contains("10 min") == true, "\(outcome)")
    // One login has gone by, libcurl, OpenSSL and jansson included.
    #expect(outcome.status == 0 && outcome.value("threads") == 1 && outcome.value("descriptors") == 0 && outcome.value("handlers") == 0, "\(outcome)")
    var requests = stage.daemon.takeRequests()
    // The account phase has announced whom the daemon may have to make an account for.
    if ["alice", "bob"].contains(user) {
      guard case .expect(let name, _) = requests.removeFirst(), name == user else { throw Stage.Failure(description: "not announced: \(requests)") }
    }
    #expect(requests.count == 2 && stage.policy.takeCount() == 1)
    guard case .open(let open)? = requests.first, case .closed(let session)? = requests.last else {
      Issue.record("not opened and closed: \(requests)")
      return
    }
    #expect(open.name == user && open.isLocal == ["carol", "root"].contains(user) && open.seconds == 600 && session == "1-\(user)")
    #expect(open.login.remote == "192.0.2.7" && open.login.service == "sshd" && open.credential.keyID == "\(user)@example.com")
    if user == "bob" { #expect(open.uid == 70001) }
    if user == "alice" { #expect(open.uid >= 65536 && open.uid <= 99999 && open.uid != 70001) }
  }

  /// T3: the daemon knows that the name is a group; its refusal is the login's.
  @Test func theNameOfAGroupIsRefused() throws {
    let stage = try Stage()
    let outcome = try stage.run(listed: true, "sshd", "deploy", info: stage.certificate("deploy"), ["open_session"])
    #expect(outcome.value("open_session") == Self.denied)
    #expect(outcome.texts("error").first?.hasPrefix("Sojourn: deploy is not let in: the name belongs to another user or group") == true, "\(outcome)")
  }

  /// T7, T10: what is refused, with a sentence, and the daemon told.
  @Test func whatIsNotOurCertificateIsRefused() throws {
    let stage = try Stage()
    let rows: [(String, String?)] = [
      ("no-credential", nil), ("no-credential", ""), ("no-certificate-method", "password\n"), ("plain-key", try stage.plainKey()),
      ("certificate-authority", try stage.certificate("alice", ca: "foreign")), ("certificate-login-name", try stage.certificate("bob")),
      ("certificate-expired", try stage.certificate("alice", ["-V", "-50m:-5m"])), ("certificate-lifetime", try stage.certificate("alice", ["-V", "always:forever"])),
      ("certificate-not-for-users", try stage.certificate("alice", ["-h", "-V", "-5m:+55m"])),
      ("several-certificates", try stage.certificate("alice") + stage.certificate("alice")), ("authentication-info", "publickey"),
      ("authentication-info", String(repeating: "x", count: 70_000) + "\n"),
    ]
    for (token, info) in rows {
      let outcome = try stage.run(listed: true, "sshd", "alice", info: info, ["open_session"])
      #expect(outcome.value("open_session") == Self.denied && outcome.texts("error").count == 1, "\(token): \(outcome)")
      #expect(outcome.value("threads") == 1 && outcome.value("descriptors") == 0, "\(token)")
      let tokens = stage.daemon.takeRequests().compactMap { if case .refused(let refused) = $0 { refused.token } else { nil } }
      #expect(tokens == [token])
      #expect(stage.policy.takeCount() == 0)
    }
  }

  @Test func theWordOfThePolicyReachesThePerson() throws {
    let stage = try Stage()
    stage.policy.answers(#"{"decision":false,"context":{"reason_user":{"en":"Only in office hours."},"reason_admin":{"en":"rule 7"}}}"#)
    let outcome = try stage.run(listed: true, "sshd", "alice", info: stage.certificate("alice"), ["open_session"])
    #expect(outcome.value("open_session") == Self.denied)
    #expect(outcome.texts("error").first?.contains("the policy said no: Only in office hours.") == true, "\(outcome)")
    #expect(outcome.texts("error").first?.contains("rule 7") == false)
    for answer in ["", "{}", #"{"decision":"true"}"#, #"{"decision":true,"context":{"host_grant":{"groups":["wheel"]}}}"#, #"{"decision":true,"context":{"host_grant":{"uid":0}}}"#] {
      stage.policy.answers(answer)
      #expect(try stage.run(listed: true, "sshd", "alice", info: stage.certificate("alice"), ["open_session"]).value("open_session") == Self.denied, "\(answer)")
    }
    #expect(!stage.daemon.takeRequests().contains { if case .open = $0 { true } else { false } })
  }

  @Test func silenceIsHonoured() throws {
    let stage = try Stage()
    let granted = try stage.run(listed: true, "sshd", "alice", info: stage.certificate("alice"), ["-s", "open_session"])
    #expect(granted.value("open_session") == Self.success && granted.texts("info").isEmpty)
    let refused = try stage.run(listed: true, "sshd", "alice", info: "", ["-s", "open_session"])
    #expect(refused.value("open_session") == Self.denied && refused.texts("error").isEmpty)
  }

  /// Invariant 2: no watcher, no entry; and the two seconds of patience are an end.
  @Test func withoutADaemonNobodyComesIn() throws {
    let stage = try Stage()
    let info = try stage.certificate("alice")
    try stage.remove("run/sojournd.sock")
    let begin = Date()
    let outcome = try stage.run(listed: true, "sshd", "alice", info: info, ["open_session"])
    #expect(outcome.value("open_session") == Self.denied && outcome.texts("error").first?.contains("sojournd does not answer") == true, "\(outcome)")
    #expect(Date().timeIntervalSince(begin) < 8)
    #expect(try stage.run(listed: true, "sshd", "carol", info: "", ["open_session"]).value("open_session") == Self.ignored)
  }

  /// T10
  @Test func withoutAConfigurationTransientLoginsAreRefusedAndLocalOnesAreNot() throws {
    let stage = try Stage()
    let info = try stage.certificate("alice"), carol = try stage.certificate("carol")
    let damages: [() throws -> Void] = [
      { try stage.write("run/config.json", "{", mode: 0o600) }, { try stage.write("run/config.json", "{}", mode: 0o666) }, { try stage.remove("run/config.json") },
    ]
    for damage in damages {
      try stage.publish()
      try damage()
      #expect(try stage.run(listed: true, "sshd", "alice", info: info, ["acct_mgmt"]).value("acct_mgmt") == Self.denied)
      #expect(try stage.run(listed: true, "sshd", "alice", info: info, ["open_session"]).value("open_session") == Self.denied)
      #expect(try stage.run(listed: true, "sshd", "carol", info: "", ["acct_mgmt"]).value("acct_mgmt") == Self.ignored)
      #expect(try stage.run(listed: true, "sshd", "carol", info: "", ["open_session"]).value("open_session") == Self.ignored)
      #expect(try stage.run(listed: true, "sshd", "carol", info: carol, ["open_session"]).value("open_session") == Self.denied)
    }
    try stage.remove("state/config.json")  // now nothing was ever published
    #expect(try stage.run(listed: true, "sshd", "carol", info: carol, ["open_session"]).value("open_session") == Self.ignored)
    #expect(try stage.run(listed: true, "sshd", "alice", info: info, ["open_session"]).value("open_session") == Self.denied)
  }

  /// T6: the variable alone is nobody's word.
  @Test func aCertificateInAnotherProgramIsNotBelieved() throws {
    let stage = try Stage()
    for service in ["sshd", "other", "su"] {
      #expect(try stage.run(listed: false, service, "carol", info: stage.certificate("carol"), ["open_session"]).value("open_session") == Self.denied, "\(service)")
      #expect(try stage.run(listed: false, service, "carol", info: stage.certificate("carol", ca: "foreign"), ["open_session"]).value("open_session") == Self.ignored)
    }
    #expect(try stage.run(listed: false, "sshd", "bob", info: stage.certificate("bob"), ["open_session"]).value("open_session") == Self.denied)
    #expect(stage.policy.takeCount() == 0)
  }

  /// T12
  @Test func theEnvironmentOfTheProgramSteersNothing() throws {
    let stage = try Stage()
    let environment = ["http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "CURL_HOME": "/nonexistent",
      "SSLKEYLOGFILE": stage.folder.path + "/leaked", "OPENSSL_CONF": "/nonexistent", "SWIFT_BACKTRACE": "enable=yes", "SSH_AUTH_INFO_0": "publickey x y\n"]
    let outcome = try stage.run(listed: true, "sshd", "alice", info: stage.certificate("alice"), environment: environment, ["open_session", "close_session"])
    #expect(outcome.value("open_session") == Self.success && outcome.value("close_session") == Self.success, "\(outcome)")
    #expect(outcome.value("handlers") == 0 && !FileManager.default.fileExists(atPath: stage.folder.path + "/leaked"))
    let forged = try stage.run(listed: true, "sshd", "alice", environment: ["SSH_AUTH_INFO_0": try stage.certificate("alice")], ["open_session"])
    #expect(forged.value("open_session") == Self.denied)
  }

  @Test func isLoadedAndLetGoAHundredTimes() throws {
    let stage = try Stage()
    for (listed, service, user, code) in [(true, "sshd", "alice", Self.ignored), (false, "su", "carol", Self.ignored), (false, "su", "bob", Self.success)] {
      let first = try stage.run(listed: listed, service, user, ["reload", "1"]), last = try stage.run(listed: listed, service, user, ["reload", "100"])
      #expect(last.value("reloaded") == 100 && last.value("acct_mgmt") == code, "\(last)")
      #expect(last.value("threads") == 1 && last.value("handlers") == 0 && last.value("descriptors") == first.value("descriptors"), "\(last)")
    }
  }

  @Test func unknownOptionsChangeNothing() throws {
    let stage = try Stage(options: "debug local=require " + String(repeating: "x", count: 1000))
    #expect(try stage.run(listed: true, "sshd", "carol", info: "", ["acct_mgmt"]).value("acct_mgmt") == Self.ignored)
    #expect(try stage.run(listed: true, "sshd", "alice", info: "", ["open_session"]).value("open_session") == Self.denied)
  }
}
