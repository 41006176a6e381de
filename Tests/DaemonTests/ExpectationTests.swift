import Foundation
import Testing

/// What the host's other sources say is asked for while the policy is; the opening that follows believes it under conditions.
/// Between the two the program that asks is put out of action (it fails at once): who is opened then was not asked about anew.
@Suite struct ExpectationTests {
    /// After the answer has come, and before the two seconds are over that it is good for.
    static let away = "sleep 0.7; printf '#!/bin/sh\\nexit 1\\n' > /run/fails; chmod 755 /run/fails; cp /run/fails /usr/libexec/sojourn/new; mv /usr/libexec/sojourn/new /usr/libexec/sojourn/vacancy"

    @Test func opensByWhatWasAskedMeanwhileWithTheGroupsThatAreGranted() throws {
        let host = try DaemonHost()
        let login = try host.login("alice", "--expect", "alice", "--between", Self.away, "--groups", "dbops")
        try #require(login.isOpened, "\(login.reply)\(host.logs)")
        #expect(Set(try host.host.must("id -Gn alice").split(whereSeparator: \.isWhitespace).map(String.init)) == ["alice", "sojourn", "dbops"])
        try login.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    @Test func aGroupThatTheHostLacksIsLeftOutAndSaid() throws {
        let host = try DaemonHost { host in try host.must("groupdel deploy") }
        let login = try host.login("alice", "--expect", "alice", "--between", Self.away, "--groups", "dbops,deploy")
        #expect(login.isOpened && (login.reply["notes"] as? [String])?.first?.contains("deploy") == true, "\(login.reply)")
    }

    @Test(arguments: [
        // another name, another number
        ["bob", "--expect", "alice", "--between", away], ["alice", "--uid", "70001", "--expect", "alice", "--between", away],
        // too long ago
        ["alice", "--expect", "alice", "--between", away + "; sleep 1.5"],
        // somebody was added, or given something, since: then it is asked, and what is asked fails here
        ["alice", "--expect", "alice", "--between", away + "; echo x:x:3001:3001::/:/bin/sh >> /etc/passwd"],
        ["alice", "--expect", "alice", "--between", away + "; touch /etc/sudoers.d/alice"],
        // nothing was announced
        ["alice"],
    ])
    func whatIsNotAboutThisOpeningIsAskedAnew(arguments: [String]) throws {
        let host = try DaemonHost()
        if arguments.count == 1 { try host.host.must(Self.away) }
        let login = try Login(host.host.start(["python3", DaemonHost.client, "login"] + arguments), name: arguments[0])
        #expect(login.refusal == "source-failed", "\(login.reply)")
        #expect(try host.traces(of: arguments[0]) == "")
    }

    @Test func anotherProcessGetsNothingOfIt() throws {
        let host = try DaemonHost()
        let other = try host.host.start(["python3", DaemonHost.client, "login", "alice", "--expect", "alice", "--between", Self.away + "; touch /run/told; sleep 1.9"])
        #expect(try eventually(10) { try host.host.exists("/run/told") })
        #expect(try host.login("alice").refusal == "source-failed")
        _ = try Login(other, name: "alice")
    }

    /// The announcement refuses nobody: it may be about what is over when the opening comes.
    @Test func aNoIsAskedAgainAndANewNameOfOthersIsSeen() throws {
        let host = try DaemonHost { host in try host.must("useradd -M alice") }
        let login = try host.login("alice", "--expect", "alice", "--between", "sleep 0.7; userdel alice")
        #expect(login.isOpened, "\(login.reply)")
        let refused = try host.login("bob", "--expect", "bob", "--between", "sleep 0.7; useradd -M bob")
        #expect(refused.refusal == "name-of-other", "\(refused.reply)")
    }

    @Test func announcementsOfWhatCannotBeOpenedAreNothing() throws {
        let host = try DaemonHost()
        let hints = ["root", "../alice", "Alice", ""].map { #"{"request":"expect","name":"\#($0)","uid":65536}"# } + [#"{"request":"expect","name":"alice","uid":0}"#, #"{"request":"expect","name":"alice","uid":-1}"#]
        let told = try host.host.run(["python3", DaemonHost.client, "tell"] + hints + [String](repeating: #"{"request":"expect","name":"alice","uid":70000}"#, count: 60))
        #expect(told.succeeded, "\(told)")
        let login = try host.login("alice")
        #expect(login.isOpened, "\(login.reply)")
        // What is gone before it has said anything else than a hint is still said to be.
        #expect(try host.host.run("python3", DaemonHost.client, "tell", #"{"request":"status"}"#).succeeded)
        #expect(try host.status()["version"] as? String != nil)
    }

    /// What does not answer in time is asked by the opening itself, as if nothing had been announced.
    @Test func anOpeningDoesNotWaitForAnAnnouncementThatIsNotAnswered() throws {
        let host = try DaemonHost()
        try host.host.must("cp /usr/libexec/sojourn/vacancy /run/vacancy; printf '#!/bin/sh\\nsleep 60\\n' > /run/slow; chmod 755 /run/slow; mv /run/slow /usr/libexec/sojourn/vacancy 2> /dev/null || cp --remove-destination /run/slow /usr/libexec/sojourn/vacancy")
        let login = try host.login("alice", "--expect", "alice", "--between", "sleep 0.3; cp --remove-destination /run/vacancy /usr/libexec/sojourn/vacancy")
        #expect(login.isOpened, "\(login.reply)")
    }

    /// What is started anew for every question would be most of an opening.
    @Test func aProcessThatHasLoadedTheSourcesWaitsReadyAndIsNotMissedWhenItIsGone() throws {
        let host = try DaemonHost()
        func ready() throws -> [String] { try host.host.must("pgrep -f '^/usr/libexec/sojourn/vacancy wait$' || true").split(separator: "\n").map(String.init) }
        #expect(try eventually(5) { try ready().count == 1 })
        let first = try ready()
        let login = try host.login("alice", "--groups", "dbops")
        #expect(login.isOpened)
        #expect(try eventually(5) { try ready().count == 1 && ready() != first })
        try host.host.must("pkill -KILL -f '^/usr/libexec/sojourn/vacancy wait$'")
        #expect(try host.login("bob").isOpened)
        // The program of a new package is asked, not the old one that waits.
        #expect(try eventually(5) { try ready().count == 1 })
        try host.host.must(Self.away)
        #expect(try host.login("carol").refusal == "source-failed")
        try host.stopDaemon()
        #expect(try eventually(5) { try ready().isEmpty })
    }
}
